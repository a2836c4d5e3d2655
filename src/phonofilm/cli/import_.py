"""`phonofilm import`: a source's official dumps."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from phonofilm.cli import options as shared
from phonofilm.cli.console import err, in_folder, note, print_json, print_table, say, warn
from phonofilm.config import Settings, load_settings
from phonofilm.crawl.parking import dumps_obeyed
from phonofilm.formatting import plain_text
from phonofilm.imports.dumps import ImportOptions, ImportResult, import_dumps
from phonofilm.sources import bulk_names, get
from phonofilm.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class ImportArguments:
    """Arguments and options of `phonofilm import`, in the order of its help."""

    source: Annotated[str, typer.Argument(help=f"{', '.join(bulk_names())}.")]
    files: Annotated[
        str,
        typer.Option(
            "--files", metavar="DIR|URL", help="A folder of .tsv or .tsv.gz, or where they lie."
        ),
    ] = ""
    only: Annotated[
        str, typer.Option("--only", help="anime, movies, series, shorts, episodes ...; by commas.")
    ] = ""
    id_map: Annotated[
        Path | None,
        typer.Option(
            "--id-map",
            help="Ids of anime: a CSV with `imdb`, or anime-lists' JSON.",
            show_default=False,
        ),
    ] = None
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Take files that lost over 5 % of their rows.")
    ] = False
    landing: shared.Landing = ""
    create: shared.Create = False
    data: shared.Data = None
    config: shared.Config = None
    json: shared.Json = False


@shared.takes_options
def command(arguments: ImportArguments) -> None:
    """Bring in a source's official dumps: what changed, whole, checked to the last byte."""
    settings = load_settings(arguments.config)
    workspace = shared.open_workspace(
        arguments.data, settings, landing=arguments.landing, create=arguments.create
    )
    options = ImportOptions(
        source=arguments.source,
        files=arguments.files,
        only=arguments.only,
        id_map=arguments.id_map,
        allow_shrink=arguments.allow_shrink,
    )
    if not options.files and settings.source(options.source).accept_terms:
        _print_terms(options.source)
    result = _import(workspace, settings, options)
    if arguments.json:
        print_json(result)
    else:
        _print_result(result, workspace)


def _import(workspace: Workspace, settings: Settings, options: ImportOptions) -> ImportResult:
    """Import with one progress bar per file, where standard error is a terminal."""
    tasks: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal or err.quiet,
    ) as progress:

        def report(name: str, completed_bytes: int, total_bytes: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(plain_text(name), total=total_bytes)
            progress.update(tasks[name], completed=completed_bytes, total=total_bytes)

        obeyed = dumps_obeyed(workspace, options.source)
        return asyncio.run(import_dumps(workspace, settings, options, report, obeyed))


def _print_terms(source: str) -> None:
    terms = get(source).manifest.terms
    note((terms.version, "bold"), f" · {terms.url}")
    for line in terms.summary:
        note(f"  · {line}")


def _print_result(result: ImportResult, workspace: Workspace) -> None:
    rows = [
        (name, file["rows"], int(str(file["bytes"])) // 1024) for name, file in result.files.items()
    ]
    print_table(("file", "rows", "KiB"), rows)
    if result.kept:
        print_table(("kept by", "titles"), result.kept.items())
    if result.missing:
        warn(f"not there this time: {', '.join(result.missing)}")
    if not result.changed:
        say("Nothing changed since the last import.")
    note(
        f"From {result.origin} in {result.elapsed_s:.1f} s."
        f" Next: {in_folder('phonofilm load', workspace.root)}"
    )
