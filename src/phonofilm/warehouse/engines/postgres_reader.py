"""A PostgreSQL warehouse, read with the queries of the embedded one.

DuckDB attaches the database through its own extension, which is installed as a wheel, and has the
same views over the same tables. One transaction lets all queries of a reader see one load.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

import duckdb

from phonofilm.errors import ConfigurationError, StoreError, UsageError
from phonofilm.records import RECORDS
from phonofilm.sql import literal
from phonofilm.warehouse.engines.postgres_connection import connect, database_error, psycopg
from phonofilm.warehouse.engines.postgres_url import parameters
from phonofilm.warehouse.schema import identity_tables
from phonofilm.warehouse.schema.tables import (
    EXISTING_COLUMNS,
    STORE_TABLES,
    column_types,
    columns_by_table,
    view_definitions,
)


class _Address(NamedTuple):
    """A database for libpq, without its password."""

    conninfo: str
    password: str


def attach(url: str) -> duckdb.DuckDBPyConnection:
    """Open a read-only DuckDB connection with all tables and views of a database.

    StoreError when it cannot be reached, UsageError before a first load.
    """
    address, extension = _check(url), _extension()
    connection = duckdb.connect()
    try:
        connection.execute(f"LOAD {literal(extension)}")
        # The password is a secret of this connection alone, so that no message repeats it.
        connection.execute(
            f"CREATE SECRET warehouse (TYPE postgres, PASSWORD {literal(address.password)})"
        )
        connection.execute(
            f"ATTACH {literal(address.conninfo)} AS pg (TYPE postgres, SECRET warehouse, READ_ONLY)"
        )
        _create_views(connection)
        connection.execute("BEGIN")
    except duckdb.Error as error:
        connection.close()
        raise database_error(url, error) from None
    return connection


def _create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the attached database as views, and the views over them."""
    for schema, tables in (("store", STORE_TABLES), ("identity", identity_tables.TABLES)):
        connection.execute(f"CREATE SCHEMA {schema}")
        for table in tables:
            connection.execute(f"CREATE VIEW {schema}.{table} AS FROM pg.{schema}.{table}")
    for definition in view_definitions():
        connection.execute(definition.statement)


def _check(url: str) -> _Address:
    """Connect once, and return the address as this connection says it.

    An error is then described in our own words, because the extension's are long.
    """
    with connect(url) as probe:
        tables = columns_by_table(probe.execute(EXISTING_COLUMNS))
        values = {n: v for n, v in parameters(url).items() if n not in ("password", "hostaddr")}
        info = probe.info
        values |= {"host": info.host, "port": str(info.port), "user": info.user}
        values["dbname"], password = info.dbname, info.password
    _check_tables(tables)
    present = {name: value for name, value in values.items() if value}
    return _Address(psycopg.conninfo.make_conninfo(**present), password)


def _check_tables(tables: dict[str, list[str]]) -> None:
    """Check that a database has a warehouse, with the tables and columns of today."""
    if "segment" not in tables:
        raise UsageError(
            "This database has no warehouse yet.",
            next_step="Load into it: phonofilm load --warehouse postgresql://...",
        )
    wanted = {cls.kind: set(column_types(cls)) for cls in RECORDS}
    missing = {*STORE_TABLES} - {*tables}
    if missing or any(columns - {*tables[kind]} for kind, columns in wanted.items()):
        raise StoreError(
            "Cannot read the database: an older version of phonofilm loaded it.",
            saved="Its rows are untouched.",
            next_step="Bring it up to date: phonofilm load --warehouse postgresql://...",
        )


def _extension() -> Path:
    """Return the path of the extension; ConfigurationError without one for this DuckDB."""
    spec = importlib.util.find_spec("duckdb_extension_postgres_scanner")
    package = Path(str(spec.origin)).parent if spec and spec.origin else Path("-")
    path = package / "extensions" / f"v{duckdb.__version__}" / "postgres_scanner.duckdb_extension"
    if not path.is_file():
        raise ConfigurationError(
            f"Reading from PostgreSQL needs the extension for DuckDB {duckdb.__version__}.",
            next_step="Install it: pip install 'phonofilm[postgres]'; psql works meanwhile.",
        )
    return path
