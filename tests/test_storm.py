"""The storm and the fuzzing, in small: `make storm` and `make fuzz` are the same at full length."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.fuzz import corpus, failure_of, failure_of_dump, mutate, mutate_bytes, reduced
from benchmarks.fuzz_dumps import corpus_of_dumps, mutate_dump, packed

BODIES = 3000
FILES = 60
KILLS = 100


def test_changed_bodies_give_records_or_a_reason() -> None:
    rng, samples = random.Random(14), corpus()
    for _ in range(BODIES):
        sample = rng.choice(samples)
        body = mutate(rng, sample.body)
        failure = failure_of(sample, body)
        if failure:
            body = reduced(sample, body, failure)
        assert failure is None, (sample.source, sample.request.endpoint, body[:2000])


def test_changed_files_of_dumps_give_rows_or_a_reason() -> None:
    rng, dumps = random.Random(14), corpus_of_dumps()
    for dump in dumps:
        assert failure_of_dump(dump, packed(dump, dump.text)) is None, dump.table
    for _ in range(FILES):
        dump = rng.choice(dumps)
        file = mutate_dump(rng, dump, mutate_bytes, mutate)
        failure = failure_of_dump(dump, file)
        assert failure is None, (dump.source, dump.table, failure, file[:2000])


@pytest.mark.slow
def test_a_hundred_kills_over_all_verbs_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.storm", "--kills", str(KILLS), "--seed", "14"]
    root = Path(__file__).parents[1]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    storm = subprocess.run(
        command,
        cwd=root,
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert storm.returncode == 0, storm.stdout + storm.stderr
    assert "0 losses" in storm.stdout
