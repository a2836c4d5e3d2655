"""Options that several verbs share, and commands that take their options as one object."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

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
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

Options = TypeVar("Options")


def takes_options(function: Callable[[Options], None]) -> Callable[..., None]:
    """Turn a function of one options dataclass into a command with one parameter per field.

    Typer reads the parameters of a command from its signature, so the signature is made from the
    fields: their names, their `Annotated[..., typer.Option(...)]` types and their defaults.
    """
    (options_class,) = (hint for name, hint in get_type_hints(function).items() if name != "return")
    hints = get_type_hints(options_class, include_extras=True)
    parameters = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is dataclasses.MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(options_class)
    ]

    @functools.wraps(function)
    def command(**values: Any) -> None:
        function(options_class(**values))

    command.__dict__["__signature__"] = Signature(parameters)
    command.__annotations__ = hints
    return command


def changed_options(options: Any, names: tuple[str, ...]) -> list[str]:
    """Return those of the named options whose value differs from their default."""
    defaults = {field.name: field.default for field in dataclasses.fields(options)}
    return [name for name in names if (getattr(options, name) or None) != (defaults[name] or None)]


def open_workspace(
    data: Path | None,
    settings: Settings | None = None,
    warehouse: str = "",
    landing: str = "",
    create: bool = False,
) -> Workspace:
    """Return the data folder with its warehouse and landing: the options, else the settings."""
    settings = settings or load_settings()
    return Workspace(
        root=data or settings.data,
        database=warehouse or settings.warehouse.get_secret_value(),
        landing_url=landing or settings.landing,
        create=create,
    )


def parse_time_limit(text: str | None) -> float | None:
    """Parse a time limit such as `90`, `30s`, `10m` or `2h` into seconds; UsageError otherwise."""
    if text is None:
        return None
    seconds = parse_seconds(text)
    if seconds is None:
        raise UsageError(f"{text!r} is no time.", next_step="Say 90, 30s, 10m or 2h.")
    return seconds
