"""The command line: verbs, errors for people, exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from phonofilm.about import __version__
from phonofilm.cli import crawl, demo, doctor, export, load, look, sandbox, screen
from phonofilm.errors import PhonofilmError
from phonofilm.logs import listen

app = typer.Typer(
    name="phonofilm",
    help="Recipe in, dataset out: music and film catalogues, politely, durably, lawfully.",
    epilog="First steps: phonofilm demo · phonofilm crawl deezer -n 100 · phonofilm doctor",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        screen.out.print(f"phonofilm {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="No progress, only results.")
    ] = False,
    log_file: Annotated[
        Path | None,
        typer.Option("--log-file", help="JSON lines of what happens.", show_default=False),
    ] = None,
) -> None:
    screen.err.quiet = quiet
    if log_file:
        listen(log_file, debug=False)


_COLLECT, _USE, _HELP = "Collect", "Use", "Try and check"
app.command("crawl", rich_help_panel=_COLLECT)(crawl.command)
app.command("load", rich_help_panel=_COLLECT)(load.command)
app.command("status", rich_help_panel=_COLLECT)(look.status)
app.command("purge", rich_help_panel=_COLLECT)(load.purge)
app.command("find", rich_help_panel=_USE)(look.find)
app.command("show", rich_help_panel=_USE)(look.show)
app.command("sql", rich_help_panel=_USE)(look.sql)
app.command("export", rich_help_panel=_USE)(export.command)
app.command("report", rich_help_panel=_USE)(export.report)
app.command("demo", rich_help_panel=_HELP)(demo.command)
app.command("sandbox", rich_help_panel=_HELP)(sandbox.command)
app.command("doctor", rich_help_panel=_HELP)(doctor.command)


def main() -> None:
    """Runs the command line; errors of ours become sentences and exit codes."""
    try:
        app()
    except PhonofilmError as error:
        screen.err.quiet = False
        screen.failure(error)
        if "--json" in sys.argv:
            screen.as_json(screen.failed(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
