"""Exports: a table as CSV, Parquet or JSON lines, with a card that says what it is."""

from __future__ import annotations

import contextlib
from pathlib import Path

import duckdb

from phonofilm.errors import UsageError, storage_error
from phonofilm.records import RECORDS
from phonofilm.warehouse.export.card import Exported, attributions, write_card
from phonofilm.warehouse.export.legacy import tables
from phonofilm.warehouse.export.legacy.titles import write_titles
from phonofilm.warehouse.export.permitted_use import allowed, check_use
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.warehouse.views.comments import SEED
from phonofilm.workspace import Workspace

FORMATS = {
    "csv": "FORMAT csv, HEADER",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "jsonl": "FORMAT json",
}
TABLES = (
    *(cls.plural for cls in RECORDS),
    "films",
    "observations",
    "quarantine",
    "runs",
    "artist",
    "artist_wide",
    "recording",
    "release",
    "links",
    "beats",
)
# Titles leave with their rating, genres, directors, writers and stars.
# Comments leave with their track, its second and whether it is a set.
WIDER = {"titles": "titles_wide", "comments": "comments_wide"}
_DISCOGRAPHY = ("albums", "artists", "tracks", "features")


def export(
    folder: Workspace,
    table: str,
    format_: str,
    out: Path,
    shape: str = "",
    per_file: int = 5,
    use: str = "",
    leave_out: bool = False,
) -> list[Exported]:
    """Writes a table (or with `discography` and shape seed four) from the newest snapshot.

    Rows past their keeping are left out. A file appears under its name only when it is whole.
    With `comments` and shape seed they are three files in a folder.
    With `titles` and shape seed it is a folder of JSON files of `per_file` titles each. Rows that
    may not be used as `use` says are refused, or left out. TermsError names whose they are.
    """
    _check(table, format_, shape)
    if use and (table == "discography" or shape):
        raise UsageError(
            "What rows may be used for can be told of a table as it is, not of a shape.",
            next_step="Leave --use or --shape out.",
        )
    with open_snapshot(folder) as connection:
        tables.prepare(connection)
        if table == "discography":
            queries = {name: _seed(connection, name, favourites=True) for name in _DISCOGRAPHY}
            return [
                _write(connection, folder, name, format_, out / f"{name}.{format_}", sql)
                for name, sql in queries.items()
            ]
        if table == "comments" and shape == "seed":
            return [
                _write(connection, folder, name, format_, out / f"{name}.{format_}", sql)
                for name, sql in SEED.items()
            ]
        if table == "titles" and shape == "seed":
            return write_titles(connection, folder, out, per_file)
        sql = (
            _seed(connection, table)
            if shape == "seed"
            else f"SELECT * FROM {WIDER.get(table, table)}{_kept(connection, table)}"
        )
        if use and leave_out:
            sql = allowed(connection, sql, use)
        elif use:
            check_use(connection, sql, use)
        return [_write(connection, folder, table, format_, out, sql)]


def _check(table: str, format_: str, shape: str) -> None:
    if table not in (*TABLES, "discography"):
        raise UsageError(
            f"There is no table called {table!r}.",
            next_step=f"Tables: {', '.join(TABLES)}, or discography --shape seed.",
        )
    if format_ not in FORMATS:
        raise UsageError(
            f"There is no format {format_!r}.", next_step=f"Formats: {', '.join(FORMATS)}."
        )
    if shape not in ("", "seed"):
        raise UsageError(
            f"There is no shape {shape!r}.", next_step="Shapes: seed, or leave it out."
        )


def _kept(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    held = connection.execute(f"SELECT * FROM {table} LIMIT 0").description
    names = [column[0] for column in held or ()]
    if "expires_at" not in names:
        return ""
    return " WHERE expires_at IS NULL OR expires_at > now() AT TIME ZONE 'UTC' ORDER BY ALL"


def _seed(connection: duckdb.DuckDBPyConnection, table: str, favourites: bool = False) -> str:
    if favourites and table == "artists":
        return tables.favourite_artists(connection)
    sql = tables.query(connection, table)
    if sql is None:
        raise UsageError(
            f"The seeds wrote no table of {table}.",
            next_step="With --shape seed: artists, albums, tracks, features, discography, titles,"
            " comments.",
        )
    return sql


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Workspace,
    table: str,
    format_: str,
    out: Path,
    sql: str,
) -> Exported:
    growing = out.with_name(out.name + ".growing")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        query = _without_lists(connection, sql) if format_ == "csv" else sql
        literal = str(growing).replace("'", "''")
        row = connection.execute(f"COPY ({query}) TO '{literal}' ({FORMATS[format_]})").fetchone()
        growing.replace(out)
    except (IsADirectoryError, NotADirectoryError, FileNotFoundError, PermissionError) as error:
        with contextlib.suppress(OSError):
            growing.unlink(missing_ok=True)
        raise UsageError(f"{out} cannot be written: {error.strerror}.") from error
    except (OSError, duckdb.IOException) as error:
        growing.unlink(missing_ok=True)
        raise storage_error(out, error) from error
    rows = int(row[0]) if row else 0
    card = write_card(connection, folder, table, out, rows, sql)
    return Exported(table, out, card, rows, attributions(connection))


def _without_lists(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """CSV has no lists: their elements are joined by `;`."""
    columns = connection.execute(f"DESCRIBE {sql}").fetchall()
    lists = [name for name, kind, *_ in columns if kind.endswith("[]")]
    if not lists:
        return sql
    joined = ", ".join(f'array_to_string("{name}", \';\') AS "{name}"' for name in lists)
    return f"SELECT * REPLACE ({joined}) FROM ({sql})"
