"""Ids of entities: given once, kept when members come and go, found again after merges."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
from benchmarks.records import add, folder_of

from phonofilm.errors import StoreError
from phonofilm.identity.decisions import decide
from phonofilm.identity.entity_files import FILES, entity_file, erase_entities
from phonofilm.identity.match import match
from phonofilm.warehouse.engines.duckdb import DuckWarehouse
from phonofilm.warehouse.schema.identity_tables import delete_entity_ids
from phonofilm.warehouse.snapshots import open_snapshot, publish
from phonofilm.workspace import Workspace

ISRC, OTHER_ISRC = "GBAAA9900001", "GBAAA9900002"


def song(source: str, id_: str, name: str = "Lantern", code: str | None = ISRC) -> tuple:
    """A track of one artist."""
    return source, id_, name, ["Otters"], ["otters"], None, 200_000, code, None, None


def rows(folder: Workspace, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


def entities(folder: Workspace) -> dict[str, str]:
    """The entity of each recording that has several records."""
    sql = "SELECT source || ':' || id, entity FROM identity.members WHERE kind = 'recording'"
    return dict(rows(folder, sql))


def matched(folder: Workspace, songs: Iterable[tuple] = (), again: bool = False) -> dict[str, str]:
    """Add songs, match, and return the entities."""
    songs = list(songs)
    if songs:
        add(folder, iter(songs))
    match(folder, again)
    return entities(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    """A folder with one recording of two sources, matched."""
    folder = folder_of(tmp_path, iter([song("deezer", "2"), song("itunes", "3")]))
    match(folder)
    return folder


def history(folder: Workspace) -> list[tuple]:
    return rows(
        folder, "SELECT event, entity, other FROM identity.entity_history ORDER BY changed_at, 2"
    )


def test_an_id_stays_when_a_better_source_joins(folder: Workspace) -> None:
    assert set(entities(folder).values()) == {"deezer:2"}
    joined = matched(folder, [song("musicbrainz", "9")])
    assert joined == dict.fromkeys(("deezer:2", "itunes:3", "musicbrainz:9"), "deezer:2")
    assert history(folder) == []


@pytest.mark.parametrize("how", ["again", "lost store"])
def test_an_id_outlives_the_match_store(folder: Workspace, how: str) -> None:
    matched(folder, [song("musicbrainz", "9")])
    if how == "lost store":
        for path in (folder.root / "identity").glob("matches.duckdb*"):
            path.unlink()
    assert set(matched(folder, again=how == "again").values()) == {"deezer:2"}


def test_of_two_entities_that_become_one_the_larger_keeps_its_id(folder: Workspace) -> None:
    others = [song(source, "7", code=None) for source in ("musicbrainz", "spotify", "jamendo")]
    others = [(*row[:2], "Other Song", *row[3:]) for row in others]
    before = matched(folder, others)
    larger = before["musicbrainz:7"]
    decide(folder, "recording", "deezer:2", "musicbrainz:7", True)
    after = matched(folder)
    assert set(after.values()) == {larger}
    assert history(folder) == [("merged", larger, "deezer:2")]
    assert rows(folder, "SELECT alias, entity FROM identity.aliases") == [("deezer:2", larger)]


def test_an_id_follows_the_record_that_it_names(folder: Workspace) -> None:
    matched(folder, [song("musicbrainz", "9")])
    for other in ("itunes:3", "musicbrainz:9"):
        decide(folder, "recording", "deezer:2", other, False)
    after = matched(folder)
    assert after == dict.fromkeys(("itunes:3", "musicbrainz:9"), "musicbrainz:9")
    assert history(folder) == [("split", "musicbrainz:9", "deezer:2")]
    decide(folder, "recording", "deezer:2", "itunes:3", True)
    decide(folder, "recording", "deezer:2", "musicbrainz:9", True)
    back = matched(folder)
    assert set(back.values()) == {"musicbrainz:9"}


def test_an_id_stays_when_the_record_that_it_names_is_gone(folder: Workspace) -> None:
    matched(folder, [song("musicbrainz", "9")])
    warehouse = DuckWarehouse(folder.warehouse / "phonofilm.duckdb")
    warehouse.connection.execute("DELETE FROM store.track WHERE id = '2'")
    warehouse.close()
    publish(folder)
    assert matched(folder) == dict.fromkeys(("itunes:3", "musicbrainz:9"), "deezer:2")


def test_nothing_of_an_erased_record_stays_in_the_ids(folder: Workspace) -> None:
    matched(folder, [song("musicbrainz", "9")])
    for other in ("itunes:3", "musicbrainz:9"):
        decide(folder, "recording", "deezer:2", other, False)
    matched(folder)
    identity = folder.root / "identity"
    kept = {name: duckdb.read_parquet(str(entity_file(identity, name))) for name in FILES}
    assert "deezer:2" in str(kept["entity_history"].fetchall())
    erase_entities(identity, {"deezer:2", "musicbrainz:9"})
    for name in FILES:
        rest = duckdb.read_parquet(str(entity_file(identity, name))).fetchall()
        assert "deezer" not in str(rest)
        assert "musicbrainz" not in str(rest)
    warehouse = DuckWarehouse(folder.warehouse / "phonofilm.duckdb")
    for statement in delete_entity_ids({"deezer:2"}):
        warehouse.execute(statement)
    for table in ("aliases", "entity_history"):
        assert "deezer" not in str(warehouse.rows(f"SELECT * FROM identity.{table}"))
    warehouse.close()


def test_a_damaged_file_of_ids_is_named_and_nothing_is_lost(folder: Workspace) -> None:
    path = folder.root / "identity" / "entities_given.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(StoreError, match=r"entities_given\.parquet"):
        match(folder)
    path.unlink()
    assert set(matched(folder).values()) == {"deezer:2"}
