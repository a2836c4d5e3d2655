"""`phonofilm load` and `phonofilm purge`: into the warehouse, and out of it in time."""

from __future__ import annotations

from phonofilm.cli import options as shared
from phonofilm.cli.screen import as_json, out, say, table
from phonofilm.warehouse.load import load
from phonofilm.warehouse.purge import purge as purge_folder


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
