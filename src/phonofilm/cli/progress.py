"""Progress of a crawl: a live panel on a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from phonofilm.crawl.engine import Engine
from phonofilm.formatting import format_coverage, format_duration
from phonofilm.records.kinds import PLURALS, WANTED

# Chosen, not tuned: a log of plain lines stays readable, a panel looks alive.
_LINE_EVERY_SECONDS = 10.0
_PANEL_EVERY_SECONDS = 0.15


class KindProgress(NamedTuple):
    """Records of one kind; `wanted` is a number, `all` or empty, `coverage` in words or empty."""

    table: str
    full: int
    mentioned: int
    wanted: str
    coverage: str


class ProgressView:
    """The figures of a running engine, as text."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._started = engine.context.clock.steady()

    def _elapsed_seconds(self) -> float:
        return max(1e-6, self._engine.context.clock.steady() - self._started)

    def headline(self) -> str:
        """Return requests, their rate and yield, the rate limit, the budget and the time to go."""
        engine, elapsed_seconds = self._engine, self._elapsed_seconds()
        requests, gain = engine.counters.requests, engine.counters.gain
        parts = [
            engine.context.source.manifest.title,
            f"{requests:,} calls",
            f"{requests / elapsed_seconds:,.1f}/s",
            f"{gain / requests if requests else 0:.1f} new per call",
            format_duration(elapsed_seconds),
        ]
        inferred = engine.context.limiter.inferred
        if inferred is not None:
            parts.append(f"limit felt: {inferred.limit} in {inferred.seconds:g} s")
        remaining = engine.context.limiter.remaining()
        if remaining is not None:
            parts.append(f"{remaining} calls of budget left")
        seconds_to_go = self._seconds_to_go()
        if seconds_to_go is not None:
            parts.append(f"about {format_duration(seconds_to_go)} to go")
        return " · ".join(parts)

    def _seconds_to_go(self) -> float | None:
        """Estimate the rest of the crawl; None before the first request and without any gain.

        Without a number to reach, all pending requests are counted; with one, the missing records
        at the yield so far.
        """
        engine, goal = self._engine, self._engine.context.goal
        requests, gain = engine.counters.requests, engine.counters.gain
        if not requests:
            return None
        requests_per_second = requests / self._elapsed_seconds()
        if goal.open_ended():
            queues = engine.context.planner.yields()
            return sum(queue.pending for queue in queues if not queue.dry) / requests_per_second
        if gain <= 0:
            return None
        missing = sum(
            max(0, (wanted or 0) - engine.recorder.full[kind])
            for kind, wanted in goal.wants.items()
        )
        return missing / (gain / requests) / requests_per_second

    def rows(self) -> list[KindProgress]:
        """Return one row for each kind that is known, in the order of the registry."""
        engine = self._engine
        tally = engine.context.frontier.tally()
        coverage = engine.recorder.coverage.coverage()
        return [
            KindProgress(
                table=PLURALS[kind],
                full=tally[kind]["full"],
                mentioned=tally[kind]["mentioned"],
                wanted=_format_wanted(engine.context.goal.wants.get(kind, 0)),
                coverage=format_coverage(coverage[kind]) if kind in coverage else "",
            )
            for kind in WANTED
            if kind in tally
        ]

    def panel(self) -> Group:
        """Return the headline and a table of kinds, for a terminal."""
        table = Table(box=None, padding=(0, 2), header_style="dim")
        for name in ("", "full", "mentioned", "wanted", "coverage"):
            table.add_column(name, justify="right" if name else "left")
        for row in self.rows():
            full = Text(f"{row.full:,}", style="bold")
            table.add_row(row.table, full, f"{row.mentioned:,}", row.wanted, row.coverage)
        return Group(Text(self.headline(), style="cyan"), table)

    def line(self) -> str:
        """Return the headline and the full records of each kind, in one line."""
        kinds = ", ".join(f"{row.table} {row.full:,} full" for row in self.rows())
        return f"{self.headline()} · {kinds}"


def _format_wanted(number: int | None) -> str:
    """Format a wanted number: `all` for None, empty for none."""
    return "all" if number is None else f"{number:,}" if number else ""


def watcher(
    console: Console, every_seconds: float = _LINE_EVERY_SECONDS, panel: bool = True
) -> Callable[[Engine], Coroutine[Any, Any, None]]:
    """Return a coroutine that shows an engine's progress until it is cancelled.

    A panel needs a terminal of its own, so crawls that share one pass `panel=False` and get lines.
    """

    async def watch(engine: Engine) -> None:
        view = ProgressView(engine)
        if console.is_terminal and panel:
            await _show_panel(view, console)
        while True:
            await asyncio.sleep(every_seconds)
            console.print(view.line(), highlight=False, soft_wrap=True)

    return watch


async def _show_panel(view: ProgressView, console: Console) -> None:
    """Show a live panel until cancelled; the last figures stay on the screen."""
    with Live(view.panel(), console=console, refresh_per_second=8) as live:
        try:
            while True:
                await asyncio.sleep(_PANEL_EVERY_SECONDS)
                live.update(view.panel())
        except asyncio.CancelledError:
            live.update(view.panel())
            raise
