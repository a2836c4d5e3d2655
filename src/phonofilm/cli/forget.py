"""`phonofilm forget`: remove a person everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import confirm, note, print_json, say
from phonofilm.erasure.person import erase_person


def command(
    person: Annotated[
        str, typer.Argument(metavar="USER", help="Id, URN, address, handle or name.")
    ],
    source: Annotated[str, typer.Option("--source", "-s", help="Where they are.")] = "soundcloud",
    yes: shared.Yes = False,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Remove a person everywhere: what they wrote, put up, and were called."""
    if not yes:
        confirm(f"Remove {person} and all that is theirs, for good?", "forget")
    result = erase_person(shared.open_workspace(data, warehouse=warehouse), person, source)
    if json:
        print_json(result)
        return
    for table, count in result.rows.items():
        say(f"{table}: {count:,} rows removed")
    say(f"{result.answers:,} answers changed or removed, {result.files:,} files removed.")
    note("Left out from now on. What you exported earlier is yours to remove.")
