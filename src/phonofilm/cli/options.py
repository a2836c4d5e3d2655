"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonofilm.config import Settings, load_settings
from phonofilm.durations import parse_seconds
from phonofilm.errors import UsageError
from phonofilm.workspace import Workspace

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (default: ./data).", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
At = Annotated[
    str | None, typer.Option("--at", metavar="URL", help="A sandbox instead of the live service.")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file (default: ./phonofilm.toml).", show_default=False),
]

Catalogue = Annotated[
    Path | None,
    typer.Option(
        "--catalogue", help="A CSV of real songs instead of a generated world.", show_default=False
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="The same seed, the same world.")]


Warehouse = Annotated[
    str,
    typer.Option(
        "--warehouse",
        metavar="URL",
        help="postgresql://... (default: the folder's own DuckDB).",
        show_default=False,
    ),
]


Landing = Annotated[
    str,
    typer.Option(
        "--landing",
        metavar="URL",
        help="s3://bucket/prefix for what is collected.",
        show_default=False,
    ),
]
Create = Annotated[bool, typer.Option("--create", help="Make the bucket when there is none.")]


def folder_of(
    data: Path | None,
    settings: Settings | None = None,
    warehouse: str = "",
    landing: str = "",
    create: bool = False,
) -> Workspace:
    """The data folder, its warehouse and its landing: the options, else the settings."""
    held = settings or load_settings()
    database = warehouse or held.warehouse.get_secret_value()
    return Workspace(data or held.data, database, landing or held.landing, create)


def parse_time_limit(text: str | None) -> float | None:
    """Parse a time limit such as `90`, `30s`, `10m` or `2h` into seconds; UsageError otherwise."""
    if text is None:
        return None
    seconds = parse_seconds(text)
    if seconds is None:
        raise UsageError(f"{text!r} is no time.", next_step="Say 90, 30s, 10m or 2h.")
    return seconds
