"""The command line: verbs, errors for people, exit codes."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from phonofilm.about import __version__
from phonofilm.cli import console
from phonofilm.errors import PhonofilmError
from phonofilm.logs import listen

app = typer.Typer(
    name="phonofilm",
    help="Recipe in, dataset out: music and film, politely, durably, lawfully.",
    epilog="First steps: phonofilm demo · phonofilm crawl deezer -n 100 · phonofilm doctor",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        console.out.print(f"phonofilm {__version__}")
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
    console.err.quiet = quiet
    if log_file:
        listen(log_file, debug=False)


_COLLECT, _USE, _HELP = "Collect", "Use", "Try and check"
# verb: module, function, panel
VERBS = {
    "sources": ("sources", "command", _COLLECT),
    "plan": ("sources", "plan_command", _COLLECT),
    "crawl": ("crawl", "command", _COLLECT),
    "import": ("imports", "command", _COLLECT),
    "land": ("imports", "land_command", _COLLECT),
    "load": ("load", "command", _COLLECT),
    "match": ("match", "command", _USE),
    "status": ("look", "status", _COLLECT),
    "purge": ("load", "purge", _COLLECT),
    "forget": ("load", "erase_person", _COLLECT),
    "find": ("look", "find", _USE),
    "show": ("look", "show", _USE),
    "sql": ("look", "sql", _USE),
    "export": ("export", "command", _USE),
    "report": ("export", "report", _USE),
    "demo": ("demo.demo", "command", _HELP),
    "sandbox": ("sandbox", "command", _HELP),
    "doctor": ("doctor", "command", _HELP),
}


def _register(words: list[str]) -> None:
    """Adds the verb that was said; without one, all of them for the help.

    Importing every verb takes most of a second, one of them a fraction.
    """
    said = [word for word in words if word in VERBS][:1]
    for verb in said or VERBS:
        module, function, panel = VERBS[verb]
        command = getattr(import_module(f"phonofilm.cli.{module}"), function)
        app.command(verb, rich_help_panel=panel)(command)


def main() -> None:
    """Runs the command line; errors of ours become sentences and exit codes."""
    try:
        _register(sys.argv[1:])
        app()
    except PhonofilmError as error:
        console.err.quiet = False
        console.failure(error)
        if "--json" in sys.argv:
            console.as_json(console.failed(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:
        # The database says so when a signal comes while it works.
        if "interrupt" not in str(error).lower():
            raise
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
