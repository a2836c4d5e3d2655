"""Snapshots: readers never meet the writer. A load writes beside them, then swaps."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from phonofilm.errors import StoreError, UsageError, storage_error
from phonofilm.warehouse.engines.location import check_url, saved_location
from phonofilm.workspace import Workspace

KEPT = 2


def _all(folder: Workspace) -> list[Path]:
    return sorted((folder.warehouse / "snapshots").glob("[0-9]*.duckdb"))


def published(folder: Workspace) -> Path | None:
    """The newest snapshot, or None before the first load."""
    held = _all(folder)
    return held[-1] if held else None


def publish(folder: Workspace) -> Path:
    """Copies the warehouse and swaps the copy in by renaming; the newest two are kept."""
    held = _all(folder)
    number = int(held[-1].stem) + 1 if held else 1
    target = folder.warehouse / "snapshots" / f"{number:06d}.duckdb"
    growing = target.with_suffix(".growing")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.warehouse / "phonofilm.duckdb", growing)
        growing.replace(target)
        for old in _all(folder)[:-KEPT]:
            old.unlink(missing_ok=True)  # who reads it keeps reading: the file is only unnamed
    except OSError as error:
        raise storage_error(target, error) from error
    return target


def withdraw(folder: Workspace) -> None:
    """Removes all snapshots: they hold what must not be kept."""
    for path in _all(folder):
        path.unlink(missing_ok=True)


def open_session(folder: Workspace) -> duckdb.DuckDBPyConnection:
    """A connection of one's own, to which more can be attached, with the warehouse as `store`."""
    folder.check()
    check_url(folder.database)
    if folder.database or saved_location(folder):
        connection = open_snapshot(folder)
        connection.execute("COMMIT")  # it may write elsewhere
        return connection
    path = published(folder)
    if path is None:
        return open_snapshot(folder)  # which says what is missing
    connection = duckdb.connect()
    try:
        connection.execute(
            f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS house (READ_ONLY)"
        )
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'house'"
        ).fetchall()
        for schema in dict(tables):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for schema, table in tables:
            connection.execute(f"CREATE VIEW {schema}.{table} AS FROM house.{schema}.{table}")
    except duckdb.Error as error:
        connection.close()
        raise StoreError(f"{path} cannot be read: {error}.") from error
    return connection


def open_snapshot(folder: Workspace) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the newest snapshot; UsageError before the first load.

    Where a database was named, or the folder was last loaded into one, it is that one.
    """
    folder.check()
    check_url(folder.database)
    if url := folder.database or saved_location(folder):
        from phonofilm.warehouse.engines.postgres_reader import attached  # noqa: PLC0415 - an extra

        try:
            return attached(url)
        except StoreError as error:
            if not folder.database:
                error.with_saved(
                    f"{folder.root} was last loaded into that database.",
                    "Name it with its password: --warehouse postgresql://..., or set PGPASSWORD."
                    " phonofilm load without --warehouse fills the folder's own.",
                )
            raise
    path = published(folder)
    if path is None:
        raise UsageError(
            f"{folder.root} has no warehouse yet.",
            next_step="Collect and load: phonofilm crawl deezer -n 100, then phonofilm load",
        )
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise StoreError(f"{path} cannot be read: {error}.") from error
