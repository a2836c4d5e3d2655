"""What people and programs see: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from phonofilm.errors import ParkedError, PhonofilmError


class _Screen(Console):
    """A console whose reader may go away (`| head`): that is no failure."""

    def on_broken_pipe(self) -> None:
        """Leaves quietly; nothing more can be shown."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0)


out = _Screen(highlight=False)
err = Console(stderr=True, highlight=False)


def as_json(document: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.buffer.write(msgspec.json.encode(document, enc_hook=str) + b"\n")
    sys.stdout.flush()


def plain(value: Any) -> str:
    """Text from the world without control characters: no escape sequence reaches a terminal."""
    if value is None or value is msgspec.UNSET:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(plain(element) for element in value)
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(value))


def table(
    names: Sequence[str], rows: Iterable[Sequence[Any]], grouped: bool = True, wraps: str = ""
) -> None:
    """A table of plain values; numbers to the right, their digits grouped unless told otherwise.

    `wraps` is a column of lists that may take several lines.
    """
    held = [list(row) for row in rows]
    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for place, name in enumerate(names):
        numeric = any(isinstance(row[place], int | float) for row in held)
        side: Literal["left", "right"] = "right" if numeric else "left"
        keep = name != wraps
        drawn.add_column(
            name,
            justify=side,
            overflow="ellipsis" if keep else "fold",
            no_wrap=keep,
            min_width=len(name) if numeric else None,
        )
    for row in held:
        shown = row if grouped else [str(v) if isinstance(v, int) else v for v in row]
        drawn.add_row(*(Text(plain(value)) for value in shown))
    out.print(drawn)


def say_finding(finding: dict[str, Any]) -> None:
    """Something odd: what, how often, where, one example."""
    where = ", ".join(finding.get("where", {}))
    place = f" in {where}" if where else ""
    kind = finding["kind"].replace("_", " ")
    out.print(f"[yellow]![/] {kind} x{finding['count']:,}{place}: ", end="")
    out.print(finding["example"], markup=False)


def say(text: str) -> None:
    """A line for people."""
    err.print(text)


def failed(error: PhonofilmError) -> dict[str, Any]:
    """An error as the one JSON document on standard output."""
    status = "parked" if isinstance(error, ParkedError) else "failed"
    told: dict[str, Any] = {"status": status, "error": error.happened, "exit_code": error.exit_code}
    told |= {"saved": error.saved, "next_step": error.next_step}
    if isinstance(error, ParkedError):
        told["resume_at"] = error.resume_at
    return told


def failure(error: PhonofilmError) -> None:
    """What happened, what is saved, what to do next."""
    err.print(f"[bold red]✗[/] {escape(error.happened)}", soft_wrap=True)
    if error.saved:
        err.print(f"  [dim]Saved:[/] {escape(error.saved)}", soft_wrap=True)
    if error.next_step:
        err.print(f"  [dim]Next:[/]  {escape(error.next_step)}", soft_wrap=True)
