"""`phonofilm export` and `phonofilm report`: what leaves the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, out, say, table
from phonofilm.errors import UsageError
from phonofilm.show.report import report as write_report
from phonofilm.show.waveform import waveform
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.export.export import FORMATS, export
from phonofilm.warehouse.export.remote import export_to
from phonofilm.workspace import Workspace


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="artists, tracks, comments, titles, artist_wide ...; discography; lake.",
        ),
    ],
    format: Annotated[
        str, typer.Option("--format", help="csv, parquet or jsonl (default: as --out ends).")
    ] = "",
    file: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            help="The file, or s3://bucket/key (default: TABLE.FORMAT).",
            show_default=False,
        ),
    ] = "",
    shape: Annotated[
        str, typer.Option("--shape", help="seed: the headers of the old scripts.")
    ] = "",
    catalog: Annotated[
        str, typer.Option("--catalog", help="lake: glue registers it for Athena.")
    ] = "",
    use: Annotated[
        str, typer.Option("--use", help="commercial, share or training: rows must allow it.")
    ] = "",
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="With --use: without the rows that do not.")
    ] = False,
    create: shared.Create = False,
    per_file: Annotated[
        int, typer.Option("--per-file", min=1, help="titles --shape seed: so many a JSON file.")
    ] = 5,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Write a table with its card: what it is, whence, under which terms."""
    folder = shared.folder_of(data, warehouse=warehouse)
    if use and name == "lake":
        raise UsageError("A lake holds all tables: --use goes with one of them.")
    if name == "lake":
        _lake(folder, file or "lake", catalog, create, json)
        return
    told = _format(name, format, file, shape)
    if use and ("://" in file or shape):
        raise UsageError("--use goes with a file and no shape.")
    if "://" in file:
        written = export_to(folder, name, told, file, shape, per_file, create)
    else:
        target = _target(name, told, file, shape)
        written = export(folder, name, told, target, shape, per_file, use, leave_out)
    _tell(written, json)


def _format(name: str, format: str, file: str, shape: str) -> str:
    """The format that was said, or that the file's name ends in; csv when neither tells."""
    ending = Path(file).suffix.lstrip(".") if name != "discography" else ""
    told = format or {"json": "jsonl", "ndjson": "jsonl"}.get(ending, ending)
    if told in FORMATS or format:
        return told
    if ending and not shape:
        raise UsageError(
            f"What shall {Path(file).name} be?", next_step="Say --format csv, parquet or jsonl."
        )
    return "csv"


def _target(name: str, format: str, file: str, shape: str) -> Path:
    """The file, or the folder of those shapes that are several files."""
    many = name == "discography" or (name in ("titles", "comments") and shape == "seed")
    target = Path(file or (name if many else f"{name}.{format}"))
    return target / f"{name}.{format}" if target.is_dir() and not many else target


def _tell(written: list[Exported], json: bool) -> None:
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
    folder = shared.folder_of(data, warehouse=warehouse)
    path = waveform(folder, track, file) if track else write_report(folder, file)
    if json:
        as_json({"path": str(path)})
    else:
        out.print(f"[bold]{path}[/]  {path.stat().st_size // 1024:,} KiB", soft_wrap=True)
        say("Open it in a browser, or send it: nothing in it comes from elsewhere.")


def _lake(folder: Workspace, url: str, catalogue: str, create: bool, json: bool) -> None:
    from phonofilm.warehouse.export.hive import athena_sql  # noqa: PLC0415
    from phonofilm.warehouse.export.lake import write_lake  # noqa: PLC0415 - an extra

    tables = write_lake(folder, url, catalogue, create)
    sql = athena_sql(tables, url)
    if json:
        as_json({"tables": [t._asdict() for t in tables], "athena": sql})
        return
    table(
        ("table", "rows", "lies in"),
        [(t.name, sum(t.partitions.values()), t.location) for t in tables],
    )
    if not catalogue:
        say("For Athena, without a catalogue:")
        out.print(sql, markup=False, soft_wrap=True)
