"""Arguments and options of `phonofilm crawl`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from phonofilm.cli import options as shared
from phonofilm.config import Settings
from phonofilm.errors import UsageError
from phonofilm.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class CrawlArguments:
    """Arguments and options of `phonofilm crawl`, in the order of its help."""

    source: Annotated[
        str, typer.Argument(help="deezer, spotify ...; several by commas. --plan may choose.")
    ] = ""
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[URL]...",
            help="Links to artists, albums, tracks or playlists.",
            show_default=False,
        ),
    ] = None
    want: Annotated[
        list[str] | None,
        typer.Option(
            "--want",
            "-W",
            metavar="KIND[=N|=all]",
            help="artists, albums, tracks, playlists, features; repeatable.",
            show_default=False,
        ),
    ] = None
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            min=1,
            help="So many artists, and what is wanted of them: --want artists=N.",
            show_default=False,
        ),
    ] = None
    genre: Annotated[str, typer.Option("--genre", "-g", help="Every artist of a genre.")] = ""
    artist: Annotated[
        list[str] | None,
        typer.Option(
            "--artist", "-a", help="An artist's discography; repeatable.", show_default=False
        ),
    ] = None
    artists: Annotated[
        Path | None,
        typer.Option(
            "--artists",
            help="Artists by name: lines, or a CSV (Exportify, Kaggle ...).",
            show_default=False,
        ),
    ] = None
    artists_from: Annotated[
        str,
        typer.Option(
            "--artists-from",
            metavar="SQL",
            help="Artists by a query of the warehouse: its first column.",
        ),
    ] = ""
    ids: Annotated[
        Path | None,
        typer.Option(
            "--ids",
            help="Ids or links: lines, or a CSV (Exportify, Kaggle ...).",
            show_default=False,
        ),
    ] = None
    playlist: Annotated[
        str,
        typer.Option(
            "--playlist", "-p", metavar="THEME", help="Playlists on a theme and their tracks."
        ),
    ] = ""
    for_: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="SOURCE",
            help="Find the tracks of another source here, by code and words.",
        ),
    ] = ""
    media: Annotated[
        str,
        typer.Option(
            "--media", metavar="ROLES|all", help="Fetch files, too: artwork, profile, waveform ..."
        ),
    ] = ""
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Fill --fields of artists from the sources that have them."),
    ] = False
    fields: Annotated[
        str, typer.Option("--fields", help="With --plan: genres,popularity,related,bpm,preview ...")
    ] = "genres,popularity,related,bpm,preview"
    max_calls: Annotated[
        int | None,
        typer.Option("--max-calls", min=1, help="Stop after so many calls.", show_default=False),
    ] = None
    max_time: Annotated[
        str | None,
        typer.Option(
            "--max-time", metavar="T", help="Stop after 30s, 10m, 2h.", show_default=False
        ),
    ] = None
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="coverage=0.9",
            help="Stop when so much of the reachable is collected: full records.",
        ),
    ] = ""
    wait: Annotated[bool, typer.Option("--wait", help="Stay when the source is parked.")] = False
    workers: Annotated[
        int, typer.Option("-w", "--workers", min=1, max=256, help="Calls under way at once.")
    ] = 4
    fresh: Annotated[
        bool,
        typer.Option(
            "-f", "--fresh", help="Forget this source's frontier (never what was collected)."
        ),
    ] = False
    refresh: Annotated[
        float | None,
        typer.Option(
            "--refresh",
            metavar="DAYS",
            min=0,
            help="Ask again what was answered longer than so many days ago.",
            show_default=False,
        ),
    ] = None
    yes: shared.Yes = False
    policy: Annotated[
        str, typer.Option("--policy", help="How calls are chosen: information, averages, breadth.")
    ] = "information"
    debug: Annotated[bool, typer.Option("-d", "--debug", help="Every call on standard error.")] = (
        False
    )
    at: shared.At = None
    landing: shared.Landing = ""
    create: shared.Create = False
    data: shared.Data = None
    config: shared.Config = None
    json: shared.Json = False


class CrawlCommand(NamedTuple):
    """One `phonofilm crawl`: its arguments, and what they name, read and parsed.

    `wants` maps kinds to numbers (None: all), `artist_names` come from options, a file and a query.
    """

    arguments: CrawlArguments
    settings: Settings
    workspace: Workspace
    wants: dict[str, int | None]
    artist_names: list[str]


# Options that every program of the verb obeys.
_COMMON = ("source", "at", "yes", "debug", "landing", "create", "data", "config", "json")


def check_options(arguments: CrawlArguments, program: str, accepted: tuple[str, ...]) -> None:
    """Raise UsageError for options that the program of an option would ignore."""
    obeyed = {*_COMMON, *accepted, program}
    names = tuple(field.name for field in fields(arguments) if field.name not in obeyed)
    if ignored := shared.changed_options(arguments, names):
        raise UsageError(
            f"{_spelled([program])} does not go with {_spelled(ignored)}.",
            next_step=f"It goes with --at, {_spelled(accepted)}.",
        )


def _spelled(names: Iterable[str]) -> str:
    """Return names of parameters as options are typed."""
    typed = (f"--{name.strip('_').replace('_', '-')}" if len(name) > 1 else "-n" for name in names)
    return ", ".join("links" if option == "--urls" else option for option in typed)
