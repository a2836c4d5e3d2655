"""Verbs that read work on a data folder that nobody may write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phonofilm.crawl.parking import FolderParking
from phonofilm.errors import ParkedError
from phonofilm.net.clock import Clock
from phonofilm.sources import get
from phonofilm.workspace import Workspace
from tests.cli import run_cli

READING = [
    ("status",),
    ("status", "--json"),
    ("status", "--yields"),
    ("show",),
    ("show", "artists"),
    ("sql", "SELECT count(*) FROM artists"),
    ("find", "artist", "a"),
    ("export", "artists", "--out", "{out}/artists.csv"),
    ("report", "--out", "{out}/report.html"),
    ("doctor",),
]


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of the last change of each file."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in files
        if not path.name.startswith(".writ")
    }


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a few artists, loaded."""
    from phonofilm.sandbox.kernel.server import Plan, running

    folder = tmp_path_factory.mktemp("read-only") / "d"
    with running(Plan("deezer", artists=20, rate="none")) as (url, _):
        assert run_cli("crawl", "deezer", "-n", 5, "--at", url, "--data", folder).exit_code == 0
        assert run_cli("load", "--data", folder).exit_code == 0
    return folder


@pytest.fixture
def read_only(crawled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, read-only as the operating system says to all but root."""
    access = os.access

    def refuses(path: os.PathLike[str], mode: int, **more: bool) -> bool:
        return not (mode & os.W_OK and Path(path).is_relative_to(crawled)) and access(path, mode)

    monkeypatch.setattr(os, "access", refuses)
    return crawled


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_verb_that_reads_writes_nothing(
    words: tuple[str, ...], read_only: Path, tmp_path: Path
) -> None:
    before = tree(read_only)
    result = run_cli(*(word.format(out=tmp_path) for word in words), "--data", read_only)
    assert result.exit_code == 0, result.text
    assert tree(read_only) == before


def test_a_search_at_a_source_obeys_a_ban_and_counts_nothing(
    read_only: Path, stand_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = stand_in("deezer", artists=20)
    before = tree(read_only)
    words = ("find", "artist", "a", "--source", "deezer", "--at", url, "--data", read_only)
    assert run_cli(*words).exit_code == 0
    assert tree(read_only) == before


def test_a_ban_is_read_from_a_folder_that_cannot_be_written(
    crawled: Path, read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    parking = FolderParking(Workspace(crawled), get("deezer").manifest, "elsewhere", clock)
    with monkeypatch.context() as writable:
        writable.setattr(os, "access", lambda path, mode: True)
        parking.save(clock.wall() + 7200)
    with pytest.raises(ParkedError):
        parking.check()
