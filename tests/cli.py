"""The command line in this process: `run_cli("load", "--data", folder)`, nothing left behind."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from phonofilm.cli import console
from phonofilm.cli.main import app, main
from tests.conftest import logging_restored

PROCESS = [sys.executable, "-m", "phonofilm"]  # for tests whose subject is a real process
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Result(NamedTuple):
    """What a process would have left: its exit code and what it printed."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document that `--json` prints."""
        return json.loads(self.stdout)

    @property
    def text(self) -> str:
        """All that was printed, without frames and line breaks."""
        return " ".join((self.stdout + self.stderr).replace("│", " ").split())


def run_cli(*words: object, cwd: Path | None = None, stdin: str = "", **environ: str) -> Result:
    """Run `phonofilm WORDS` as a process of its own would: working folder, environment, streams.

    An exception that `main` lets through (a bug: exit code 1 and a traceback) goes to the test.
    """
    out, err = _stream(), _stream()
    with (
        _undone(),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        os.environ.update(environ)
        sys.argv, sys.stdin = ["phonofilm", *map(str, words)], io.StringIO(stdin)
        exit_code = _exit_code()
    return Result(exit_code, _text(out), _text(err))


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _stream() -> io.TextIOWrapper:
    """A text stream with bytes below it, as standard output has."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.detach()
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@contextlib.contextmanager
def _undone() -> Iterator[None]:
    """Restore all that ends with a process and would outlive a call: see what is listed here."""
    environ, argv, stdin, hook = dict(os.environ), sys.argv, sys.stdin, sys.excepthook
    verbs, quiet = list(app.registered_commands), console.err.quiet
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    with logging_restored():
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(environ)
            sys.argv, sys.stdin, sys.excepthook = argv, stdin, hook
            app.registered_commands[:] = verbs
            console.err.quiet = quiet
            for number, handler in handlers.items():
                signal.signal(number, handler)
