"""Reading a PostgreSQL warehouse with the queries of the embedded one.

DuckDB attaches the database through its own extension, which comes as a wheel, and lays the same
views over the same tables. One transaction, so that all queries of a reader see one load.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb
from psycopg.conninfo import make_conninfo

from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.records import RECORDS
from phonofilm.warehouse.engines.location import parameters
from phonofilm.warehouse.engines.postgres import connect, failed
from phonofilm.warehouse.schema.tables import views
from phonofilm.warehouse.views.entities import TABLES

_TABLES = (*(cls.kind for cls in RECORDS), "observation", "quarantine", "segment", "run")


def attached(url: str) -> duckdb.DuckDBPyConnection:
    """A read-only connection; StoreError when it fails, UsageError before a first load."""
    told, password = _checked(url)
    connection = duckdb.connect()
    try:
        connection.execute(f"LOAD {_quoted(str(_extension()))}")
        # The password goes as a secret of this connection alone: no message repeats it.
        connection.execute(f"CREATE SECRET warehouse (TYPE postgres, PASSWORD {_quoted(password)})")
        connection.execute(
            f"ATTACH {_quoted(told)} AS pg (TYPE postgres, SECRET warehouse, READ_ONLY)"
        )
        connection.execute("CREATE SCHEMA store")
        for table in _TABLES:
            connection.execute(f"CREATE VIEW store.{table} AS FROM pg.store.{table}")
        connection.execute("CREATE SCHEMA identity")
        for table in TABLES:
            connection.execute(f"CREATE VIEW identity.{table} AS FROM pg.identity.{table}")
        for statement in views():
            connection.execute(statement)
        connection.execute("BEGIN")
    except duckdb.Error as error:
        connection.close()
        raise failed(url, error) from None
    return connection


def _checked(url: str) -> tuple[str, str]:
    """How the database is reached, and the password: as a connection that worked says.

    What is wrong is said in our own words; the extension's are long.
    """
    with connect(url) as probe:
        held = probe.execute("SELECT to_regclass('store.segment') IS NOT NULL").fetchone()
        told = {n: v for n, v in parameters(url).items() if n not in ("password", "hostaddr")}
        info = probe.info
        told |= {"host": info.host, "port": str(info.port), "user": info.user}
        told["dbname"], password = info.dbname, info.password
    if not held or not held[0]:
        raise UsageError(
            "This database has no warehouse yet.",
            next_step="Load into it: phonofilm load --warehouse postgresql://...",
        )
    return make_conninfo(**{n: v for n, v in told.items() if v}), password


def _extension() -> Path:
    """The extension's file; ConfigurationError when it is not there for this DuckDB."""
    spec = importlib.util.find_spec("duckdb_extension_postgres_scanner")
    found = Path(str(spec.origin)).parent if spec and spec.origin else Path("-")
    path = found / "extensions" / f"v{duckdb.__version__}" / "postgres_scanner.duckdb_extension"
    if not path.is_file():
        raise ConfigurationError(
            f"Reading from PostgreSQL needs the extension for DuckDB {duckdb.__version__}.",
            next_step="Install it: pip install 'phonofilm[postgres]'; psql works meanwhile.",
        )
    return path


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
