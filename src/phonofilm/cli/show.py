"""`phonofilm show`: one table of the warehouse, or the list of tables."""

from __future__ import annotations

from typing import Annotated

import duckdb
import typer

from phonofilm.cli import options as shared
from phonofilm.cli.columns import COLUMNS
from phonofilm.cli.console import print_json, print_table
from phonofilm.errors import UsageError
from phonofilm.records import BY_PLURAL
from phonofilm.warehouse.export.export import TABLES
from phonofilm.warehouse.schema.tables import WIDE_VIEWS
from phonofilm.warehouse.snapshots import missing_views_named, open_snapshot

_ORDERS = {
    "artists": "popularity DESC NULLS LAST, followers DESC NULLS LAST",
    "titles": "votes DESC NULLS LAST, id",
    "films": "title_type IS NOT DISTINCT FROM 'tvEpisode', votes DESC NULLS LAST, id",
    "ratings": "votes DESC NULLS LAST, id",
}
_VIEWS = "SELECT table_name FROM information_schema.tables"
_TITLE_COLUMNS = (
    "name, title_type AS type, CAST(start_year AS VARCHAR) AS year, rating, votes,"
    " array_to_string(genres[:2], ', ') AS genres, id"
)
_SCREEN_COLUMNS = {"titles": _TITLE_COLUMNS, "films": _TITLE_COLUMNS}


def command(
    name: Annotated[
        str, typer.Argument(metavar="[TABLE]", help="A table; without one, all of them.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-l", min=1, help="Rows.")] = 20,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Show a table of the warehouse, or which tables there are."""
    workspace = shared.open_workspace(data, warehouse=warehouse)
    with open_snapshot(workspace) as connection, missing_views_named():
        if not name:
            _print_tables(connection, json)
            return
        if name not in TABLES:
            raise UsageError(
                f"There is no table called {name!r}.", next_step=f"Tables: {', '.join(TABLES)}."
            )
        columns = "*" if json else _SCREEN_COLUMNS.get(name, "*")
        names, rows = _read(connection, name, columns, limit)
    if json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    shown = _shown_columns(name, names)
    indexes = [names.index(column) for column in shown]
    print_table(shown, [[row[index] for index in indexes] for row in rows])


def _print_tables(connection: duckdb.DuckDBPyConnection, json: bool) -> None:
    counts = {}
    existing = {name for (name,) in connection.execute(_VIEWS).fetchall()}
    for table in TABLES:
        if table not in existing:  # an older version loaded the warehouse
            continue
        [(count,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
        counts[table] = int(count)
    if json:
        print_json(counts)
    else:
        print_table(("table", "rows"), counts.items())


def _read(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, limit: int
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return column names and first rows; titles come with their ratings, genres and people."""
    view = WIDE_VIEWS.get(table, table) if table in _SCREEN_COLUMNS else table
    cursor = connection.execute(
        f"SELECT {columns} FROM {view} ORDER BY {_ORDERS.get(table, 'ALL')} LIMIT {limit}"
    )
    return [column[0] for column in cursor.description or ()], cursor.fetchall()


def _shown_columns(table: str, names: list[str]) -> list[str]:
    """Return the columns of a table that are printed, in their order."""
    if table in _SCREEN_COLUMNS or table not in BY_PLURAL:
        return names
    return [name for name in COLUMNS.get(BY_PLURAL[table].kind, names) if name in names]
