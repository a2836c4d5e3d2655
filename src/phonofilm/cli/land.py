"""`phonofilm land`: responses that were saved by other means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import in_folder, note, print_json, say
from phonofilm.cli.summary import print_finding
from phonofilm.config import load_settings
from phonofilm.crawl.saved import land


def command(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILES...", help="Pages, folders of them, WARC files.")
    ],
    source: Annotated[
        str, typer.Option("--source", "-s", help="imdb, wikidata, soundcloud or beatport.")
    ],
    landing: shared.Landing = "",
    create: shared.Create = False,
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Land responses that were saved by other means; no request is made."""
    workspace = shared.open_workspace(data, landing=landing, create=create)
    result = land(workspace, source, paths, load_settings().keep_names)
    if json:
        print_json(result)
        return
    say(f"{result.landed:,} landed, {result.already:,} were here already.")
    for finding in result.findings:
        print_finding(finding)
    note(f"Next: {in_folder('phonofilm load', workspace.root)}")
