"""Simulated and real rows never meet: in a folder, or in a warehouse of two folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonofilm.crawl.saved import land
from phonofilm.errors import OriginError
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.warehouses import import_films, query

StandIn = Callable[..., tuple[str, Any]]


@pytest.fixture
def simulated(folder: Workspace, stand_in: StandIn) -> Workspace:
    """A folder of simulated artists."""
    url, _ = stand_in("deezer", artists=20)
    collect(folder, "deezer", url, "artists=5")
    return folder


def as_live(folder: Workspace) -> Workspace:
    """Change the marker of a folder, as if its responses came from the live services."""
    marker = folder.root / "phonofilm.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"origin": "live"}))
    return folder


def test_a_folder_says_where_its_responses_come_from(simulated: Workspace) -> None:
    assert simulated.origin == "sandbox"
    with pytest.raises(OriginError, match="from a sandbox, not from the live services"):
        simulated.bind_origin("live")
    assert simulated.origin == "sandbox"


def test_a_crawl_of_another_source_does_not_mix_origins(
    simulated: Workspace, stand_in: StandIn
) -> None:
    url, server = stand_in("musicbrainz", artists=20)
    with pytest.raises(OriginError, match="holds data from the live services") as caught:
        collect(as_live(simulated), "musicbrainz", url, "artists=5")
    assert caught.value.exit_code == 2
    assert not server.calls


def test_a_load_refuses_rows_of_another_origin(
    simulated: Workspace, tmp_path: Path, database: str
) -> None:
    load(Workspace(simulated.root, database))
    other = Workspace(tmp_path / "other", database).open()
    other.bind_origin("live")
    import_films(other, 20, tmp_path / "dumps")
    before = query(Workspace(simulated.root, database), "SELECT * FROM artists ORDER BY id")
    for _ in range(2):
        with pytest.raises(OriginError, match="its rows are from live services"):
            load(other)
    assert query(Workspace(simulated.root, database), "SELECT * FROM artists ORDER BY id") == before
    assert query(Workspace(simulated.root, database), "SELECT count(*) FROM titles") == [(0,)]


def test_a_warehouse_of_an_older_version_says_its_origin_by_its_runs(
    simulated: Workspace, database: str
) -> None:
    import psycopg

    load(Workspace(simulated.root, database))
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM store.origin")
    with pytest.raises(OriginError, match="the warehouse has rows from a sandbox"):
        load(Workspace(as_live(simulated).root, database))


def test_an_older_folder_of_both_origins_is_refused(simulated: Workspace) -> None:
    with pytest.raises(OriginError, match="its rows are from a sandbox"):
        load(as_live(simulated))


def test_pages_that_a_person_saved_go_with_either(
    simulated: Workspace, tmp_path: Path, database: str
) -> None:
    import psycopg

    page = tmp_path / "page.html"
    page.write_text("<html></html>")
    land(simulated, "imdb", [page])
    load(Workspace(simulated.root, database))
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM store.origin")
    load(Workspace(simulated.root, database))


def test_files_of_a_person_go_with_either(folder: Workspace, tmp_path: Path) -> None:
    import_films(folder, 20, tmp_path / "dumps")
    load(folder)
    assert folder.origin == ""
    folder.bind_origin("live")
    assert load(folder).inserted == {}
    assert query(folder, "SELECT count(*) FROM titles") == [(20,)]
