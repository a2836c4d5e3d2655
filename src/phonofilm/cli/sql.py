"""`phonofilm sql`: a query of the warehouse."""

from __future__ import annotations

from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import print_json, print_table
from phonofilm.show.rows import run_query


def command(
    query: Annotated[str, typer.Argument(help="A query; phonofilm show lists the tables.")],
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Query the warehouse in SQL (DuckDB's, on a read-only snapshot)."""
    names, rows = run_query(shared.open_workspace(data, warehouse=warehouse), query)
    if json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows, grouped=False)
