"""What every engine must do alike: the same loads give the same rows, whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from phonofilm.config import Settings
from phonofilm.errors import PhonofilmError, StoreError, UsageError
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.records import RECORDS
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sql import literal
from phonofilm.warehouse.engines.location import display_url, open_warehouse
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.schema.field_times import field_time
from phonofilm.warehouse.schema.tables import field_names
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.servers import SECRET, Postgres


@pytest.fixture(params=["duckdb", "postgres"])
def anywhere(request, tmp_path: Path) -> Workspace:
    """A folder whose warehouse is one of the engines."""
    database = "" if request.param == "duckdb" else request.getfixturevalue("database")
    return Workspace(tmp_path / "data", database)


def held(folder: Workspace) -> dict[str, list[tuple]]:
    """All rows, with the instant of each field."""
    rows = {}
    with open_snapshot(folder) as connection:
        for cls in RECORDS:
            names = field_names(cls)
            instants = ", ".join(field_time("t", names, name) for name in names)
            rows[cls.plural] = connection.execute(
                f"SELECT * EXCLUDE (_told, _held, _at), [{instants}] FROM store.{cls.kind} t"
                " ORDER BY ALL"
            ).fetchall()
        rows["observations"] = connection.execute("FROM observations ORDER BY ALL").fetchall()
    return rows


def imported(folder: Workspace, world: FilmWorld, where: Path, **options) -> None:
    write(world, where)
    run(import_dumps(folder, Settings(), ImportOptions("imdb", str(where), **options)))


def test_a_dump_and_its_second_load(anywhere: Workspace, tmp_path: Path) -> None:
    imported(anywhere, FilmWorld(300), tmp_path / "dumps")
    first = load(anywhere)
    assert first.inserted["titles"] == 300
    before = held(anywhere)
    assert not any(load(anywhere).inserted.values())
    again = load(anywhere, again=True)
    assert not any(again.inserted.values())
    assert not any(again.updated.values())
    assert again.unchanged["credits"] == first.inserted["credits"]
    assert held(anywhere) == before


def test_engines_hold_the_same_rows(database: str, stand_in, tmp_path: Path) -> None:
    """Music by calls, film by dumps, pages and open sources: one landing, two warehouses."""
    folder = Workspace(tmp_path / "data")
    deezer, _ = stand_in("deezer", artists=30)
    collect(folder, "deezer", deezer, "artists=12", "albums=10")
    for source in ("wikidata", "tmdb"):
        url, _ = stand_in(source, titles=2500)
        collect(folder, source, url, "titles")
    imported(folder, FilmWorld(400), tmp_path / "dumps")
    there = Workspace(tmp_path / "data", database)
    assert load(there).inserted == load(folder).inserted
    here, elsewhere = held(folder), held(there)
    for table, rows in here.items():
        assert elsewhere[table] == rows, table
    with open_snapshot(folder) as a, open_snapshot(there) as b:
        for view in ("titles_wide", "films", "snowflake.titles", "snowflake.titles_stars"):
            sql = f"SELECT * FROM {view} ORDER BY ALL"
            assert a.execute(sql).fetchall() == b.execute(sql).fetchall(), view


def test_any_order_of_loads_gives_one_result(anywhere: Workspace, stand_in, tmp_path) -> None:
    url, served = stand_in("tmdb", titles=2500)
    collect(anywhere, "tmdb", url, "titles=3")
    load(anywhere)
    collect(anywhere, "tmdb", url, "titles")
    load(anywhere)
    in_steps = held(anywhere)
    load(anywhere, again=True)
    assert held(anywhere) == in_steps
    other = Workspace(anywhere.root)
    load(other)
    assert {k: len(v) for k, v in held(other).items()} == {k: len(v) for k, v in in_steps.items()}


def test_votes_are_observed_once_a_day(anywhere: Workspace, stand_in) -> None:
    url, served = stand_in("imdb", titles=400)
    options = ImportOptions("imdb", url)
    for _ in range(2):
        run(import_dumps(anywhere, Settings(), options))
        load(anywhere)
        served.clock.skipped += 86_400
    with open_snapshot(anywhere) as connection:
        days = connection.execute("SELECT count(DISTINCT day) FROM observations").fetchone()
        figures = connection.execute(
            "SELECT count(*) FROM (SELECT id FROM observations GROUP BY id, day HAVING count(*) > 1)"
        ).fetchone()
    assert days == (1,)  # the stand-in's day went on, this machine's did not
    assert figures == (0,)


def test_text_of_every_kind_survives(anywhere: Workspace, tmp_path: Path) -> None:
    """Declared gap: PostgreSQL has no NUL; it becomes U+FFFD."""
    odd = [
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
        "nul\0nul",
    ]
    where = tmp_path / "dumps"
    where.mkdir()
    columns = "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes"
    lines = ["\t".join([*columns.split(), "genres"])]
    lines += [
        f"tt{n:07d}\tmovie\t{t}\t{t}\t0\t\\N\t\\N\t\\N\tA {t.replace(',', '')},B"
        for n, t in enumerate(odd, 1)
    ]
    (where / "title.basics.tsv").write_bytes("\n".join(lines).encode())
    run(import_dumps(anywhere, Settings(), ImportOptions("imdb", str(where))))
    load(anywhere)
    with open_snapshot(anywhere) as connection:
        names = connection.execute("SELECT name FROM titles ORDER BY id").fetchall()
    wanted = [t.replace("\0", "\ufffd") if anywhere.database else t for t in odd]
    assert [name for (name,) in names] == wanted


PERCENT = ["100%", "100%% sure", "%s %(name)s %", "50 % @ada", "back\\slash and 'quote'"]


@pytest.mark.parametrize("text", PERCENT)
def test_a_statement_is_executed_as_it_is(anywhere: Workspace, text: str) -> None:
    warehouse = open_warehouse(anywhere.open(), anywhere.database)
    try:
        with warehouse.transaction():
            inserted = warehouse.execute(
                "INSERT INTO store.comment (source, id, body) VALUES"
                f" ('soundcloud', '1', {literal(text)}), ('soundcloud', '2', 'other')"
            )
            changed = warehouse.execute(
                f"UPDATE store.comment SET body = {literal(text)} || '!' WHERE body LIKE '%ther'"
            )
            bodies = warehouse.rows("SELECT body FROM store.comment ORDER BY id")
    finally:
        warehouse.close()
    assert (inserted, changed) == (2, 1)
    assert bodies == [(text,), (f"{text}!",)]


def test_lists_of_every_kind_survive_the_way_to_postgresql(database: str, tmp_path) -> None:
    words = ['a"b', "c\\d", "{e}", "f,g", "NULL", "", "h i", "'j'"]
    where = tmp_path / "dumps"
    where.mkdir()
    head = "titleId\tordering\ttitle\tregion\tlanguage\ttypes\tattributes\tisOriginalTitle\n"
    row = "tt0000001\t1\tx\t\\N\t\\N\t" + "\x02".join(words) + "\t\\N\t0\n"
    (where / "title.akas.tsv").write_text(head + row)
    folder = Workspace(tmp_path / "data", database)
    run(import_dumps(folder, Settings(), ImportOptions("imdb", str(where))))
    load(folder)
    with open_snapshot(folder) as connection:
        assert connection.execute("SELECT types, attributes FROM akas").fetchall() == [
            (words, None)
        ]


def test_purge_obeys_the_terms(anywhere: Workspace, stand_in) -> None:
    from datetime import UTC, datetime, timedelta

    from phonofilm.erasure.retention import purge

    url, _ = stand_in("tmdb", titles=2500)
    collect(anywhere, "tmdb", url, "titles=5")
    load(anywhere)
    result = purge(anywhere, datetime.now(UTC) + timedelta(days=181))
    assert result.rows["title"] >= 5
    assert result.answers > 0
    with open_snapshot(anywhere) as connection:
        assert connection.execute("SELECT count(*) FROM titles").fetchone() == (0,)


def test_eight_readers_beside_a_load_see_whole_loads(anywhere: Workspace, tmp_path: Path) -> None:
    imported(anywhere, FilmWorld(200), tmp_path / "one")
    load(anywhere)
    allowed = {(200, 200), (600, 600)}
    seen: set[tuple[int, int]] = set()
    failures: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                with open_snapshot(anywhere) as connection:
                    one = connection.execute("SELECT count(*) FROM titles").fetchone()[0]
                    two = connection.execute(
                        "SELECT count(DISTINCT id) FROM titles_wide"
                    ).fetchone()
                    seen.add((one, two[0]))
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=look) for _ in range(8)]
    for reader in readers:
        reader.start()
    imported(anywhere, FilmWorld(600), tmp_path / "two")
    load(anywhere)
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert seen <= allowed


class TestPostgresFails:
    def test_wrong_credentials_are_no_secret(self, postgres: Postgres, tmp_path) -> None:
        folder = Workspace(tmp_path / "data", postgres.url().replace(SECRET, "wrong-Geheim"))
        imported(folder, FilmWorld(50), tmp_path / "dumps")
        with pytest.raises(StoreError) as told:
            load(folder)
        assert told.value.exit_code == 6
        text = f"{told.value.happened}{told.value.saved}{told.value.next_step}"
        assert "wrong-Geheim" not in text

    def test_no_server_at_all(self, tmp_path) -> None:
        folder = Workspace(tmp_path / "data", "postgresql://a:secret@127.0.0.1:1/x")
        imported(folder, FilmWorld(50), tmp_path / "dumps")
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:1") as told:
            load(folder)
        assert "secret" not in str(told.value)

    def test_an_address_of_something_else(self, tmp_path) -> None:
        folder = Workspace(tmp_path / "data", "mysql://user:secret@host/x")
        imported(folder, FilmWorld(50), tmp_path / "dumps")
        with pytest.raises(UsageError) as told:
            load(folder)
        assert "secret" not in str(told.value)

    def test_a_database_without_a_warehouse(self, database, tmp_path) -> None:
        with pytest.raises(UsageError, match="no warehouse yet"):
            open_snapshot(Workspace(tmp_path / "data", database))

    def test_somebody_elses_table_is_left_alone(self, database, tmp_path) -> None:
        import psycopg

        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CREATE TABLE artists (mine int)")
        folder = Workspace(tmp_path / "data", database)
        imported(folder, FilmWorld(50), tmp_path / "dumps")
        with pytest.raises(StoreError, match="not ours"):
            load(folder)
        elsewhere = Workspace(tmp_path / "data", f"{database}?options=-csearch_path%3Dphonofilm")
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA phonofilm")
        assert load(elsewhere).inserted["titles"] == 50

    def test_killed_in_the_middle_twenty_times(self, own_postgres: Postgres, tmp_path) -> None:
        """Nothing is half-loaded; the next load finishes."""
        database = own_postgres.database()
        folder = Workspace(tmp_path / "data", database)
        imported(folder, FilmWorld(1500), tmp_path / "dumps")
        whole = None
        for attempt in range(20):
            killer = threading.Timer(0.02 + attempt * 0.04, own_postgres.kill)
            killer.start()
            try:
                load(folder)
                whole = attempt
            except PhonofilmError as error:
                assert error.exit_code == 6
            killer.join()
            own_postgres.start()
            counts = self._counts(database)
            assert counts in (None, 0, 1500), f"half-loaded after kill {attempt}: {counts}"
        result = load(folder)
        assert (result.inserted.get("titles") == 1500) == (whole is None)
        assert self._counts(database) == 1500

    @staticmethod
    def _counts(database: str) -> int | None:
        import psycopg

        with psycopg.connect(database) as connection:
            if not connection.execute("SELECT to_regclass('store.title')").fetchone()[0]:
                return None
            return connection.execute("SELECT count(*) FROM store.title").fetchone()[0]


def test_the_folder_remembers_its_database_but_no_password(database, tmp_path, monkeypatch) -> None:
    folder = Workspace(tmp_path / "data", database)
    imported(folder, FilmWorld(60), tmp_path / "dumps")
    load(folder)
    for path in folder.root.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
            assert SECRET.replace("%40", "@").encode() not in path.read_bytes()
    plain = Workspace(tmp_path / "data")
    with pytest.raises(StoreError) as told:
        open_snapshot(plain)
    assert "PGPASSWORD" in told.value.next_step
    monkeypatch.setenv("PGPASSWORD", SECRET.replace("%40", "@"))
    [written] = export(plain, "titles", "csv", tmp_path / "titles.csv")
    assert written.rows == 60


def test_passwords_never_stand_in_what_is_shown(tmp_path: Path) -> None:
    shown = display_url("postgresql://me:s3cret@host:5/db?password=s3cret&sslmode=require")
    assert shown == "postgresql://me@host:5/db"
    for url in (
        "postgresql://joe:p#s3cret@127.0.0.1:1/x",
        "postgresql://joe:top/s3cret@127.0.0.1:1/x",
        "postgresql://joe:top@s3cret@127.0.0.1:1/x",
        "postgresql://joe:a?s3cret@127.0.0.1:1/x",
        "host=127.0.0.1 password=s3cret",
    ):
        with pytest.raises(PhonofilmError) as told:
            load(_somewhere(tmp_path, url))
        assert "s3cret" not in f"{told.value.happened}{told.value.saved}{told.value.next_step}"


def _somewhere(tmp_path: Path, url: str) -> Workspace:
    Workspace(tmp_path / "data").open()
    return Workspace(tmp_path / "data", url)


def test_a_password_with_every_sign_in_it(postgres: Postgres, tmp_path: Path) -> None:
    import psycopg

    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE joe LOGIN SUPERUSER PASSWORD 'p#sT0p'")
    url = (
        f"postgresql://joe:p#sT0p@127.0.0.1:{postgres.port}/"
        + postgres.database().rpartition("/")[2]
    )
    folder = Workspace(tmp_path / "data", url)
    imported(folder, FilmWorld(60), tmp_path / "dumps")
    load(folder)
    with open_snapshot(folder) as connection:
        assert connection.execute("SELECT count(*) FROM titles").fetchone() == (60,)
    assert "T0p" not in (folder.warehouse / "elsewhere").read_text()


def test_an_address_in_parameters_is_read_as_it_is_loaded(database: str, tmp_path: Path) -> None:
    base, _, name = database.rpartition("/")
    folder = Workspace(tmp_path / "data", f"{base}/postgres?dbname={name}")
    imported(folder, FilmWorld(60), tmp_path / "dumps")
    load(folder)
    for url in (f"{base}/postgres?dbname={name}", database):
        with open_snapshot(Workspace(tmp_path / "data", url)) as connection:
            assert connection.execute("SELECT count(*) FROM titles").fetchone() == (60,)


def test_what_a_newer_dump_corrected_is_gone(anywhere: Workspace, tmp_path: Path) -> None:
    """A fresh warehouse of the folder and one that lived through it hold the same relations."""
    import os
    import time

    def dumps(name: str, age: float, **tables: str) -> None:
        where = tmp_path / name
        where.mkdir()
        for table, text in tables.items():
            path = where / f"{table.replace('_', '.')}.tsv"
            path.write_text(text.replace("|", "\t"))
            os.utime(path, (time.time() - age, time.time() - age))
        options = ImportOptions("imdb", str(where), allow_shrink=True)
        run(import_dumps(anywhere, Settings(), options))
        load(anywhere)

    basics = "tconst|titleType|primaryTitle|originalTitle|isAdult|startYear|endYear|runtimeMinutes|genres\n"
    crew = "tconst|directors|writers\n"
    dumps(
        "1",
        9000,
        title_basics=f"{basics}tt0000001|movie|A|A|0|1999|\\N|\\N|Drama,Comedy\n",
        title_crew=f"{crew}tt0000001|nm0000001|nm0000002\n",
    )
    dumps(
        "2",
        1000,
        title_basics=f"{basics}tt0000001|movie|A|A|0|1999|\\N|\\N|Horror\n",
        title_crew=f"{crew}tt0000001|nm0000009|\\N\n",
    )
    with open_snapshot(anywhere) as connection:
        genres = connection.execute("SELECT genre FROM title_genres").fetchall()
        people = connection.execute("SELECT role, person_id FROM credits").fetchall()
    assert genres == [("Horror",)]
    assert people == [("director", "nm0000009")]


def test_every_warehouse_of_a_folder_is_purged(database, stand_in, tmp_path, monkeypatch) -> None:
    from datetime import UTC, datetime, timedelta

    from phonofilm.erasure.retention import purge

    url, _ = stand_in("tmdb", titles=1500)
    here, there = Workspace(tmp_path / "data"), Workspace(tmp_path / "data", database)
    collect(here, "tmdb", url, "titles=3")
    load(there)
    load(here)
    monkeypatch.setenv("PGPASSWORD", SECRET.replace("%40", "@"))
    purge(here, datetime.now(UTC) + timedelta(days=400))
    for folder in (here, there):
        with open_snapshot(folder) as connection:
            assert connection.execute("SELECT count(*) FROM titles").fetchone() == (0,)
