"""Verbs on one folder refuse each other only where they must."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonofilm.crawl.responses import writer
from phonofilm.crawl.saved import land
from phonofilm.erasure.person import erase_person
from phonofilm.erasure.retention import purge
from phonofilm.errors import LockedError
from phonofilm.identity.match import match
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import LANDING, WAREHOUSE, FolderLock, Workspace
from tests.conftest import collect
from tests.warehouses import import_films, query

StandIn = Callable[..., tuple[str, Any]]
# The parts that each verb locks while it goes on.
PARTS = {
    "crawl": [LANDING],
    "land": [LANDING],
    "load": [WAREHOUSE],
    "match": [WAREHOUSE],
    "import": [LANDING, WAREHOUSE],
    "forget": [LANDING, WAREHOUSE],
    "purge": [LANDING, WAREHOUSE],
}


@pytest.fixture
def verbs(folder: Workspace, stand_in: StandIn, tmp_path: Path) -> dict[str, Callable[[], object]]:
    """The verbs that write to a folder, each as a function; the folder is loaded."""
    url, _ = stand_in("deezer", artists=10)
    collect(folder, "deezer", url, "artists=3")
    load(folder)
    page = tmp_path / "page.html"
    page.write_text("<html></html>")
    return {
        "crawl": lambda: collect(folder, "deezer", url, "artists=3"),
        "land": lambda: land(folder, "imdb", [page]),
        "load": lambda: load(folder),
        "match": lambda: match(folder),
        "import": lambda: import_films(folder, 5, tmp_path / "dumps"),
        "forget": lambda: erase_person(folder, "1", "deezer"),
        "purge": lambda: purge(folder),
    }


@pytest.mark.parametrize("running", PARTS)
def test_a_verb_is_refused_by_those_that_write_to_the_same_part(
    folder: Workspace, verbs: dict[str, Callable[[], object]], running: str
) -> None:
    refused = set()
    with FolderLock(folder, running, *PARTS[running]):
        for name, run in verbs.items():
            if set(PARTS[name]) & set(PARTS[running]):
                with pytest.raises(LockedError, match=f"is in use: {running} by process"):
                    run()
                refused.add(name)
            else:
                run()
    assert refused == {name for name, parts in PARTS.items() if {*parts} & {*PARTS[running]}}


def test_a_refused_verb_gives_back_what_it_had_locked(folder: Workspace) -> None:
    folder.open()
    with FolderLock(folder, "match", WAREHOUSE):
        with pytest.raises(LockedError, match="match"), FolderLock(folder, "purge"):
            pass
        with FolderLock(folder, "crawl", LANDING):
            pass


def test_a_load_beside_a_crawl_reads_what_is_sealed_and_says_so(
    folder: Workspace, stand_in: StandIn
) -> None:
    url, _ = stand_in("deezer", artists=10)
    collect(folder, "deezer", url, "artists=3")
    with FolderLock(folder, "crawl of deezer", LANDING):
        loaded = load(folder)
    assert loaded.landing_in_use.startswith("crawl of deezer by process")
    assert loaded.answers > 0
    assert not load(folder).landing_in_use


def test_loads_during_a_crawl_lose_nothing(
    folder: Workspace, tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SEAL_AT_BYTES", 20_000)  # small segments, so that some are early
    url, _ = stand_in("deezer", artists=200)
    crawl = threading.Thread(target=collect, args=(folder, "deezer", url, "artists=all"))
    crawl.start()
    while crawl.is_alive():
        if (folder.root / "phonofilm.json").exists():
            load(folder)
    crawl.join()
    load(folder)
    undisturbed = Workspace(tmp_path / "undisturbed")
    collect(undisturbed, "deezer", url, "artists=all")
    load(undisturbed)
    ids = "SELECT id, name, completeness FROM artists ORDER BY id"
    assert query(folder, ids) == query(undisturbed, ids)
