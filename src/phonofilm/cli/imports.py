"""`phonofilm import` and `phonofilm land`: whole files, and answers that somebody saved."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, err, out, say, say_finding, table
from phonofilm.config import load_settings
from phonofilm.crawl.saved import land
from phonofilm.imports.dumps import ImportOptions, ImportResult, import_dumps
from phonofilm.sources import get


def command(
    source: Annotated[str, typer.Argument(help="imdb.")],
    files: Annotated[
        str,
        typer.Option(
            "--files", metavar="DIR|URL", help="A folder of .tsv or .tsv.gz, or where they lie."
        ),
    ] = "",
    only: Annotated[
        str, typer.Option("--only", help="anime, movies, series, shorts, episodes ...; by commas.")
    ] = "",
    id_map: Annotated[
        Path | None,
        typer.Option(
            "--id-map",
            help="Ids of anime: a CSV with `imdb`, or anime-lists' JSON.",
            show_default=False,
        ),
    ] = None,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Take files that lost over 5 % of their rows.")
    ] = False,
    landing: shared.Landing = "",
    create: shared.Create = False,
    data: shared.Data = None,
    config: shared.Config = None,
    json: shared.Json = False,
) -> None:
    """Bring in a source's official dumps: what changed, whole, checked to the last byte."""
    settings = load_settings(config)
    folder = shared.folder_of(data, settings, landing=landing, create=create)
    options = ImportOptions(source, files, only, id_map, allow_shrink)
    if not files and settings.source(source).accept_terms:
        _say_terms(source)
    with Progress(
        "{task.description}",
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal or err.quiet,
    ) as progress:
        tasks: dict[str, int] = {}

        def told(name: str, held: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=held, total=total)  # type: ignore[arg-type]

        result = asyncio.run(import_dumps(folder, settings, options, told))
    if json:
        as_json(result)
    else:
        _show(result, str(folder.root))


def _say_terms(source: str) -> None:
    terms = get(source).manifest.terms
    say(f"[bold]{terms.version}[/] · {terms.url}")
    for line in terms.summary:
        say(f"  · {line}")


def _show(result: ImportResult, root: str) -> None:
    rows = [(name, f["rows"], int(str(f["bytes"])) // 1024) for name, f in result.files.items()]
    table(("file", "rows", "KiB"), rows)
    if result.kept:
        table(("kept by", "titles"), result.kept.items())
    if result.missing:
        out.print(f"[yellow]![/] not there this time: {', '.join(result.missing)}")
    if not result.changed:
        out.print("Nothing changed since the last import.")
    say(f"From {result.origin} in {result.elapsed_s:.1f} s. Next: phonofilm load --data {root}")


def land_command(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILES...", help="Pages, folders of them, WARC files.")
    ],
    source: Annotated[str, typer.Option("--source", "-s", help="imdb or wikidata.")],
    landing: shared.Landing = "",
    create: shared.Create = False,
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Land answers that somebody saved; nothing is asked of anybody."""
    folder = shared.folder_of(data, landing=landing, create=create)
    result = land(folder, source, paths, load_settings().keep_names)
    if json:
        as_json(result)
        return
    out.print(f"{result.landed:,} landed, {result.already:,} were here already.")
    for finding in result.findings:
        say_finding(finding)
    say(f"Next: phonofilm load --data {folder.root}")
