"""`phonofilm export` and `phonofilm report`: what leaves the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.screen import as_json, out, say
from phonofilm.show.report import report as write_report
from phonofilm.warehouse.export import FORMATS, export


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="artists, albums, tracks, features, playlists, entries ..., or discography.",
        ),
    ],
    format: Annotated[
        str, typer.Option("--format", help="csv, parquet or jsonl (default: as --out ends).")
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file (default: TABLE.FORMAT).", show_default=False),
    ] = None,
    shape: Annotated[
        str, typer.Option("--shape", help="seed: the headers of the old scripts.")
    ] = "",
    per_file: Annotated[
        int, typer.Option("--per-file", min=1, help="titles --shape seed: so many a JSON file.")
    ] = 5,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Write a table with its card: what it is, whence, under which terms."""
    ending = file.suffix.lstrip(".") if file and name != "discography" else ""
    format = format or (ending if ending in FORMATS else "csv")
    target = file or Path(name if name == "discography" else f"{name}.{format}")
    if target.is_dir() and name != "discography":
        target /= f"{name}.{format}"
    written = export(
        shared.folder_of(data, warehouse=warehouse), name, format, target, shape, per_file
    )
    if json:
        as_json(
            [
                {
                    "table": w.table,
                    "path": str(w.path),
                    "card": str(w.card),
                    "rows": w.rows,
                    "attribution": w.attribution,
                }
                for w in written
            ]
        )
        return
    for one in written:
        out.print(
            f"[bold]{one.path}[/]  {one.rows:,} rows  [dim]card: {one.card}[/]", soft_wrap=True
        )
    for line in dict.fromkeys(line for one in written for line in one.attribution):
        say(f"[dim]{line}[/]")


def report(
    file: Annotated[Path, typer.Option("--out", "-o", help="The page.")] = Path("report.html"),
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Write one self-contained page of what was collected."""
    file = file / "report.html" if file.is_dir() else file
    path = write_report(shared.folder_of(data, warehouse=warehouse), file)
    if json:
        as_json({"path": str(path)})
    else:
        out.print(f"[bold]{path}[/]  {path.stat().st_size // 1024:,} KiB", soft_wrap=True)
        say("Open it in a browser, or send it: nothing in it comes from elsewhere.")
