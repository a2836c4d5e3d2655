"""Snapshots: readers never open the file of the writer.

A load publishes a copy of the warehouse file. A database server needs no copies, because its
readers see whole transactions.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from phonofilm.errors import StoreError, UsageError, storage_error
from phonofilm.files import PARTIAL_SUFFIX, atomic_path
from phonofilm.sql import literal
from phonofilm.warehouse.engines.location import (
    DATABASE_FILE,
    check_url,
    open_database,
    saved_location,
)
from phonofilm.workspace import Workspace

# A reader that began before the last load reads the one before the newest.
SNAPSHOTS_KEPT = 2


def _snapshot_paths(workspace: Workspace) -> list[Path]:
    return sorted((workspace.warehouse / "snapshots").glob("[0-9]*.duckdb"))


def published(workspace: Workspace) -> Path | None:
    """Return the newest snapshot, or None before the first load."""
    paths = _snapshot_paths(workspace)
    return paths[-1] if paths else None


def publish(workspace: Workspace) -> Path:
    """Copy the warehouse file into a new snapshot and return its path; the newest two stay.

    The caller has the lock of the folder. StoreError when the disk fails.
    """
    newest = published(workspace)
    number = int(newest.stem) + 1 if newest else 1
    target = workspace.warehouse / "snapshots" / f"{number:06d}.duckdb"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(target, locked=True) as partial:
            shutil.copyfile(workspace.warehouse / DATABASE_FILE, partial)
        for old in _snapshot_paths(workspace)[:-SNAPSHOTS_KEPT]:
            old.unlink(missing_ok=True)  # a reader of it goes on, because it has the file open
    except OSError as error:
        raise storage_error(target, error) from error
    return target


def withdraw(workspace: Workspace) -> None:
    """Delete all snapshots, because they contain rows that may not be kept."""
    partials = (workspace.warehouse / "snapshots").glob(f"*{PARTIAL_SUFFIX}")
    for path in (*_snapshot_paths(workspace), *partials):
        path.unlink(missing_ok=True)


def open_snapshot(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """Open a read-only connection to the newest snapshot; UsageError before the first load.

    If the folder names a database, or was last loaded into one, it is a connection to that.
    """
    workspace.check()
    check_url(workspace.database)
    if url := workspace.database or saved_location(workspace):
        return _open_database(workspace, url)
    path = _newest(workspace)
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise StoreError(f"{path} cannot be read: {error}.") from error


@contextlib.contextmanager
def missing_views_named() -> Iterator[None]:
    """Turn a view or column that a snapshot lacks into StoreError: an older version loaded it."""
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise StoreError(
            f"Cannot read: an older version of phonofilm loaded this warehouse ({error}).",
            next_step="Bring its views up to date: phonofilm load",
        ) from error


def open_session(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """Open a private connection that can write and attach more, with `store` and `identity`.

    The tables of the newest snapshot are views in it, which cannot be changed.
    """
    workspace.check()
    check_url(workspace.database)
    if url := workspace.database or saved_location(workspace):
        connection = _open_database(workspace, url)
        connection.execute("COMMIT")  # a session writes into other databases
        return connection
    path = _newest(workspace)
    connection = duckdb.connect()
    try:
        _attach_snapshot(connection, path)
    except duckdb.Error as error:
        connection.close()
        raise StoreError(f"{path} cannot be read: {error}.") from error
    return connection


def _attach_snapshot(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a snapshot and create views of its tables under their own names."""
    connection.execute(f"ATTACH {literal(path)} AS snapshot (READ_ONLY)")
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'snapshot'"
    ).fetchall()
    for schema in dict(tables):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for schema, table in tables:
        connection.execute(f"CREATE VIEW {schema}.{table} AS FROM snapshot.{schema}.{table}")


def _newest(workspace: Workspace) -> Path:
    path = published(workspace)
    if path is None:
        raise UsageError(
            f"{workspace.root} has no warehouse yet.",
            next_step="Collect and load: phonofilm crawl deezer -n 100, then phonofilm load",
        )
    return path


def _open_database(workspace: Workspace, url: str) -> duckdb.DuckDBPyConnection:
    """Open a database; one that only the folder remembers may lack its password."""
    try:
        return open_database(url)
    except StoreError as error:
        if not workspace.database:
            error.with_saved(
                f"{workspace.root} was last loaded into that database.",
                "Name it with its password: --warehouse postgresql://..., or set PGPASSWORD."
                " phonofilm load without --warehouse fills the folder's own.",
            )
        raise
