"""Disks that fail: exit code 6 and a sentence in every verb, and with room again all is there.

A limit of the size of files stands for a full disk: each write beyond it fails, whoever writes,
Python, SQLite or DuckDB.
"""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import phonofilm
from phonofilm.cli.main import VERBS
from phonofilm.errors import StoreError
from phonofilm.records import BY_PLURAL
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from tests.cli import PROCESS, Result, run_cli

KIB = 1024
# From nothing at all to more than most files need.
ROOMS = (0, 1 * KIB, 8 * KIB, 40 * KIB, 200 * KIB, 800 * KIB)
WRITING = {
    "crawl": ["crawl", "deezer", "--at", "{url}", "-W", "artists=all", "-W", "tracks=40"],
    "import": ["import", "imdb", "--files", "{dumps}", "--only", "movies"],
    "land": ["land", "{pages}", "--source", "imdb"],
    "load": ["load", "--again"],
    "match": ["match"],
    "purge": ["purge"],
    "forget": ["forget", "5", "--source", "deezer", "--yes"],
    "export": ["export", "tracks", "--out", "{out}/tracks.csv"],
    "report": ["report", "--out", "{out}/report.html"],
    "sources": ["sources", "deezer", "--probe", "--at", "{url}"],
    "status": ["status"],  # brings a frontier of an older version up to date
}
READING = {
    "plan": ["plan", "--want", "artists=5"],
    "find": ["find", "artist", "e"],
    "show": ["show", "artists"],
    "sql": ["sql", "FROM artists"],
    "doctor": ["doctor"],
}
_WITHOUT_FOLDER = ("plan",)


@contextlib.contextmanager
def room(bytes_: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size.

    Python writes no bytecode meanwhile: importlib does not notice a short write, and would put
    a module that is cut at the limit into the environment for good (3.11, 2026-11-30).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "dont_write_bytecode", True)
            patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def filled(made_once) -> Path:
    """A loaded folder, with dumps and pages beside it, in a folder of its own."""

    def fill(base: Path) -> None:
        write(FilmWorld(150), base / "dumps")
        (base / "pages").mkdir()
        (base / "pages" / "tt0111161.html").write_text("<html><title>not a title</title></html>")
        with running(Plan("deezer", artists=25, rate="none")) as (url, _):
            words = ("crawl", "deezer", "--at", url, "-W", "artists=all", "-W", "tracks=all")
            assert run_cli(*words, "--data", base / "data").exit_code == 0
        assert run_cli("load", "--data", base / "data").exit_code == 0

    return made_once("full-disk", fill)


@pytest.fixture
def base(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "base"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(Plan("deezer", artists=25, rate="none")) as (address, _):
        yield address


def run(verb: str, base: Path, url: str) -> Result:
    names = {"url": url, "dumps": base / "dumps", "pages": base / "pages", "out": base / "out"}
    words = [word.format(**names) for word in (WRITING | READING)[verb]]
    where = () if verb in _WITHOUT_FOLDER else ("--data", base / "data")
    return run_cli(*words, *where, cwd=base)


def counts(base: Path) -> dict[str, int]:
    """Rows of the tables of records, which no match and no second load changes."""
    document = run_cli("show", "--data", base / "data", "--json").document
    return {table: rows for table, rows in document.items() if table in BY_PLURAL}


def test_every_verb_that_uses_a_disk_is_tried() -> None:
    assert VERBS.keys() - WRITING.keys() - READING.keys() == {"demo", "sandbox"}


@pytest.mark.parametrize("verb", WRITING)
@pytest.mark.slow
def test_a_verb_without_room_ends_with_exit_code_6_and_goes_on_with_room(
    verb: str, base: Path, url: str
) -> None:
    """`run_cli` lets an exception through that `main` does: then the test fails."""
    before = counts(base)
    if verb in ("crawl", "import", "land"):  # into an empty folder: everything is to be written
        shutil.move(base / "data", base / "filled")
    for bytes_ in ROOMS:
        with room(bytes_):
            result = run(verb, base, url)
        assert result.exit_code in (0, 6) or verb == "forget", result.text
        if result.exit_code == 6:
            assert "✗ " in result.stderr
    assert run(verb, base, url).exit_code in (0, 2 if verb in ("forget", "land") else 0)
    if (base / "filled").exists():
        return
    assert run_cli("load", "--data", base / "data").exit_code == 0
    assert counts(base) == before


@pytest.mark.parametrize("verb", WRITING)
def test_what_a_verb_stored_before_the_disk_was_full_is_whole(
    verb: str, base: Path, url: str
) -> None:
    """A folder after a failure is one that every reader reads."""
    with room(40 * KIB):
        run(verb, base, url)
    for reader in READING:
        assert run(reader, base, url).exit_code == 0
    assert run_cli("load", "--again", "--data", base / "data").exit_code == 0


@pytest.mark.parametrize("verb", READING)
def test_a_verb_that_only_reads_needs_no_room(verb: str, base: Path, url: str) -> None:
    with room(0):
        assert run(verb, base, url).exit_code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
@pytest.mark.parametrize("option", [[], ["--json"]])
@pytest.mark.parametrize("verb", READING)
def test_standard_output_that_is_full_is_exit_code_6(
    verb: str, option: list[str], base: Path, url: str
) -> None:
    where = [] if verb in _WITHOUT_FOLDER else ["--data", str(base / "data")]
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [*PROCESS, *READING[verb], *where, *option],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert process.returncode == 6, process.stderr
    assert b"No space left" in process.stderr
    assert b"Traceback" not in process.stderr
    assert b"Exception ignored" not in process.stderr


@pytest.mark.parametrize("bytes_", ROOMS)
def test_a_full_disk_is_a_store_error_in_python_too(bytes_: int, base: Path, url: str) -> None:
    crate = phonofilm.open(base / "data")
    stages = (
        crate.load,
        crate.match,
        lambda: crate.export("tracks", base / "out" / "t.csv"),
        lambda: crate.report(base / "out" / "r.html"),
        lambda: crate.crawl("deezer", at=url, want={"albums": None}),
    )
    for stage in stages:
        with room(bytes_), contextlib.suppress(StoreError):
            stage()
