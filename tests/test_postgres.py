"""What only PostgreSQL can do wrong: crashes, passwords, addresses, tables of other people."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from phonofilm.erasure.retention import purge
from phonofilm.errors import ConfigurationError, PhonofilmError, StoreError, UsageError
from phonofilm.warehouse.engines.location import display_url, open_database
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.servers import SECRET, Postgres
from tests.warehouses import import_films, query

PASSWORD = SECRET.replace("%40", "@")


def full_text(error: PhonofilmError) -> str:
    return f"{error.happened}{error.saved}{error.next_step}"


@pytest.fixture
def films(database: str, tmp_path: Path) -> Workspace:
    """A workspace whose warehouse is a database with fifty titles."""
    workspace = Workspace(tmp_path / "data", database)
    import_films(workspace, 50, tmp_path / "dumps")
    load(workspace)
    return workspace


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_of_another_encoding_is_refused_before_the_first_row(
    postgres: Postgres, tmp_path: Path, encoding: str
) -> None:
    name = f"in_{encoding.lower()}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
        )
    workspace = Workspace(tmp_path / "data", postgres.url(name))
    import_films(workspace, 50, tmp_path / "dumps")
    before = catalogue(postgres.url(name))
    with pytest.raises(StoreError, match=f"its encoding is {encoding}"):
        load(workspace)
    assert catalogue(postgres.url(name)) == before == []


def test_a_film_by_its_id_costs_no_scan(films: Workspace, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute("EXPLAIN SELECT * FROM films WHERE id = 'tt0000001'").fetchall()
    text = "\n".join(line for (line,) in plan)
    assert "Seq Scan" not in text
    assert {"title_imdb_id", "title_without_imdb_id", "credit_pkey"} <= set(text.split())


def test_wrong_credentials_are_no_secret(postgres: Postgres, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data", postgres.url().replace(SECRET, "wrong-Geheim"))
    import_films(workspace, 50, tmp_path / "dumps")
    with pytest.raises(StoreError) as caught:
        load(workspace)
    assert caught.value.exit_code == 6
    assert "wrong-Geheim" not in full_text(caught.value)


def test_no_server_at_all(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data", "postgresql://a:secret@127.0.0.1:1/x")
    import_films(workspace, 50, tmp_path / "dumps")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1") as caught:
        load(workspace)
    assert "secret" not in str(caught.value)


def test_a_url_of_another_database(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data", "mysql://user:secret@host/x")
    import_films(workspace, 50, tmp_path / "dumps")
    with pytest.raises(UsageError, match="Invalid warehouse URL") as caught:
        load(workspace)
    assert "secret" not in full_text(caught.value)


def test_a_database_without_a_warehouse(database: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no warehouse yet"):
        open_snapshot(Workspace(tmp_path / "data", database))


def test_reading_without_the_driver_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in [name for name in sys.modules if name.startswith("phonofilm.warehouse.engines.p")]:
        if not name.endswith("postgres_url"):
            monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigurationError, match="needs psycopg"):
        open_database("postgresql://me@127.0.0.1:1/x")


def test_a_foreign_table_is_left_alone(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE artists (mine int)")
    workspace = Workspace(tmp_path / "data", database)
    import_films(workspace, 50, tmp_path / "dumps")
    with pytest.raises(StoreError, match="a table called artists, which is not ours"):
        load(workspace)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA phonofilm")
    own_schema = f"{database}?options=-csearch_path%3Dphonofilm"
    assert load(Workspace(tmp_path / "data", own_schema)).inserted["titles"] == 50


# What a stranger's database may have under names of ours; each must stay as it is.
STRANGERS = {
    "a schema with other tables": "CREATE SCHEMA store; CREATE TABLE store.orders (id int)",
    "a table of a name of ours": "CREATE SCHEMA store; CREATE TABLE store.media (id int, path text)",
    "a table like a later one": "CREATE SCHEMA store; CREATE TABLE store.segment (path text)",
    "entities": "CREATE SCHEMA identity; CREATE TABLE identity.members (name text)",
    "a view in a schema": "CREATE SCHEMA snowflake; CREATE VIEW snowflake.titles AS SELECT 1 AS id",
    "a view": "CREATE VIEW artists AS SELECT 1 AS mine",
    "a materialized view": "CREATE MATERIALIZED VIEW films AS SELECT 1 AS mine",
    "a table": "CREATE TABLE ratings (id int)",
}
_CATALOGUE = """SELECT n.nspname, c.relname, c.relkind, pg_get_viewdef(c.oid) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2"""


def catalogue(database: str) -> list[tuple]:
    with psycopg.connect(database) as connection:
        return connection.execute(_CATALOGUE).fetchall()


@pytest.mark.parametrize("strangers", STRANGERS)
def test_nothing_of_somebody_else_is_dropped_or_replaced(
    database: str, tmp_path: Path, strangers: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(STRANGERS[strangers])
    before = catalogue(database)
    workspace = Workspace(tmp_path / "data", database)
    import_films(workspace, 50, tmp_path / "dumps")
    with pytest.raises(StoreError, match="which is not ours") as caught:
        load(workspace)
    assert caught.value.saved == "Nothing was touched."
    assert catalogue(database) == before


def test_a_table_and_a_column_of_somebody_else_in_our_schema_stay(
    films: Workspace, database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE store.orders AS SELECT 7 AS id")
        connection.execute("ALTER TABLE store.title ADD COLUMN mine int DEFAULT 1")
    assert not load(films).inserted
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT id FROM store.orders").fetchall() == [(7,)]
        assert connection.execute("SELECT sum(mine) FROM store.title").fetchone() == (50,)


# What older versions had in place of today's table of titles.
OLDER_TABLES = {
    "a column less": "ALTER TABLE store.title DROP COLUMN plot CASCADE",
    "a column more": "ALTER TABLE store.title ADD COLUMN tagline text NOT NULL DEFAULT ''",
    "another key": "ALTER TABLE store.title DROP CONSTRAINT title_pkey;"
    "ALTER TABLE store.title ADD COLUMN region text NOT NULL DEFAULT 'x',"
    " ADD PRIMARY KEY (source, id, region)",
}


@pytest.mark.parametrize("older", OLDER_TABLES)
def test_a_table_of_an_older_version_gets_columns_and_loses_none(
    films: Workspace, database: str, older: str
) -> None:
    names = "SELECT array_agg(name ORDER BY id) FROM {}"
    with psycopg.connect(database, autocommit=True) as connection:
        expected = connection.execute(names.format("store.title")).fetchall()
        connection.execute("COMMENT ON TABLE store.title IS NULL")
        connection.execute(OLDER_TABLES[older])
    if older == "a column less":
        with pytest.raises(StoreError, match="an older version of phonofilm loaded it"):
            query(films, "SELECT * FROM titles")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE VIEW mine AS SELECT * FROM store.title")
        columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'store.title'::regclass"
        before = {name for (name,) in connection.execute(columns) if "pg.dropped" not in name}
    assert load(films).inserted["titles"] == 50
    assert not load(films).inserted
    with psycopg.connect(database) as connection:
        assert connection.execute(names.format("mine")).fetchall() == expected
        assert connection.execute("SELECT count(plot) FROM titles_wide").fetchone() is not None
        assert before <= {name for (name,) in connection.execute(columns)}


# A view of ours as an older version had it, so that it has to be dropped for today's columns.
OLDER_ARTISTS = """DROP VIEW artists CASCADE;
    CREATE VIEW artists AS SELECT id, name, 1 AS older FROM store.artist;
    COMMENT ON VIEW artists IS 'phonofilm: made and replaced by it';"""


def test_views_of_somebody_else_and_grants_stay(films: Workspace, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(OLDER_ARTISTS)
        connection.execute(
            """CREATE VIEW mine AS SELECT id, name FROM artists WHERE name <> '';
            CREATE SCHEMA boards; CREATE VIEW boards."Top" AS SELECT count(*) AS n FROM mine;
            COMMENT ON VIEW mine IS 'it''s mine'; GRANT SELECT ON artists, mine TO PUBLIC"""
        )
    load(films)
    with psycopg.connect(database) as connection:
        assert connection.execute('SELECT n FROM boards."Top"').fetchone() == (0,)
        grants = """SELECT table_name FROM information_schema.role_table_grants
            WHERE grantee = 'PUBLIC' AND table_schema = 'public' ORDER BY 1"""
        assert connection.execute(grants).fetchall() == [("artists",), ("mine",)]
        assert connection.execute("SELECT completeness FROM artists").fetchall() == []
        comment = "SELECT obj_description('mine'::regclass)"
        assert connection.execute(comment).fetchone() == ("it's mine",)


@pytest.mark.parametrize(
    "mine",
    [
        "CREATE VIEW mine AS SELECT older FROM artists",
        "CREATE MATERIALIZED VIEW mine AS SELECT id FROM artists",
    ],
)
def test_a_view_of_somebody_else_that_cannot_stay_is_named_and_nothing_is_touched(
    films: Workspace, database: str, mine: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(OLDER_ARTISTS)
        connection.execute(mine)
    before = catalogue(database)
    with pytest.raises(StoreError, match="mine, which is not ours") as caught:
        load(films)
    assert caught.value.saved == "Nothing was touched."
    assert catalogue(database) == before


def test_a_warehouse_and_views_of_an_older_version_are_replaced(
    films: Workspace, database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for schema in ("store", "identity", "snowflake"):  # no marks before November 2026
            connection.execute(f"COMMENT ON SCHEMA {schema} IS NULL")
        for view in ("artists", "snowflake.titles"):
            connection.execute(f"DROP VIEW {view} CASCADE")
            connection.execute(f"CREATE VIEW {view} AS SELECT 1 AS older")
    for _ in range(2):
        load(films)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(name) FROM snowflake.titles").fetchone() == (50,)
        assert connection.execute("SELECT id, completeness FROM artists").fetchall() == []
        comment = "SELECT obj_description('snowflake.titles'::regclass), obj_description(oid)"
        [marks] = connection.execute(f"{comment} FROM pg_namespace WHERE nspname = 'store'")
        assert marks[0] == marks[1]
        assert str(marks[0]).startswith("phonofilm")


@pytest.mark.slow
def test_killed_in_the_middle_twenty_times(own_postgres: Postgres, tmp_path: Path) -> None:
    """Nothing is half-loaded; the next load finishes."""
    database = own_postgres.database()
    workspace = Workspace(tmp_path / "data", database)
    import_films(workspace, 1500, tmp_path / "dumps")
    whole = None
    for attempt in range(20):
        killer = threading.Timer(0.02 + attempt * 0.04, own_postgres.kill)
        killer.start()
        try:
            load(workspace)
            whole = attempt
        except PhonofilmError as error:
            assert error.exit_code == 6
        killer.join()
        own_postgres.start()
        count = titles_in(database)
        assert count in (None, 0, 1500), f"half-loaded after kill {attempt}: {count}"
    result = load(workspace)
    assert (result.inserted.get("titles") == 1500) == (whole is None)
    assert titles_in(database) == 1500


def titles_in(database: str) -> int | None:
    with psycopg.connect(database) as connection:
        if not connection.execute("SELECT to_regclass('store.title')").fetchone()[0]:
            return None
        return connection.execute("SELECT count(*) FROM store.title").fetchone()[0]


def test_the_workspace_saves_its_database_but_no_password(
    database: str, tmp_path: Path, monkeypatch
) -> None:
    workspace = Workspace(tmp_path / "data", database)
    import_films(workspace, 60, tmp_path / "dumps")
    load(workspace)
    for path in workspace.root.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
            assert PASSWORD.encode() not in path.read_bytes()
    unnamed = Workspace(tmp_path / "data")
    with pytest.raises(StoreError) as caught:
        open_snapshot(unnamed)
    assert "PGPASSWORD" in caught.value.next_step
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    [exported] = export(unnamed, "titles", "csv", tmp_path / "titles.csv")
    assert exported.rows == 60


def test_a_shown_url_has_no_password() -> None:
    url = "postgresql://me:s3cret@host:5/db?password=s3cret&sslmode=require"
    assert display_url(url) == "postgresql://me@host:5/db"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://joe:p#s3cret@127.0.0.1:1/x",
        "postgresql://joe:top/s3cret@127.0.0.1:1/x",
        "postgresql://joe:top@s3cret@127.0.0.1:1/x",
        "postgresql://joe:a?s3cret@127.0.0.1:1/x",
        "host=127.0.0.1 password=s3cret",
    ],
)
def test_no_error_repeats_a_password(tmp_path: Path, url: str) -> None:
    Workspace(tmp_path / "data").open()
    with pytest.raises(PhonofilmError) as caught:
        load(Workspace(tmp_path / "data", url))
    assert "s3cret" not in full_text(caught.value)


def test_a_password_with_every_sign_in_it(postgres: Postgres, tmp_path: Path) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE joe LOGIN SUPERUSER PASSWORD 'p#sT0p'")
    name = postgres.database().rpartition("/")[2]
    workspace = Workspace(
        tmp_path / "data", f"postgresql://joe:p#sT0p@127.0.0.1:{postgres.port}/{name}"
    )
    import_films(workspace, 60, tmp_path / "dumps")
    load(workspace)
    assert query(workspace, "SELECT count(*) FROM titles") == [(60,)]
    assert "T0p" not in (workspace.warehouse / "elsewhere").read_text()


def test_a_url_with_parameters_is_read_as_it_is_loaded(database: str, tmp_path: Path) -> None:
    base, _, name = database.rpartition("/")
    by_parameter = f"{base}/postgres?dbname={name}"
    workspace = Workspace(tmp_path / "data", by_parameter)
    import_films(workspace, 60, tmp_path / "dumps")
    load(workspace)
    for url in (by_parameter, database):
        titles = query(Workspace(tmp_path / "data", url), "SELECT count(*) FROM titles")
        assert titles == [(60,)]


def test_every_warehouse_of_a_workspace_is_purged(
    database: str, stand_in, tmp_path: Path, monkeypatch
) -> None:
    url, _ = stand_in("tmdb", titles=1500)
    embedded, server = Workspace(tmp_path / "data"), Workspace(tmp_path / "data", database)
    collect(embedded, "tmdb", url, "titles=3")
    load(server)
    load(embedded)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    purge(embedded, datetime.now(UTC) + timedelta(days=400))
    for workspace in (embedded, server):
        assert query(workspace, "SELECT count(*) FROM titles") == [(0,)]
