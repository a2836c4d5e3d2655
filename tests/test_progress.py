"""Progress of a crawl: its headline, the time to go, rows by kind, a panel or plain lines."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from phonofilm.cli.progress import KindProgress, ProgressView, watcher
from phonofilm.crawl.coverage.coverage import Coverage
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.crawl.scope.goal import Goal
from phonofilm.sources import get
from phonofilm.sources.manifest import Budget

TALLY = {"artist": {"full": 1200, "mentioned": 35}, "album": {"full": 7, "mentioned": 0}}


def queue(pending: int, dry: bool = False) -> QueueYield:
    return QueueYield(name="q", calls=1, gain=1.0, error=0.1, pending=pending, dry=dry)


def engine(
    wants: dict[str, int | None],
    requests: int = 0,
    gain: float = 0.0,
    queues: tuple[QueueYield, ...] = (),
    inferred: Budget | None = None,
    remaining: int | None = None,
) -> Any:
    """An engine as the view sees it, with a clock that the test sets."""
    coverage = {"artist": Coverage(0.5, 0.4, 0.61)}
    context = SimpleNamespace(
        clock=SimpleNamespace(now=100.0, steady=lambda: context.clock.now),
        source=get("deezer"),
        goal=Goal(wants),
        limiter=SimpleNamespace(inferred=inferred, remaining=lambda: remaining),
        planner=SimpleNamespace(yields=lambda: list(queues)),
        frontier=SimpleNamespace(tally=lambda: TALLY),
    )
    return SimpleNamespace(
        context=context,
        counters=SimpleNamespace(requests=requests, gain=gain),
        recorder=SimpleNamespace(
            full=Counter(artist=TALLY["artist"]["full"]),
            coverage=SimpleNamespace(coverage=lambda: coverage),
        ),
    )


def view_after(seconds: float, running: Any) -> ProgressView:
    view = ProgressView(running)
    running.context.clock.now += seconds
    return view


def test_the_headline_of_a_crawl_that_made_no_request_has_no_rate_and_no_time_to_go() -> None:
    headline = view_after(0, engine({"artist": 2000})).headline()
    assert headline == "Deezer · 0 calls · 0.0/s · 0.0 new per call · 0 s"


def test_the_headline_tells_the_inferred_limit_and_the_rest_of_the_budget() -> None:
    running = engine(
        {"artist": 2000}, requests=50, inferred=Budget(180, 30.0), remaining=850, gain=0.0
    )
    headline = view_after(65, running).headline()
    assert headline == (
        "Deezer · 50 calls · 0.8/s · 0.0 new per call · 1 min 05 s"
        " · limit felt: 180 in 30 s · 850 calls of budget left"
    )


def test_the_time_to_a_number_follows_the_yield_so_far() -> None:
    # 800 artists are missing; 100 requests in 50 s brought 400: 200 more requests, 100 s.
    running = engine({"artist": 2000}, requests=100, gain=400.0)
    assert (
        view_after(50, running)
        .headline()
        .endswith("4.0 new per call · 50 s · about 1 min 40 s to go")
    )


def test_a_number_that_is_reached_leaves_nothing_to_go() -> None:
    running = engine({"artist": 10}, requests=100, gain=400.0)
    assert view_after(50, running).headline().endswith("about 0 s to go")


def test_without_a_number_all_pending_requests_of_live_queues_are_to_go() -> None:
    queues = (queue(300), queue(100), queue(10_000, dry=True))
    running = engine({"artist": None}, requests=100, gain=400.0, queues=queues)
    assert view_after(50, running).headline().endswith("about 3 min 20 s to go")


def test_rows_name_known_kinds_with_what_is_wanted_and_covered() -> None:
    rows = view_after(1, engine({"artist": None, "album": 2000})).rows()
    assert rows == [
        KindProgress("artists", 1200, 35, wanted="all", coverage="50% (40% to 61%)"),
        KindProgress("albums", 7, 0, wanted="2,000", coverage=""),
    ]
    assert view_after(1, engine({"track": 5})).rows()[0].wanted == ""


def test_the_line_has_the_headline_and_full_records() -> None:
    line = view_after(0, engine({"artist": 5})).line()
    assert line.startswith("Deezer · 0 calls")
    assert line.endswith(" · artists 1,200 full, albums 7 full")


def watched(console: Console, running: Any, every_seconds: float = 0.01, **options: Any) -> str:
    """What a watcher printed until it was cancelled."""

    async def watch_for_a_moment() -> None:
        task = asyncio.create_task(watcher(console, every_seconds, **options)(running))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(watch_for_a_moment())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_gets_a_panel_whose_last_figures_stay() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    shown = watched(console, engine({"artist": 2000}))
    assert "mentioned" in shown and "coverage" in shown and "1,200" in shown
    assert "artists 1,200 full" not in shown


@pytest.mark.parametrize(("terminal", "panel"), [(False, True), (True, False)])
def test_a_file_and_crawls_that_share_a_screen_get_lines(terminal: bool, panel: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=300, color_system=None)
    shown = watched(console, engine({"artist": 2000}), panel=panel)
    assert "artists 1,200 full, albums 7 full\n" in shown
    assert "mentioned" not in shown
