"""`phonofilm purge`: remove what may not be kept any longer."""

from __future__ import annotations

from phonofilm.cli import options as shared
from phonofilm.cli.console import print_json, say
from phonofilm.erasure.retention import purge


def command(
    warehouse: shared.Warehouse = "", data: shared.Data = None, json: shared.Json = False
) -> None:
    """Remove what a source's terms do not let you keep any longer."""
    result = purge(shared.open_workspace(data, warehouse=warehouse))
    if json:
        print_json(result)
        return
    for table, count in result.rows.items():
        say(f"{table}: {count:,} rows removed")
    say(f"{result.answers:,} answers removed from the landing.")
