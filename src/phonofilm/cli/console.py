"""Output: results go to standard output, everything else to standard error.

All text passes through here, and text is text: brackets are no markup, `:b:` is no emoji, and no
control character reaches a terminal, whether it comes from a path, an argument, a manifest or a
response. A style stands next to its text, never in it: `say(("12 rows", "bold"), " in ", path)`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import typer
from rich.console import Console, JustifyMethod, OverflowMethod
from rich.style import Style
from rich.table import Table
from rich.text import Text

from phonofilm.errors import ParkedError, PhonofilmError, UsageError
from phonofilm.formatting import plain_text
from phonofilm.logs import without_secrets

Part = str | tuple[str, str]
"""Text, or text and its style, such as `("parked", "yellow")`."""


class PlainConsole(Console):
    """A console that prints text as it is: no markup, no emoji codes, no control characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render_str(
        self,
        text: str,
        *,
        style: str | Style = "",
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        **_: Any,
    ) -> Text:
        """Return the text of a line or of a table cell."""
        return Text(plain_text(text, keep="\n"), style=style, justify=justify, overflow=overflow)


class _ResultConsole(PlainConsole):
    """A console whose reader may go away (`| head`), which is no failure."""

    def on_broken_pipe(self) -> None:
        """Exit with code 0, because nothing more can be shown."""
        discard_output()
        raise SystemExit(0)


class _NoteConsole(PlainConsole):
    """A console for people: when it cannot be written to, the command goes on without."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; become quiet when standard error is full or gone."""
        try:
            super().print(*objects, **options)
        except OSError:
            self.quiet = True


out = _ResultConsole()
err = _NoteConsole(stderr=True)


def discard_output() -> None:
    """Send the rest of standard output nowhere, so that nothing fails when Python flushes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tolerate_encodings() -> None:
    """Let the standard streams escape the characters that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def styled(*parts: Part) -> Text:
    """Join parts to one line; line breaks inside of them become blanks."""
    texts = ((part, "") if isinstance(part, str) else part for part in parts)
    return Text.assemble(*((plain_text(text), style) for text, style in texts))


def say(*parts: Part) -> None:
    """Print a line of the result, to standard output."""
    out.print(styled(*parts), soft_wrap=True)


def note(*parts: Part) -> None:
    """Print a line for people, to standard error."""
    err.print(styled(*parts), soft_wrap=True)


def warn(*parts: Part) -> None:
    """Print a line of the result that somebody should look at."""
    say(("!", "yellow"), " ", *parts)


def in_folder(command: str, root: Path) -> str:
    """Return a command for a data folder as it can be pasted into a shell."""
    return f"{command} --data {shlex.quote(str(root))}"


def confirm(question: str, subject: str) -> None:
    """Ask a yes-or-no question; abort on no. UsageError where no terminal can answer."""
    if not err.is_terminal:
        raise UsageError(f"{subject} asks first.", next_step="Add --yes.")
    if not typer.confirm(plain_text(question), err=True):
        raise typer.Abort


# Characters that JSON lets through and a terminal may obey: DEL and C1 controls, marks and
# overrides of direction, separators of lines.
_OBEYED = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def print_json(document: Any) -> None:
    """Print one JSON document to standard output.

    What a terminal may obey is escaped, which is the same document to every reader of JSON.
    """
    try:
        text = msgspec.json.encode(document, enc_hook=str).decode()
    except UnicodeEncodeError:  # half a surrogate pair: a file name that is not UTF-8
        text = json.dumps(msgspec.to_builtins(document, enc_hook=str))
    sys.stdout.buffer.write(_OBEYED.sub(_escaped, text).encode() + b"\n")
    sys.stdout.flush()


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def printable(value: Any) -> str:
    """Format a value of the outside world for one line, without control characters."""
    if value is None or value is msgspec.UNSET:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(printable(element) for element in value)
    return plain_text(str(value))


def plain_table(**options: Any) -> Table:
    """Return an empty table without lines, as all of ours look."""
    return Table(box=None, padding=(0, 2, 0, 0), header_style="dim", **options)


def print_table(
    names: Sequence[str], rows: Iterable[Sequence[Any]], grouped: bool = True, wraps: str = ""
) -> None:
    """Print a table of plain values, numbers to the right and their digits in groups.

    `wraps` names a column of lists that may take several lines.
    """
    rows = [list(row) for row in rows]
    table = plain_table()
    for index, name in enumerate(names):
        numeric = any(isinstance(row[index], int | float) for row in rows)
        one_line = name != wraps
        table.add_column(
            name,
            justify="right" if numeric else "left",
            overflow="ellipsis" if one_line else "fold",
            no_wrap=one_line,
            min_width=len(name) if numeric else None,
        )
    for row in rows:
        cells = row if grouped else [str(cell) if isinstance(cell, int) else cell for cell in row]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)


def error_document(error: PhonofilmError) -> dict[str, Any]:
    """Return an error as the JSON document of `--json`."""
    document: dict[str, Any] = {
        "status": "parked" if isinstance(error, ParkedError) else "failed",
        "error": error.happened,
        "exit_code": error.exit_code,
        "saved": error.saved,
        "next_step": error.next_step,
    }
    if isinstance(error, ParkedError):
        document["resume_at"] = error.resume_at
    return document


def print_error(error: PhonofilmError) -> None:
    """Print an error to standard error: its sentence, what is saved, the next step."""
    lines = (("✗", "bold red", " ", error.happened), ("  Saved:", "dim", " ", error.saved))
    for label, style, space, text in (*lines, ("  Next:", "dim", "  ", error.next_step)):
        if text:
            sentence = plain_text(text, keep="\n")  # the database marks the place in a query
            err.print(Text.assemble((label, style), space, sentence), soft_wrap=True)


def print_traceback(
    kind: type[BaseException], error: BaseException, origin: TracebackType | None
) -> None:
    """Print the traceback of a bug, which may quote a response, as plain text without secrets."""
    text = "".join(traceback.format_exception(kind, error, origin))
    err.quiet = False
    err.print(without_secrets(text), soft_wrap=True, end="")
