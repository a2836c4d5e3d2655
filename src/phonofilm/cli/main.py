"""The command line: its verbs, and the exit codes and sentences of errors."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from phonofilm.about import __version__
from phonofilm.cli import console
from phonofilm.errors import INTERRUPTED, PhonofilmError
from phonofilm.logs import listen
from phonofilm.store_failures import store_failures

app = typer.Typer(
    name="phonofilm",
    help="Recipe in, dataset out: music and film, politely, durably, lawfully.",
    epilog="First steps: phonofilm demo · phonofilm crawl deezer -n 100 · phonofilm doctor",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(requested: bool) -> None:
    if requested:
        console.say(f"phonofilm {__version__}")
        raise typer.Exit


@app.callback()
def _common_options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
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


class Verb(NamedTuple):
    """The module of `phonofilm.cli` with a verb's `command`, and its panel in the help."""

    module: str
    panel: str


_COLLECT, _USE, _HELP = "Collect", "Use", "Try and check"
VERBS = {
    "sources": Verb("sources", _COLLECT),
    "plan": Verb("plan", _COLLECT),
    "crawl": Verb("crawl.command", _COLLECT),
    "import": Verb("import_", _COLLECT),
    "land": Verb("land", _COLLECT),
    "load": Verb("load", _COLLECT),
    "match": Verb("match", _USE),
    "status": Verb("status", _COLLECT),
    "purge": Verb("purge", _COLLECT),
    "forget": Verb("forget", _COLLECT),
    "find": Verb("find", _USE),
    "show": Verb("show", _USE),
    "sql": Verb("sql", _USE),
    "export": Verb("export", _USE),
    "report": Verb("report", _USE),
    "demo": Verb("demo.command", _HELP),
    "sandbox": Verb("sandbox", _HELP),
    "doctor": Verb("doctor", _HELP),
}


def _register(arguments: list[str]) -> None:
    """Register the verb that stands in the arguments; without one, all of them for the help.

    Importing every verb takes most of a second, importing one of them a fraction.
    """
    named = [word for word in arguments if word in VERBS][:1]
    for name in named or VERBS:
        verb = VERBS[name]
        module = import_module(f"phonofilm.cli.{verb.module}")
        app.command(name, rich_help_panel=verb.panel)(module.command)


def main() -> None:
    """Run the command line; errors of ours become sentences and exit codes."""
    console.tolerate_encodings()
    try:
        exit_code = _run()
    except PhonofilmError as error:
        _print_error(error)
        exit_code = error.exit_code
    except KeyboardInterrupt:
        exit_code = INTERRUPTED
    except BrokenPipeError:
        console.discard_output()
        exit_code = 0
    except RuntimeError as error:
        if not _is_interruption(error):
            raise
        exit_code = INTERRUPTED
    except Exception:
        sys.excepthook = console.print_traceback
        raise
    sys.exit(exit_code)


def _run() -> int:
    """Run the verb that the arguments name and return its exit code."""
    exit_code: int | str | None = 0
    with store_failures():
        try:
            _register(sys.argv[1:])
            app()
        except SystemExit as end:
            exit_code = end.code
        sys.stdout.flush()
    return exit_code if isinstance(exit_code, int) else int(exit_code is not None)


def _print_error(error: PhonofilmError) -> None:
    """Print an error, also as JSON, and even where standard output is what fails."""
    console.err.quiet = False
    console.print_error(error)
    try:
        if "--json" in sys.argv:
            console.print_json(console.error_document(error))
        sys.stdout.flush()
    except OSError:
        console.discard_output()


def _is_interruption(error: RuntimeError) -> bool:
    """Tell whether DuckDB ended a query because of a signal.

    DuckDB 1 names KeyboardInterrupt as the cause. DuckDB 2 gives neither a cause nor a type of its
    own, only its message (seen with 1.4.0, 1.5.5 and 2.0.1 in November 2026).
    """
    return isinstance(error.__cause__, KeyboardInterrupt) or str(error) == "Query interrupted"


if __name__ == "__main__":
    main()
