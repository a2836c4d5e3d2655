"""`phonofilm load`: from the landing into the warehouse."""

from __future__ import annotations

from phonofilm.cli import options as shared
from phonofilm.cli.console import in_folder, note, print_json, print_table, say, warn
from phonofilm.warehouse.load.load import Loaded, load
from phonofilm.workspace import Workspace


def command(
    again: bool = False,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Bring what was collected into the warehouse; loading twice changes nothing.

    --again reads the whole landing once more, for instance after an update of the parsers.
    """
    workspace = shared.open_workspace(data, warehouse=warehouse)
    result = load(workspace, again)
    if json:
        print_json(result)
    else:
        _print_result(result, workspace)


def _print_result(result: Loaded, workspace: Workspace) -> None:
    rows = [
        (table, inserted, result.updated[table], result.unchanged[table])
        for table, inserted in result.inserted.items()
    ]
    if rows:
        print_table(("", "inserted", "updated", "unchanged"), rows)
    else:
        say("Nothing new to load.")
    if result.quarantined:
        warn(
            f"{result.quarantined:,} answers or parts of them do not parse:"
            " phonofilm show quarantine"
        )
    for kind, count in result.findings.items():
        example = result.examples.get(kind, "")
        such_as = f", such as {example}" if example else ""
        say((f"{kind.replace('_', ' ')}: {count:,}{such_as}", "dim"))
    if result.landing_in_use:
        say(
            (
                f"{result.landing_in_use} goes on; its newest responses come with the next load.",
                "dim",
            )
        )
    note(
        f"{result.answers:,} answers in {result.elapsed_s:.1f} s."
        f" Next: {in_folder('phonofilm report', workspace.root)}"
    )
