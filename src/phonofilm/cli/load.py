"""`phonofilm load`, `purge` and `forget`: into the warehouse, and out of it."""

from __future__ import annotations

from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, err, out, say, table
from phonofilm.erasure.person import erase_person as forget_person
from phonofilm.erasure.retention import purge as purge_folder
from phonofilm.errors import UsageError
from phonofilm.warehouse.load.load import load


def command(
    again: bool = False,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Bring what was collected into the warehouse; loading twice changes nothing.

    --again reads the whole landing once more, for instance after an update of the parsers.
    """
    folder = shared.folder_of(data, warehouse=warehouse)
    result = load(folder, again)
    if json:
        as_json(result)
        return
    names = list(result.inserted)
    rows = [(n, result.inserted[n], result.updated[n], result.unchanged[n]) for n in names]
    if rows:
        table(("", "inserted", "updated", "unchanged"), rows)
    else:
        out.print("Nothing new to load.")
    if result.quarantined:
        out.print(
            f"[yellow]![/] {result.quarantined:,} answers or parts of them do not parse:"
            " phonofilm show quarantine"
        )
    for kind, count in result.findings.items():
        out.print(f"[dim]{kind.replace('_', ' ')}: {count:,}[/]")
    say(
        f"{result.answers:,} answers in {result.elapsed_s:.1f} s."
        f" Next: phonofilm report --data {folder.root}"
    )


def erase_person(
    who: Annotated[str, typer.Argument(metavar="USER", help="Id, URN, address, handle or name.")],
    source: Annotated[str, typer.Option("--source", "-s", help="Where they are.")] = "soundcloud",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Remove a person everywhere: what they wrote, put up, and were called."""
    if not yes:
        question = f"Remove {who} and all that is theirs, for good?"
        if not err.is_terminal:
            raise UsageError("forget asks first.", next_step="Add --yes.")
        if not typer.confirm(question, err=True):
            raise typer.Abort
    folder = shared.folder_of(data, warehouse=warehouse)
    result = forget_person(folder, who, source)
    if json:
        as_json(result)
        return
    for name, count in result.rows.items():
        out.print(f"{name}: {count:,} rows removed")
    out.print(f"{result.answers:,} answers changed or removed, {result.files:,} files removed.")
    say("Left out from now on. What you exported earlier is yours to remove.")


def purge(
    warehouse: shared.Warehouse = "", data: shared.Data = None, json: shared.Json = False
) -> None:
    """Remove what a source's terms do not let you keep any longer."""
    result = purge_folder(shared.folder_of(data, warehouse=warehouse))
    if json:
        as_json(result)
        return
    for name, count in result.rows.items():
        out.print(f"{name}: {count:,} rows removed")
    out.print(f"{result.answers:,} answers removed from the landing.")
