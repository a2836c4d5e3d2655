"""`phonofilm export`: tables as files, and all of them as a lake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import note, print_json, print_table, say
from phonofilm.errors import UsageError
from phonofilm.files import STANDARD_OUTPUT
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.export.export import FORMATS, export
from phonofilm.warehouse.export.remote import export_to
from phonofilm.warehouse.export.row_choice import RowChoice
from phonofilm.workspace import Workspace

_FORMAT_OF_ENDING = {"json": "jsonl", "ndjson": "jsonl"}


@dataclass(frozen=True, kw_only=True)
class ExportArguments:
    """Arguments and options of `phonofilm export`, in the order of its help."""

    name: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="artists, tracks, comments, titles, artist_wide ...; discography; lake.",
        ),
    ]
    format: Annotated[
        str, typer.Option("--format", help="csv, parquet or jsonl (default: as --out ends).")
    ] = ""
    file: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            help="The file, - for standard output, or s3://bucket/key (default: TABLE.FORMAT).",
            show_default=False,
        ),
    ] = ""
    shape: Annotated[str, typer.Option("--shape", help="seed: the headers of the old scripts.")] = (
        ""
    )
    catalog: Annotated[
        str, typer.Option("--catalog", help="lake: glue registers it for Athena.")
    ] = ""
    genre: Annotated[
        str, typer.Option("--genre", "-g", help="Only artists, tracks or clips of a genre.")
    ] = ""
    use: Annotated[
        str, typer.Option("--use", help="commercial, share or training: rows must allow it.")
    ] = ""
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="With --use: without the rows that do not.")
    ] = False
    create: shared.Create = False
    per_file: Annotated[
        int, typer.Option("--per-file", min=1, help="titles --shape seed: so many a JSON file.")
    ] = 5
    warehouse: shared.Warehouse = ""
    data: shared.Data = None
    json: shared.Json = False


@shared.takes_options
def command(arguments: ExportArguments) -> None:
    """Write a table with its card: its content, origin and terms."""
    workspace = shared.open_workspace(arguments.data, warehouse=arguments.warehouse)
    if arguments.name == "lake":
        _export_lake(workspace, arguments)
        return
    if arguments.json and Path(arguments.file) == STANDARD_OUTPUT:
        raise UsageError("Standard output has room for the table or for --json.")
    files = _export(workspace, arguments, _format_of(arguments))
    if arguments.json:
        print_json([_json_row(file) for file in files])
    else:
        _print_files(files)
        if any(file.table == "features" and not file.rows for file in files):
            note("No audio features: they come with crawl --want features=all, where a source")
            note("has them (docs/sources.md).")


def _export(workspace: Workspace, arguments: ExportArguments, format_: str) -> list[Exported]:
    table, shape = arguments.name, arguments.shape
    rows = RowChoice(genre=arguments.genre, use=arguments.use, leave_out=arguments.leave_out)
    if arguments.use and ("://" in arguments.file or shape):
        raise UsageError("--use goes with a file and no shape.")
    if "://" in arguments.file:
        return export_to(
            workspace,
            table,
            format_,
            arguments.file,
            shape,
            arguments.per_file,
            arguments.create,
            rows,
        )
    return export(
        workspace, table, format_, _target(arguments, format_), shape, arguments.per_file, rows
    )


def _format_of(arguments: ExportArguments) -> str:
    """Return the format of `--format`, else of the file's ending, else csv."""
    file = Path(arguments.file)
    ending = file.suffix.lstrip(".") if arguments.name != "discography" else ""
    format_ = arguments.format or _FORMAT_OF_ENDING.get(ending, ending)
    if format_ in FORMATS or arguments.format:
        return format_
    if ending and not arguments.shape:
        raise UsageError(
            f"What shall {file.name} be?", next_step="Say --format csv, parquet or jsonl."
        )
    return "csv"


def _target(arguments: ExportArguments, format_: str) -> Path:
    """Return the path of the file, or of the folder for shapes that are several files."""
    name = arguments.name
    several = name == "discography" or (
        name in ("titles", "comments") and arguments.shape == "seed"
    )
    target = Path(arguments.file or (name if several else f"{name}.{format_}"))
    return target / f"{name}.{format_}" if target.is_dir() and not several else target


def _json_row(file: Exported) -> dict[str, object]:
    return {
        "table": file.table,
        "path": str(file.path),
        "card": str(file.card or ""),
        "rows": file.rows,
        "attribution": file.attribution,
    }


def _print_files(files: list[Exported]) -> None:
    for file in files:
        stream = file.card is None  # standard output may be the one that the table went into
        card = "no card" if stream else f"card: {file.card}"
        (note if stream else say)(
            (str(file.path), "bold"), f"  {file.rows:,} rows  ", (card, "dim")
        )
    for line in dict.fromkeys(line for file in files for line in file.attribution):
        note((line, "dim"))


def _export_lake(workspace: Workspace, arguments: ExportArguments) -> None:
    """Write all tables as a lake and print how Athena reads them."""
    if arguments.use or arguments.genre:
        raise UsageError("A lake has all tables: --use and --genre go with one of them.")
    from phonofilm.warehouse.export.hive import athena_sql  # noqa: PLC0415
    from phonofilm.warehouse.export.lake import write_lake  # noqa: PLC0415 - an extra

    url = arguments.file or "lake"
    tables = write_lake(workspace, url, arguments.catalog, arguments.create)
    sql = athena_sql(tables, url)
    if arguments.json:
        print_json({"tables": [table._asdict() for table in tables], "athena": sql})
        return
    rows = [(table.name, table.rows, table.location) for table in tables]
    print_table(("table", "rows", "lies in"), rows)
    if not arguments.catalog:
        note("For Athena, without a catalogue:")
        for line in sql.splitlines():
            say(line)
