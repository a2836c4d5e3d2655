"""Sessions: crawls from their options to their results, several sources at once."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from phonofilm.config import Settings
from phonofilm.crawl.fresh import forget_frontier
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.planner.policies import policy
from phonofilm.crawl.refresh import look_at_full_again, refresh
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.source_run import SourceRun, Watch, run_source
from phonofilm.errors import ParkedError, UnavailableError
from phonofilm.formatting import format_duration
from phonofilm.net.clock import Clock
from phonofilm.net.origin.sandbox import open_origin
from phonofilm.net.retry_policy import RetryPolicy
from phonofilm.privacy.names_key import names_key
from phonofilm.runtime.signals import on_interrupt
from phonofilm.sources import get
from phonofilm.workspace import LANDING, FolderLock, Workspace

# With --wait a source that is away is requested again for about a day. Chosen, not tuned.
_AWAY = RetryPolicy(attempts_max=100, first_pause_seconds=60.0)
_AWAY_PAUSE_SECONDS_MAX = 900.0
_DAY_SECONDS = 86_400
_SLEEP_SECONDS_MAX = 30.0  # a longer sleep would miss that the wall clock was set


async def crawl(
    workspace: Workspace, settings: Settings, options: CrawlOptions, watch: Watch | None = None
) -> CrawlResult:
    """Crawl one source and seal its logs. Errors come after everything collected is safe."""
    return (await crawl_all(workspace, settings, [options], watch))[0]


async def crawl_all(
    workspace: Workspace, settings: Settings, crawls: list[CrawlOptions], watch: Watch | None = None
) -> list[CrawlResult]:
    """Crawl several sources at once.

    No source waits for another, and an error of one is raised after the rest ended.
    """
    ends = await crawl_each(workspace, settings, crawls, watch)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ends if isinstance(end, CrawlResult)]


async def crawl_each(
    workspace: Workspace, settings: Settings, crawls: list[CrawlOptions], watch: Watch | None = None
) -> list[CrawlResult | BaseException]:
    """Crawl several sources at once; return the result or the error of each."""
    names = [get(options.source).manifest.name for options in crawls]
    for options in crawls:
        policy(options.policy)  # UsageError before anything is touched
    workspace.open()
    with FolderLock(workspace, f"crawl of {', '.join(names)}", LANDING):
        runs = (_crawl_one(workspace, settings, options, watch) for options in crawls)
        try:
            return await asyncio.gather(*runs, return_exceptions=True)
        finally:
            await asyncio.to_thread(workspace.segments().ship)


async def _crawl_one(
    workspace: Workspace, settings: Settings, options: CrawlOptions, watch: Watch | None
) -> CrawlResult:
    """Crawl one source, with the pauses that `--wait` sleeps through."""
    source = get(options.source)
    origin = await open_origin(source, settings, options.at)
    workspace.bind_origin(origin.kind)
    if source.manifest.names_people and not settings.keep_names:
        names_key(workspace)  # an error before --fresh forgets anything
    if options.fresh:
        forget_frontier(workspace, source.manifest.name)
    if options.refresh_days is not None:
        before = origin.clock.wall() - options.refresh_days * _DAY_SECONDS
        await asyncio.to_thread(refresh, workspace, source, origin.access, before)
    await asyncio.to_thread(look_at_full_again, workspace, source, origin.access)
    setup = SourceRun(
        workspace=workspace,
        settings=settings,
        options=options,
        source=source,
        origin=origin,
        watch=watch,
    )
    away = 0
    while True:
        try:
            result = await run_source(setup)
            away = 0
        except UnavailableError as error:
            away += 1
            pause_seconds = _AWAY.pause_seconds(away)
            rest = _rest(setup, error.requests, error.elapsed_seconds)
            if not options.wait or pause_seconds is None or rest.options.goal.spent():
                raise
            if not await _wait(setup, min(pause_seconds, _AWAY_PAUSE_SECONDS_MAX), error.happened):
                raise
            setup = rest
            continue
        except ParkedError as parked:
            seconds = parked.resume_at - origin.clock.wall()
            if not options.wait or not await _wait(setup, seconds, parked.happened):
                raise
            continue
        rest = _rest(setup, result.calls, result.elapsed_s)
        if result.status != "parked" or not options.wait or rest.options.goal.spent():
            return result
        seconds = (result.resume_at or 0.0) - origin.clock.wall()
        if not await _wait(setup, seconds, f"{source.manifest.title} is parked."):
            result.status = "interrupted"
            return result
        setup = rest


def _rest(setup: SourceRun, requests: int, seconds: float) -> SourceRun:
    """Return what is left to do after a run of so many requests and seconds."""
    goal = setup.options.goal.less(requests, seconds)
    return setup._replace(options=msgspec.structs.replace(setup.options, goal=goal))


async def _wait(setup: SourceRun, seconds: float, reason: str) -> bool:
    """Report a pause and sleep through it; False when a signal came first."""
    clock = setup.origin.clock
    setup.options.report(f"{reason} Waiting for {format_duration(max(0.0, seconds))}.")
    return await _sleep_until(clock.wall() + seconds, clock)


async def _sleep_until(instant: float, clock: Clock) -> bool:
    """Sleep until an instant (Unix seconds); False when a signal came first."""
    interrupted = asyncio.Event()
    with on_interrupt(interrupted.set):
        while (seconds := instant - clock.wall()) > 0 and not interrupted.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(interrupted.wait(), min(seconds, _SLEEP_SECONDS_MAX))
    return not interrupted.is_set()
