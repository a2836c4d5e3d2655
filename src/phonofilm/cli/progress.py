"""What a person sees while a crawl runs: a live panel on a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from phonofilm.crawl.engine import Engine
from phonofilm.formatting import format_coverage, format_duration
from phonofilm.records.kinds import PLURALS, WANTED

_PLAIN_EVERY_SECONDS = 10.0


class View:
    """The figures of a running engine, as text."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._began = engine.context.clock.steady()

    def _elapsed(self) -> float:
        return max(1e-6, self._engine.context.clock.steady() - self._began)

    def headline(self) -> str:
        """Calls, rate, yield, budget, what is waited for."""
        engine, elapsed = self._engine, self._elapsed()
        requests, gain = engine.counters.requests, engine.counters.gain
        parts = [
            engine.context.source.manifest.title,
            f"{requests:,} calls",
            f"{requests / elapsed:,.1f}/s",
            f"{gain / requests if requests else 0:.1f} new per call",
            f"{format_duration(elapsed)}",
        ]
        felt = engine.context.limiter.inferred
        if felt is not None:
            parts.append(f"limit felt: {felt.limit} in {felt.seconds:g} s")
        left = engine.context.limiter.remaining()
        if left is not None:
            parts.append(f"{left} calls of budget left")
        eta = self._eta()
        if eta is not None:
            parts.append(f"about {format_duration(eta)} to go")
        return " · ".join(parts)

    def _eta(self) -> float | None:
        engine, goal = self._engine, self._engine.context.goal
        requests, gain = engine.counters.requests, engine.counters.gain
        if not requests:
            return None
        rate = requests / self._elapsed()
        if goal.open_ended():
            pending = sum(row.pending for row in engine.context.planner.yields() if not row.dry)
            return pending / rate
        if gain <= 0:
            return None
        full = engine.recorder.full
        missing = sum(max(0, (number or 0) - full[kind]) for kind, number in goal.wants.items())
        return missing / (gain / requests) / rate

    def rows(self) -> list[tuple[str, int, int, str, str]]:
        """By kind: full, mentioned, what is wanted, coverage."""
        engine = self._engine
        tally = engine.context.frontier.tally()
        seen = engine.recorder.coverage.coverage()
        rows = []
        for kind in WANTED:
            if kind in tally:
                wanted = engine.context.goal.wants.get(kind, 0)
                target = "all" if wanted is None else (f"{wanted:,}" if wanted else "")
                share = format_coverage(seen[kind]) if kind in seen else ""
                held = tally[kind]
                rows.append((PLURALS[kind], held["full"], held["mentioned"], target, share))
        return rows

    def panel(self) -> Group:
        """The live panel."""
        table = Table(box=None, padding=(0, 2), header_style="dim")
        for name in ("", "full", "mentioned", "wanted", "coverage"):
            table.add_column(name, justify="left" if not name else "right")
        for plural, full, mentioned, target, share in self.rows():
            table.add_row(plural, f"[bold]{full:,}[/]", f"{mentioned:,}", target, share)
        return Group(Text(self.headline(), style="cyan"), table)

    def line(self) -> str:
        """The same in one plain line."""
        kinds = ", ".join(f"{plural} {full:,} full" for plural, full, *_ in self.rows())
        return f"{self.headline()} · {kinds}"


def watcher(
    console: Console, every: float = _PLAIN_EVERY_SECONDS, panel: bool = True
) -> Callable[[Engine], Coroutine[Any, Any, None]]:
    """Watches an engine until it is cancelled; the last figures stay on the screen.

    Several at once share a screen by lines, not by panels.
    """

    async def watch(engine: Engine) -> None:
        view = View(engine)
        if console.is_terminal and panel:
            with Live(view.panel(), console=console, refresh_per_second=8) as live:
                try:
                    while True:
                        await asyncio.sleep(0.15)
                        live.update(view.panel())
                except asyncio.CancelledError:
                    live.update(view.panel())
                    raise
        while True:
            await asyncio.sleep(every)
            console.print(view.line(), highlight=False, soft_wrap=True)

    return watch
