"""`phonofilm report`: one page of what was collected, or the picture of one track."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import note, print_json, say
from phonofilm.files import is_stream
from phonofilm.show.report import report
from phonofilm.show.waveform import waveform


def command(
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The page (default: report.html).", show_default=False),
    ] = None,
    track: Annotated[
        str,
        typer.Option(
            "--track",
            metavar="ID|URL|TITLE",
            help="One track's waveform with its comments at their seconds, as SVG.",
        ),
    ] = "",
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Write one self-contained page of what was collected, or the picture of one track."""
    name = "track.svg" if track else "report.html"
    file = Path(name) if file is None else file / name if file.is_dir() else file
    workspace = shared.open_workspace(data, warehouse=warehouse)
    path = waveform(workspace, track, file) if track else report(workspace, file)
    if json:
        print_json({"path": str(path)})
    else:
        show = note if is_stream(path) else say
        size = "" if is_stream(path) else f"  {path.stat().st_size // 1024:,} KiB"
        show((str(path), "bold"), size)
        note("Open it in a browser, or send it: nothing in it comes from elsewhere.")
