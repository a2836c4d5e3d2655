"""Output: results go to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from phonofilm.errors import ParkedError, PhonofilmError, UsageError


class _ResultConsole(Console):
    """A console whose reader may go away (`| head`), which is no failure."""

    def on_broken_pipe(self) -> None:
        """Exit with code 0, because nothing more can be shown."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0)


out = _ResultConsole(highlight=False)
err = Console(stderr=True, highlight=False)


def note(text: str) -> None:
    """Print a line for people, to standard error."""
    err.print(text)


def confirm(question: str, subject: str) -> None:
    """Ask a yes-or-no question; abort on no. UsageError where no terminal can answer."""
    if not err.is_terminal:
        raise UsageError(f"{subject} asks first.", next_step="Add --yes.")
    if not typer.confirm(question, err=True):
        raise typer.Abort


def print_json(document: Any) -> None:
    """Print one JSON document to standard output."""
    sys.stdout.buffer.write(msgspec.json.encode(document, enc_hook=str) + b"\n")
    sys.stdout.flush()


def printable(value: Any) -> str:
    """Format a value of the outside world without control characters.

    No escape sequence reaches a terminal, because every control character becomes a blank.
    """
    if value is None or value is msgspec.UNSET:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(printable(element) for element in value)
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(value))


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
    err.print(f"[bold red]✗[/] {escape(error.happened)}", soft_wrap=True)
    if error.saved:
        err.print(f"  [dim]Saved:[/] {escape(error.saved)}", soft_wrap=True)
    if error.next_step:
        err.print(f"  [dim]Next:[/]  {escape(error.next_step)}", soft_wrap=True)
