"""Exports: a table as CSV, Parquet or JSON lines, with a card that describes it."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from phonofilm.errors import UsageError, output_error, storage_error
from phonofilm.files import output_path
from phonofilm.records import RECORDS
from phonofilm.sql import identifier, literal
from phonofilm.warehouse.export.card import (
    CardContents,
    Exported,
    attributions,
    card_path,
    card_text,
)
from phonofilm.warehouse.export.legacy import comments, tables
from phonofilm.warehouse.export.legacy.titles import write_titles
from phonofilm.warehouse.export.lists import joined_list
from phonofilm.warehouse.export.permitted_use import check_use, permitted_rows
from phonofilm.warehouse.export.row_choice import ALL_ROWS, RowChoice, of_genre
from phonofilm.warehouse.schema.tables import WIDE_VIEWS
from phonofilm.warehouse.snapshots import missing_views_named, open_snapshot
from phonofilm.workspace import Workspace

# Options of DuckDB's COPY, by format.
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
    "artist_by_genre",
    "recording",
    "release",
    "links",
    "beats",
    "tracks_and_beats",
    "clips",
    "list_versions",
    "playlist_versions",
)
_DISCOGRAPHY = ("albums", "artists", "tracks", "features")


def export(
    workspace: Workspace,
    table: str,
    format_: str,
    out: Path,
    shape: str = "",
    per_file: int = 5,
    rows: RowChoice = ALL_ROWS,
) -> list[Exported]:
    """Write a table from the newest snapshot, with its card, and return the files.

    Expired rows are left out. A file appears under its name only when it is whole. Several files
    are written into the folder `out` by `discography` (four), by `comments` of shape seed (three),
    and by `titles` of shape seed (JSON files of `per_file` titles each).

    TermsError when a row may not be used for `rows.use`, unless `rows.leave_out`.
    """
    _check(table, format_, shape, rows)
    with open_snapshot(workspace) as connection, missing_views_named():
        tables.prepare(connection)
        if table == "titles" and shape == "seed":
            return write_titles(connection, workspace, out, per_file)
        if queries := _several(connection, table, shape):
            return [
                _write(connection, workspace, name, format_, out / f"{name}.{format_}", sql)
                for name, sql in queries.items()
            ]
        condition = of_genre(connection, table, rows.genre) if rows.genre else "true"
        if shape == "seed":
            sql = _seed(connection, table, condition)
        else:
            sql = _plain(connection, table, condition)
        if rows.use and rows.leave_out:
            sql = permitted_rows(connection, sql, rows.use)
        elif rows.use:
            check_use(connection, sql, rows.use)
        return [_write(connection, workspace, table, format_, out, sql)]


def _check(table: str, format_: str, shape: str, rows: RowChoice) -> None:
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
    if rows.genre and shape and table != "artists":
        raise UsageError(
            "--genre cannot be combined with this --shape.",
            next_step="With --shape seed it goes with artists.",
        )
    if rows.use and (table == "discography" or shape):
        raise UsageError(
            "--use cannot be combined with --shape or discography.",
            next_step="Leave --use or --shape out.",
        )


def _plain(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> str:
    """Return the query of a table, or of its wide view, under a condition on its rows `t`.

    Expired rows are left out.
    """
    described = connection.execute(f"SELECT * FROM {table} LIMIT 0").description
    names = [column[0] for column in described or ()]
    sql = f"SELECT * FROM {WIDE_VIEWS.get(table, table)} t WHERE {condition}"
    if "expires_at" not in names:
        return sql
    kept = "(expires_at IS NULL OR expires_at > now() AT TIME ZONE 'UTC')"
    return f"{sql} AND {kept} ORDER BY ALL"


def _several(connection: duckdb.DuckDBPyConnection, table: str, shape: str) -> dict[str, str]:
    """Return the queries of an export of several tables, by name; none for a single table."""
    if table == "discography":
        queries = {name: _seed(connection, name) for name in _DISCOGRAPHY}
        return queries | {"artists": tables.favourite_artists(connection)}
    return comments.QUERIES if table == "comments" and shape == "seed" else {}


def _seed(connection: duckdb.DuckDBPyConnection, table: str, condition: str = "true") -> str:
    sql = tables.seed_query(connection, table, condition)
    if sql is None:
        raise UsageError(
            f"The seeds wrote no table of {table}.",
            next_step="With --shape seed: artists, albums, tracks, features, discography, titles,"
            " comments.",
        )
    return sql


def _write(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    table: str,
    format_: str,
    out: Path,
    sql: str,
) -> Exported:
    """Write the rows of a query into a file, and its card; both replace what is there, or none."""
    card = card_path(out)
    query = _expressible(connection, sql, format_)
    try:
        with output_path(out) as partial, output_path(card or Path(os.devnull)) as partial_card:
            row = connection.execute(
                f"COPY ({query}) TO {literal(partial)} ({FORMATS[format_]})"
            ).fetchone()
            rows = int(row[0]) if row else 0
            contents = CardContents(table=table, name=out.name, written=partial, rows=rows, sql=sql)
            partial_card.write_text(card_text(connection, workspace, contents), encoding="utf-8")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_error(out, error) from error
    except duckdb.IOException as error:
        raise storage_error(out, error) from error
    return Exported(
        table=table, path=out, card=card, rows=rows, attribution=attributions(connection)
    )


def _expressible(connection: duckdb.DuckDBPyConnection, sql: str, format_: str) -> str:
    """Return a query whose values a format can express.

    CSV has no lists: their elements are joined (`joined_list`). JSON has no NaN and no infinity:
    they are null.
    """
    replaced = []
    for name, type_, *_ in connection.execute(f"DESCRIBE {sql}").fetchall():
        column = identifier(name)
        if format_ == "csv" and type_.endswith("[]"):
            replaced.append(f"{joined_list(column)} AS {column}")
        elif format_ == "jsonl" and type_ in ("DOUBLE", "FLOAT"):
            replaced.append(f"CASE WHEN isfinite({column}) THEN {column} END AS {column}")
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM ({sql})" if replaced else sql
