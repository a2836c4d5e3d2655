"""The conformance suite of engines: the same loads give the same rows, whole or not at all.

An engine declares itself in `ENGINES` of the warehouse and in `PARAMETERS` here, and inherits every
test. Declared gap: PostgreSQL's text cannot contain NUL, which becomes U+FFFD.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from phonofilm.config import Settings
from phonofilm.erasure.retention import purge
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.records import BY_KIND
from phonofilm.runtime.event_loop import run
from phonofilm.sql import literal
from phonofilm.warehouse.engines.base import QuarantinedRow, Warehouse
from phonofilm.warehouse.engines.location import ENGINES, open_warehouse
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.schema.identity_tables import TABLES
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.warehouses import all_rows, import_files, import_films, query

# Engines by the fixture that gives the URL of an empty database; DuckDB needs none.
PARAMETERS = {"duckdb": "", "postgres": "database"}
NOW = datetime(2026, 11, 28, 12)
BASICS = (
    "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes"
    "\tgenres\n"
)


@pytest.fixture(params=PARAMETERS)
def workspace(request, tmp_path: Path) -> Workspace:
    """A data folder whose warehouse is of one of the engines."""
    fixture = PARAMETERS[request.param]
    database = request.getfixturevalue(fixture) if fixture else ""
    return Workspace(tmp_path / "data", database)


@pytest.fixture
def warehouse(workspace: Workspace) -> Iterator[Warehouse]:
    """An empty warehouse, open for writing."""
    opened = open_warehouse(workspace.open(), workspace.database)
    yield opened
    opened.close()


def test_every_engine_is_in_this_suite() -> None:
    modules = {engine.module.rpartition(".")[2] for engine in ENGINES.values()}
    assert modules | {"duckdb"} == set(PARAMETERS)


def test_a_dump_and_its_second_load(workspace: Workspace, tmp_path: Path) -> None:
    import_films(workspace, 300, tmp_path / "dumps")
    first = load(workspace)
    assert first.inserted["titles"] == 300
    before = all_rows(workspace)
    assert not any(load(workspace).inserted.values())
    again = load(workspace, again=True)
    assert not any(again.inserted.values())
    assert not any(again.updated.values())
    assert again.unchanged["credits"] == first.inserted["credits"]
    assert all_rows(workspace) == before


def test_engines_have_the_same_rows(database: str, stand_in, tmp_path: Path) -> None:
    """Music by requests, film by dumps, pages and open sources: one landing, two warehouses."""
    embedded, server = Workspace(tmp_path / "data"), Workspace(tmp_path / "data", database)
    deezer, _ = stand_in("deezer", artists=30)
    collect(embedded, "deezer", deezer, "artists=12", "albums=10")
    for source in ("wikidata", "tmdb"):
        url, _ = stand_in(source, titles=2500)
        collect(embedded, source, url, "titles")
    import_films(embedded, 400, tmp_path / "dumps")
    assert load(server).inserted == load(embedded).inserted
    expected, actual = all_rows(embedded), all_rows(server)
    for table, rows in expected.items():
        assert actual[table] == rows, table
    for view in ("titles_wide", "films", "snowflake.titles", "snowflake.titles_stars"):
        sql = f"SELECT * FROM {view} ORDER BY ALL"
        assert query(embedded, sql) == query(server, sql), view
    for folder in (embedded, server):
        for film in query(folder, "SELECT * FROM films USING SAMPLE 3"):
            assert query(folder, f"SELECT * FROM films WHERE id = '{film[0]}'") == [film]


def test_any_order_of_loads_gives_one_result(workspace: Workspace, stand_in) -> None:
    url, _ = stand_in("tmdb", titles=2500)
    collect(workspace, "tmdb", url, "titles=3")
    load(workspace)
    collect(workspace, "tmdb", url, "titles")
    load(workspace)
    in_steps = all_rows(workspace)
    load(workspace, again=True)
    assert all_rows(workspace) == in_steps
    other = Workspace(workspace.root)
    load(other)
    assert {k: len(v) for k, v in all_rows(other).items()} == {
        k: len(v) for k, v in in_steps.items()
    }


def test_votes_are_observed_once_a_day(workspace: Workspace, stand_in) -> None:
    url, served = stand_in("imdb", titles=400)
    for _ in range(2):
        run(import_dumps(workspace, Settings(), ImportOptions("imdb", url)))
        load(workspace)
        served.clock.skipped += 86_400
    # The stand-in's day went on, this machine's did not.
    assert query(workspace, "SELECT count(DISTINCT day) FROM observations") == [(1,)]
    repeated = "SELECT id FROM observations GROUP BY id, day HAVING count(*) > 1"
    assert query(workspace, repeated) == []


ODD_TEXTS = [
    '"raw" quote',
    "back\\slash",
    "N\\N",
    "\\N?",
    "semi;colon",
    "{brace}",
    "a,b",
    "é\u2028ü",
    "🎬",
    "NULL",
    "null",
    " lead",
    "trail ",
    "it's",
    "tab?",
    "100% %s",
    "nul\0nul",
]


def test_text_of_every_kind_survives(workspace: Workspace, tmp_path: Path) -> None:
    files = tmp_path / "dumps"
    files.mkdir()
    lines = "\n".join(
        f"tt{n:07d}\tmovie\t{t}\t{t}\t0\t\\N\t\\N\t\\N\tA {t.replace(',', '')},B"
        for n, t in enumerate(ODD_TEXTS, 1)
    )
    (files / "title.basics.tsv").write_bytes((BASICS + lines).encode())
    import_files(workspace, files)
    load(workspace)
    expected = [t.replace("\0", "\ufffd") if workspace.database else t for t in ODD_TEXTS]
    assert query(workspace, "SELECT name FROM titles ORDER BY id") == [(t,) for t in expected]


def test_lists_of_every_kind_survive(workspace: Workspace, tmp_path: Path) -> None:
    types = ['a"b', "c\\d", "{e}", "f,g", "NULL", "", "h i", "'j'"]
    files = tmp_path / "dumps"
    files.mkdir()
    head = "titleId\tordering\ttitle\tregion\tlanguage\ttypes\tattributes\tisOriginalTitle\n"
    row = "tt0000001\t1\tx\t\\N\t\\N\t" + "\x02".join(types) + "\t\\N\t0\n"
    (files / "title.akas.tsv").write_text(head + row)
    import_files(workspace, files)
    load(workspace)
    said = [name for name in types if name]  # an empty element says nothing
    assert query(workspace, "SELECT types, attributes FROM akas") == [(said, None)]


def test_what_a_newer_dump_corrected_is_gone(workspace: Workspace, tmp_path: Path) -> None:
    def load_dump(name: str, age_seconds: float, genres: str, crew: str) -> None:
        files = tmp_path / name
        files.mkdir()
        title = f"tt0000001\tmovie\tA\tA\t0\t1999\t\\N\t\\N\t{genres}\n"
        (files / "title.basics.tsv").write_text(BASICS + title)
        (files / "title.crew.tsv").write_text(f"tconst\tdirectors\twriters\ntt0000001\t{crew}\n")
        fetched = time.time() - age_seconds
        for path in files.iterdir():
            os.utime(path, (fetched, fetched))
        import_files(workspace, files, allow_shrink=True)
        load(workspace)

    load_dump("1", 9000, "Drama,Comedy", "nm0000001\tnm0000002")
    load_dump("2", 1000, "Horror", "nm0000009\t\\N")
    assert query(workspace, "SELECT genre FROM title_genres") == [("Horror",)]
    credited = query(workspace, "SELECT role, person_id FROM credits")
    assert credited == [("director", "nm0000009")]


def test_purge_obeys_the_terms(workspace: Workspace, stand_in) -> None:
    url, _ = stand_in("tmdb", titles=2500)
    collect(workspace, "tmdb", url, "titles=5")
    load(workspace)
    result = purge(workspace, datetime.now(UTC) + timedelta(days=181))
    assert result.rows["title"] >= 5
    assert result.answers > 0
    assert query(workspace, "SELECT count(*) FROM titles") == [(0,)]


@pytest.mark.heavy
def test_eight_readers_during_a_load_see_whole_loads(workspace: Workspace, tmp_path: Path) -> None:
    import_films(workspace, 60, tmp_path / "one")
    load(workspace)
    seen: set[tuple[int, int]] = set()
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                with open_snapshot(workspace) as connection:
                    titles = connection.execute("SELECT count(*) FROM titles").fetchone()
                    wide = connection.execute("SELECT count(DISTINCT id) FROM titles_wide")
                    seen.add((titles[0], wide.fetchone()[0]))
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    import_films(workspace, 180, tmp_path / "two")
    load(workspace)
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert seen <= {(60, 60), (180, 180)}


@pytest.mark.parametrize(
    "text", ["100%", "100%% sure", "%s %(name)s %", "50 % @ada", "back\\slash and 'quote'"]
)
def test_a_statement_is_executed_as_it_is(warehouse: Warehouse, text: str) -> None:
    with warehouse.transaction():
        inserted = warehouse.execute(
            "INSERT INTO store.comment (source, id, body) VALUES"
            f" ('soundcloud', '1', {literal(text)}), ('soundcloud', '2', 'other')"
        )
        changed = warehouse.execute(
            f"UPDATE store.comment SET body = {literal(text)} || '!' WHERE body LIKE '%ther'"
        )
        bodies = warehouse.rows("SELECT body FROM store.comment ORDER BY id")
    assert (inserted, changed) == (2, 1)
    assert bodies == [(text,), (f"{text}!",)]


def test_a_transaction_that_fails_leaves_nothing(warehouse: Warehouse) -> None:
    def fail() -> None:
        with warehouse.transaction():
            warehouse.mark_loaded(["a"], NOW)
            warehouse.save_run("imdb", "1", NOW, "{}")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with warehouse.transaction():
        assert warehouse.loaded_names() == set()
        assert warehouse.rows("SELECT * FROM store.run") == []


def test_a_row_is_quarantined_once(warehouse: Warehouse) -> None:
    row = QuarantinedRow(
        source="imdb",
        endpoint="title",
        ids=["tt1", "tt2"],
        offset=0,
        fetched_at=NOW,
        sha256="ab",
        reason="not JSON: 100% %s",
        excerpt="<html>",
        expires_at=None,
    )
    with warehouse.transaction():
        for _ in range(2):
            warehouse.quarantine([row, row._replace(ids=[], reason="another")])
        rows = warehouse.rows("SELECT * FROM store.quarantine ORDER BY reason DESC")
    assert [QuarantinedRow._make(stored) for stored in rows] == [
        row,
        row._replace(ids=[], reason="another"),
    ]


def test_a_run_is_replaced_by_its_next_result(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        for run_id, result in (("1", "first"), ("2", "other"), ("1", "last")):
            warehouse.save_run("imdb", run_id, NOW, result)
        rows = warehouse.rows("SELECT id, result FROM store.run ORDER BY id")
    assert rows == [("1", "last"), ("2", "other")]


def test_loaded_names_are_remembered(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        warehouse.mark_loaded([], NOW)
        warehouse.mark_loaded(["a", "b"], NOW)
    assert warehouse.loaded_names() == {"a", "b"}


def test_only_superseded_rows_are_deleted(warehouse: Warehouse) -> None:
    genre = BY_KIND["genre"]
    with warehouse.transaction():
        warehouse.execute(
            "INSERT INTO store.genre (source, id, answer, _told) VALUES ('imdb', 'old', 'a', 1),"
            " ('imdb', 'late', 'a', 5), ('imdb', 'page', 'b', 1), ('tmdb', 'other', 'a', 1)"
        )
        warehouse.wrote = False
        assert warehouse.delete_superseded(genre, "imdb", ["x"], before=5) == 0
        assert not warehouse.wrote
        assert warehouse.delete_superseded(genre, "imdb", ["a", "x"], before=5) == 1
        assert warehouse.wrote
        left = warehouse.rows("SELECT id FROM store.genre ORDER BY id")
    assert left == [("late",), ("other",), ("page",)]


def test_a_vacuum_keeps_all_rows(workspace: Workspace, tmp_path: Path) -> None:
    import_films(workspace, 50, tmp_path / "dumps")
    load(workspace)
    before = all_rows(workspace)
    warehouse = open_warehouse(workspace, workspace.database)
    warehouse.vacuum()
    warehouse.close()
    assert not list(workspace.warehouse.glob("*.growing*"))
    assert not any(load(workspace).inserted.values())
    assert all_rows(workspace) == before


def test_identity_is_replaced_as_a_whole(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "it's.duckdb"
    with duckdb.connect(str(store)) as connection:
        for table, types in TABLES.items():
            columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
            connection.execute(f"CREATE TABLE {table} ({columns})")
        connection.execute("INSERT INTO genres VALUES ('tech\\ \"house\"', NULL)")
    with warehouse.transaction():
        warehouse.execute("INSERT INTO identity.genres VALUES ('older', 'x')")
        warehouse.replace_identity(store, tuple(TABLES))
        rows = warehouse.rows("SELECT name, parent FROM identity.genres")
    assert rows == [('tech\\ "house"', None)]
    assert warehouse.wrote
