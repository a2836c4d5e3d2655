"""The base package alone: every verb works, or names the extra to install in one sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from phonofilm.cli.main import VERBS
from phonofilm.sandbox.kernel.server import Plan, running

# Package of an extra, and the module that it installs.
MODULES = {
    "boto3": "boto3",
    "duckdb-extension-postgres-scanner": "duckdb_extension_postgres_scanner",
    "obstore": "obstore",
    "pandas": "pandas",
    "polars": "polars",
    "psycopg": "psycopg",
    "pyarrow": "pyarrow",
    "splink": "splink",
    "warcio": "warcio",
    "zstandard": "zstandard",
}
# A process that cannot import these modules: it runs commands of lines in order, one after another.
PROCESS = """
import contextlib, io, json, sys, traceback
from importlib.machinery import PathFinder
blocked = set(json.loads(sys.argv[1]))
find = PathFinder.find_spec
def find_others(name, path=None, target=None):
    return None if name.partition(".")[0] in blocked else find(name, path, target)
PathFinder.find_spec = staticmethod(find_others)
for line in sys.stdin:
    words, out, code = json.loads(line), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        from phonofilm.cli import console
        from phonofilm.cli.main import main
        console.out.file = console.err.file = out
        sys.argv = ["phonofilm", *words]
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            code, _ = 1, traceback.print_exc()
    print(json.dumps([code, out.getvalue()]), file=sys.__stdout__, flush=True)
"""
CRATE = ("--data", "{folder}/d")
# Words of a command, and the extra that it needs; none: it works.
COMMANDS: list[tuple[tuple[str, ...], str]] = [
    (("sources",), ""),
    (("sources", "deezer", "--probe", "--at", "{music}", *CRATE), ""),
    (("plan", "--want", "artists=20"), ""),
    (("crawl", "deezer", "-n", "5", "--at", "{music}", *CRATE), ""),
    (("crawl", "--plan", "-n", "3", "--at", "{music}", *CRATE), "match"),
    (("crawl", "deezer", "--for", "spotify", "--at", "{music}", *CRATE), "match"),
    (("crawl", "deezer", "--at", "{music}", "--data", "{folder}/s", "--landing", "s3://b/p"), "s3"),
    (("import", "imdb", "--files", "{film}", *CRATE), ""),
    (("import", "acousticbrainz", "--files", "{folder}/zst", *CRATE), "dumps"),
    (("land", "{folder}/saved.warc.gz", "--source", "imdb", *CRATE), "warc"),
    (("load", *CRATE), ""),
    (("load", *CRATE, "--warehouse", "postgresql://me@127.0.0.1:1/x"), "postgres"),
    (("status", *CRATE), ""),
    (("match", *CRATE), "match"),
    (("find", "artist", "a", *CRATE), ""),
    (("find", "artist", "a", "--source", "deezer", "--at", "{music}", *CRATE), ""),
    (("show", "artists", *CRATE), ""),
    (("sql", "SELECT count(*) FROM artists", *CRATE), ""),
    (("export", "artists", "--out", "{folder}/a.csv", *CRATE), ""),
    (("export", "artists", "--out", "{folder}/a.parquet", *CRATE), ""),
    (("export", "discography", "--shape", "seed", "--out", "{folder}/seed", *CRATE), ""),
    (("report", "--out", "{folder}/r.html", *CRATE), ""),
    (("purge", *CRATE), ""),
    (("doctor", *CRATE), ""),
]
# A stand-in serves until a signal, a person is forgotten in test_forgetting.py, and the demo takes
# 15 seconds of verbs that are tried here.
_ELSEWHERE = {"sandbox", "forget", "demo"}


class Ended(NamedTuple):
    """How a command ended, and what it printed without frames and line breaks."""

    exit_code: int
    text: str


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    """All commands, run in order by a process that has no extra."""
    folder = tmp_path_factory.mktemp("alone")
    archive = "acousticbrainz-lowlevel-features-20220623"
    (folder / "zst").mkdir()
    for part in ("rhythm", "tonal"):
        (folder / "zst" / f"{archive}-{part}.tar.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(60))
    (folder / "saved.warc.gz").write_bytes(b"\x1f\x8b" + bytes(60))
    with (
        running(Plan("deezer", artists=20, rate="none")) as (music, _),
        running(Plan("imdb", titles=20, rate="none")) as (film, _),
    ):
        lines = [
            json.dumps([word.format(folder=folder, music=music, film=film) for word in words])
            for words, _ in COMMANDS
        ]
        done = subprocess.run(
            [sys.executable, "-c", PROCESS, json.dumps(sorted(MODULES.values()))],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            check=True,
        )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [Ended(code, " ".join(text.replace("│", " ").split())) for code, text in rows]


def test_each_verb_and_each_extra_is_tried() -> None:
    assert {words[0] for words, _ in COMMANDS} == set(VERBS) - _ELSEWHERE
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    packages = {re.split(r"[\[<>=]", each)[0] for needs in extras.values() for each in needs}
    assert packages == MODULES.keys()


@pytest.mark.parametrize(
    ("number", "extra"), [(number, extra) for number, (_, extra) in enumerate(COMMANDS)]
)
def test_a_verb_works_without_extras_or_names_the_one_it_needs(
    number: int, extra: str, ended: list[Ended]
) -> None:
    exit_code, text = ended[number]
    assert "Traceback" not in text
    if extra:
        assert exit_code == 3, text
        assert f"pip install 'phonofilm[{extra}]'" in text
    else:
        assert exit_code == 0, text
