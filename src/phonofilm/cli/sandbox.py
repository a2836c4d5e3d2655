"""`phonofilm sandbox`: a stand-in of a source on this machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import print_table
from phonofilm.errors import StoreError, UsageError
from phonofilm.sandbox.kernel.faults.registry import DUMP_FAULTS, LINK_FAULTS
from phonofilm.sandbox.kernel.faults.rules import described
from phonofilm.sandbox.kernel.server import Plan, serve


@dataclass(frozen=True, kw_only=True)
class SandboxArguments:
    """Arguments and options of `phonofilm sandbox`, in the order of its help."""

    source: Annotated[
        str, typer.Argument(help="spotify, deezer ...; several by commas, or all (music).")
    ]
    access: Annotated[
        str,
        typer.Option(
            "--access",
            help="extended-legacy, extended, development-2025 or development (Spotify);"
            " datasets or pages (IMDb).",
        ),
    ] = ""
    artists: Annotated[
        int, typer.Option("--artists", min=1, help="Size of the generated world.")
    ] = 3000
    titles: Annotated[
        int, typer.Option("--titles", min=1, help="Titles of the world's film side.")
    ] = 3000
    seed: shared.Seed = 7
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0
    rate: Annotated[
        str,
        typer.Option("--rate", metavar="N/Ts|none", help="Rolling window, for instance 180/30s."),
    ] = ""
    quota: Annotated[
        str, typer.Option("--quota", metavar="N/Th|none", help="Long quota, for instance 1000/24h.")
    ] = "none"
    catalogue: shared.Catalogue = None
    faults: Annotated[
        Path | None,
        typer.Option(
            "--faults", help="Rules of faults to play (TOML); docs/faults.md.", show_default=False
        ),
    ] = None
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="The faults there are, and end.", is_eager=True)
    ] = False


@shared.takes_options
def command(arguments: SandboxArguments) -> None:
    """Stand in for a source until SIGTERM; prints one line of JSON when ready."""
    if arguments.list_faults:
        faults = described() | described(DUMP_FAULTS) | described(LINK_FAULTS)
        print_table(("fault", "what it plays"), faults.items(), wraps="what it plays")
        return
    plan = Plan(
        source=arguments.source,
        access=arguments.access,
        artists=arguments.artists,
        seed=arguments.seed,
        rate=arguments.rate,
        quota=arguments.quota,
        catalogue=arguments.catalogue,
        faults=arguments.faults,
        titles=arguments.titles,
    )
    _serve(plan, arguments.port)


def _serve(plan: Plan, port: int) -> None:
    """Serve a plan on a port until a signal comes."""
    try:
        asyncio.run(serve(plan, port))
    except OSError as error:
        if plan.catalogue and not plan.catalogue.is_file():
            raise UsageError(f"{plan.catalogue} cannot be read: {error.strerror}.") from None
        raise StoreError(
            f"The port cannot be had: {error.strerror}.", next_step="Use --port 0."
        ) from None
    except (ValueError, KeyError) as error:
        raise UsageError(f"The sandbox cannot be made: {error}.") from None
