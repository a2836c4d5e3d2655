"""Reading a PostgreSQL warehouse with the queries of the embedded one.

DuckDB attaches the database through its own extension, which comes as a wheel, and lays the same
views over the same tables. One transaction, so that all queries of a reader see one load.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.records import RECORDS
from phonofilm.warehouse.engines.postgres import connect, failed
from phonofilm.warehouse.schema import views

_TABLES = (*(cls.kind for cls in RECORDS), "observation", "quarantine", "segment", "run")


def attached(url: str) -> duckdb.DuckDBPyConnection:
    """A read-only connection; StoreError when it fails, UsageError before a first load."""
    _check(url)
    connection = duckdb.connect()
    try:
        connection.execute(f"LOAD {_quoted(str(_extension()))}")
        connection.execute(_secret(url))
        connection.execute("ATTACH '' AS pg (TYPE postgres, SECRET warehouse, READ_ONLY)")
        connection.execute("CREATE SCHEMA store")
        for table in _TABLES:
            connection.execute(f"CREATE VIEW store.{table} AS FROM pg.store.{table}")
        for statement in views():
            connection.execute(statement)
        connection.execute("BEGIN")
    except duckdb.Error as error:
        connection.close()
        raise failed(url, error) from None
    return connection


def _check(url: str) -> None:
    """Says what is wrong in our own words first; the extension's are long."""
    with connect(url) as probe:
        held = probe.execute("SELECT to_regclass('store.segment') IS NOT NULL").fetchone()
    if not held or not held[0]:
        raise UsageError(
            "This database has no warehouse yet.",
            next_step="Load into it: phonofilm load --warehouse postgresql://...",
        )


def _extension() -> Path:
    """The extension's file; ConfigurationError when it is not there for this DuckDB."""
    spec = importlib.util.find_spec("duckdb_extension_postgres_scanner")
    found = Path(str(spec.origin)).parent if spec and spec.origin else Path("-")
    path = (
        found / "extensions" / f"v{duckdb.__version__}" / "postgres_scanner.duckdb_extension"
    )  # fmt: skip
    if not path.is_file():
        raise ConfigurationError(
            f"Reading from PostgreSQL needs the extension for DuckDB {duckdb.__version__}.",
            next_step="Install it: pip install 'phonofilm[postgres]'; psql works meanwhile.",
        )
    return path


def _secret(url: str) -> str:
    """Address and password as a secret of this connection alone: no message repeats it."""
    parts = urlsplit(url)
    password = unquote(parts.password or "") or os.environ.get("PGPASSWORD", "")
    told = {
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "USER": unquote(parts.username or ""),
        "PASSWORD": password,
        "DATABASE": unquote(parts.path.lstrip("/")),
    }
    words = ", ".join(f"{name} {_quoted(value)}" for name, value in told.items() if value)
    return f"CREATE SECRET warehouse (TYPE postgres, {words})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
