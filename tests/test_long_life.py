"""A folder that is used for years: what is finished already grows nothing and costs nothing."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.workspace import Workspace
from tests.cli import run_cli
from tests.conftest import calls_made


class State(NamedTuple):
    """What may not grow: files of a folder and their bytes, open files, memory in KiB."""

    files: int
    bytes: int
    open_files: int
    memory_kib: int


def state_of(folder: Path) -> State:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return State(
        files=len(files),
        bytes=sum(path.stat().st_size for path in files),
        open_files=len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        memory_kib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    )


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
@pytest.mark.parametrize("times", [15, pytest.param(200, marks=pytest.mark.slow)])
def test_a_finished_goal_can_be_named_again_and_again(times: int, stand_in, tmp_path: Path) -> None:
    url, served = stand_in("deezer", artists=30)
    data = tmp_path / "d"
    verbs = (
        ("crawl", "deezer", "--at", url, "-n", 5, "--data", data),
        ("load", "--data", data),
        ("export", "artists", "--out", tmp_path / "a.csv", "--data", data),
        ("report", "--out", tmp_path / "r.html", "--data", data),
        ("status", "--data", data),
    )

    def once() -> float:
        began = time.process_time()
        for words in verbs:
            assert run_cli(*words).exit_code == 0
        return time.process_time() - began

    warm = [once() for _ in range(5)]
    calls, before = calls_made(served), state_of(tmp_path)
    seconds = [once() for _ in range(times)]
    after = state_of(tmp_path)
    assert calls_made(served) == calls
    assert after.files == before.files
    # Each run stands in the frontier and in the warehouse, with what it brought.
    assert after.bytes < before.bytes * 1.1 + times * 8192
    assert after.open_files <= before.open_files + 1
    assert after.memory_kib < before.memory_kib * 1.2 + 20_000
    last, first = seconds[-5:], warm[-4:]
    assert sum(last) / len(last) < 3 * sum(first) / len(first) + 0.5
    frontier = open_frontier(Workspace(data).frontier / "deezer.sqlite")
    runs = len(frontier.history.runs())
    frontier.close()
    print(
        f"{times} times: {before} -> {after}, {min(first):.3f} s -> {min(last):.3f} s, {runs} runs"
    )
