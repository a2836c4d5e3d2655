"""`phonofilm sandbox`: a stand-in of a source on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import table
from phonofilm.errors import StoreError, UsageError
from phonofilm.sandbox.kernel.faults.registry import DUMP_FAULTS, LINK_FAULTS
from phonofilm.sandbox.kernel.faults.rules import described
from phonofilm.sandbox.kernel.server import Plan, serve


def command(
    source: Annotated[
        str, typer.Argument(help="spotify, deezer ...; several by commas, or all (music).")
    ],
    access: Annotated[
        str,
        typer.Option(
            "--access",
            help="extended-legacy, extended, development-2025 or development (Spotify);"
            " datasets or pages (IMDb).",
        ),
    ] = "",
    artists: Annotated[
        int, typer.Option("--artists", min=1, help="Size of the generated world.")
    ] = 3000,
    titles: Annotated[
        int, typer.Option("--titles", min=1, help="Titles of the world's film side.")
    ] = 3000,
    seed: shared.Seed = 7,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    rate: Annotated[
        str,
        typer.Option("--rate", metavar="N/Ts|none", help="Rolling window, for instance 180/30s."),
    ] = "",
    quota: Annotated[
        str, typer.Option("--quota", metavar="N/Th|none", help="Long quota, for instance 1000/24h.")
    ] = "none",
    catalogue: shared.Catalogue = None,
    faults: Annotated[
        Path | None,
        typer.Option(
            "--faults", help="Rules of faults to play (TOML); docs/faults.md.", show_default=False
        ),
    ] = None,
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="The faults there are, and end.", is_eager=True)
    ] = False,
) -> None:
    """Stand in for a source until SIGTERM; prints one line of JSON when ready."""
    if list_faults:
        table(
            ("fault", "what it plays"),
            (described() | described(DUMP_FAULTS) | described(LINK_FAULTS)).items(),
            wraps="what it plays",
        )
        return
    plan = Plan(source, access, artists, seed, rate, quota, catalogue, faults, titles)
    try:
        asyncio.run(serve(plan, port))
    except OSError as error:
        if catalogue and not catalogue.is_file():
            raise UsageError(f"{catalogue} cannot be read: {error.strerror}.") from None
        raise StoreError(
            f"The port cannot be had: {error.strerror}.", next_step="Use --port 0."
        ) from None
    except (ValueError, KeyError) as error:
        raise UsageError(f"The sandbox cannot be made: {error}.") from None
