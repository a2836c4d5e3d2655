"""One run of one source: checks, frontier, writer, scheduler, engine, result."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.absence import ABSENCE_EXPIRY_SECONDS
from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.engine import Engine
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.parking import Parking
from phonofilm.crawl.planner.base import Quota, Scheduler
from phonofilm.crawl.planner.planner import Planner
from phonofilm.crawl.planner.policies import policy
from phonofilm.crawl.planner.relevance import GoalEndpoints
from phonofilm.crawl.planner.worklist import Worklist
from phonofilm.crawl.preflight import check_robots, unobtainable_kinds
from phonofilm.crawl.responses.recorder import DRIFT_KEY
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.crawl.results import CrawlResult, report_named, result_of, save_not_found
from phonofilm.crawl.scope.first_of import first_of
from phonofilm.crawl.scope.replay import Replay
from phonofilm.crawl.scope.rescope import note_planned_requests, rescope, start_estimates
from phonofilm.crawl.single_counts import requests_of_day
from phonofilm.errors import ParkedError, PhonofilmError, UnavailableError
from phonofilm.landing.envelope import Envelope, RunInfo, new_run_id
from phonofilm.landing.segments import Select, read_segments
from phonofilm.media.run import CrawledMedia, MediaOptions, download_media
from phonofilm.net.limiter import WAIT_SECONDS_MAX, Limiter
from phonofilm.net.origin.origin import Origin
from phonofilm.privacy.names_key import NameHasher
from phonofilm.runtime.signals import on_interrupt
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import Workspace

Watch = Callable[[Engine], Coroutine[Any, Any, None]]
"""Shows the progress of an engine until it is cancelled."""

_CONNECTIONS_MIN = 4


class SourceRun(NamedTuple):
    """Settings and collaborators of the runs of one source in one folder."""

    workspace: Workspace
    settings: Settings
    options: CrawlOptions
    source: HttpSource
    origin: Origin
    watch: Watch | None

    @property
    def source_settings(self) -> SourceSettings:
        """Settings of the source."""
        return self.settings.source(self.source.manifest.name)


async def run_source(setup: SourceRun) -> CrawlResult:
    """Crawl until the end or the next pause; the frontier is closed afterwards."""
    source, origin, options = setup.source, setup.origin, setup.options
    manifest, asks_robots = source.manifest, source.manifest.access[origin.access].consent
    frontier = open_frontier(setup.workspace.frontier / f"{manifest.name}.sqlite")
    parking = Parking(
        frontier=frontier, origin=origin.name, title=manifest.title, clock=origin.clock
    )
    try:
        frontier.store.bind(origin.name, origin.access)
        frontier.expire_absent(int(origin.clock.wall() - ABSENCE_EXPIRY_SECONDS))
        pause_seconds = parking.check(0.0 if asks_robots else WAIT_SECONDS_MAX)
        missing = []
        if options.planned_requests is None:  # a list of requests was made of what can be had
            missing = unobtainable_kinds(manifest, origin.access, options.goal)
        if asks_robots:  # pages are for people, robots ask first
            await check_robots(source, origin)
        limiter = _make_limiter(origin, frontier)
        limiter.pause(pause_seconds)
        scope = first_of(options.scope, options.goal, source, origin.access, frontier)
        setup = setup._replace(options=msgspec.structs.replace(options, scope=scope))
        return await _crawl_with(setup, parking, limiter, missing)
    except ParkedError as error:  # also one by the token server or for robots.txt
        parking.save(error.resume_at)
        raise
    finally:
        frontier.close()


async def _crawl_with(
    setup: SourceRun, parking: Parking, limiter: Limiter, missing: list[str]
) -> CrawlResult:
    """Crawl with a frontier, then fetch the wanted media files."""
    source, origin, options = setup.source, setup.origin, setup.options
    frontier = parking.frontier
    run = new_run_id(origin.clock.wall())
    writer = _open_writer(setup, frontier, run)
    replay = _make_replay(setup, frontier, writer)
    try:
        if options.planned_requests is None:
            rescope(frontier, source, options.scope, origin.access, replay)
        planner = _make_scheduler(setup, frontier, limiter)
    except PhonofilmError:
        writer.close()
        raise
    async with origin.transport(
        connections=max(_CONNECTIONS_MIN, options.workers),
        timeout_seconds=setup.source_settings.timeout_seconds,
    ) as transport:
        context = CrawlContext(
            source=source,
            access=origin.access,
            goal=options.goal,
            scope=options.scope,
            frontier=frontier,
            planner=planner,
            replay=replay,
            limiter=limiter,
            sender=transport,
            tokens=origin.authenticator(transport),
            writer=writer,
            clock=origin.clock,
            run=run,
            drift_share=setup.source_settings.drift_share,
            elsewhere=origin.other_hosts,
        )
        engine = Engine(context, options.workers)
        for reason in missing:
            engine.findings.add("not_available", reason)
        result = await _run(engine, parking, setup.watch)
        save_not_found(setup.workspace.root, result)
        if options.media and result.status not in ("interrupted", "parked"):
            await _fetch_media(setup, context, parking, result)
        return result


def _make_replay(setup: SourceRun, frontier: Frontier, writer: ResponseWriter) -> Replay:
    """Make a replay of the segments of a source and of the log that its crawl is writing."""
    source, store = setup.source, setup.workspace.segments()

    def read_landed(select: Select | None) -> Iterator[Envelope]:
        names = sorted(store.names(source.manifest.name), key=lambda name: Path(name).name)
        yield from read_segments(map(store.path, names), select)
        store.remove_fetched()
        yield from writer.read_log(select)

    return Replay(frontier, source, setup.options.scope, setup.origin.access, read_landed)


def _make_limiter(origin: Origin, frontier: Frontier) -> Limiter:
    """Make a limiter that knows the requests of the last day, which daily budgets count."""
    last_day = requests_of_day(frontier, origin.clock.wall())
    return Limiter(origin.budgets, origin.clock, last_day, origin.concurrent)


async def _fetch_media(
    setup: SourceRun, context: CrawlContext, parking: Parking, result: CrawlResult
) -> None:
    """Fetch media files of followed records; add their figures and findings to a result.

    A ban by their host parks the source.
    """
    limiter = Limiter([], setup.origin.clock)
    limiter.pause(context.limiter.seconds_closed())
    crawled = CrawledMedia(
        source=setup.source,
        origin=setup.origin,
        frontier=context.frontier,
        writer=_open_writer(setup, context.frontier, context.run),
        headers=context.tokens.headers,
        limiter=limiter,
        run=context.run,
    )
    media_options = MediaOptions(
        roles=setup.options.media,
        workers=setup.options.workers,
        timeout_seconds=setup.source_settings.timeout_seconds,
    )
    try:
        result.media, findings = await download_media(setup.workspace, crawled, media_options)
        result.findings += findings
    finally:
        _save_parking(parking, limiter)
    if limiter.parked_until is not None:
        result.status, result.resume_at = "parked", limiter.parked_until


def _save_parking(parking: Parking, limiter: Limiter) -> None:
    """Save a pause that lasts longer than the run, however short."""
    if seconds := limiter.seconds_closed():
        parking.save(parking.clock.wall() + seconds)


def _open_writer(setup: SourceRun, frontier: Frontier, run: str) -> ResponseWriter:
    manifest = setup.source.manifest
    hashes_names = manifest.names_people and not setup.settings.keep_names
    return ResponseWriter(
        workspace=setup.workspace,
        frontier=frontier,
        manifest=manifest,
        run_info=RunInfo(
            source=manifest.name, access=setup.origin.access, terms=manifest.terms.version, run=run
        ),
        clock=setup.origin.clock,
        names=NameHasher(setup.workspace) if hashes_names else None,
        workers=setup.options.workers,
    )


def _make_scheduler(setup: SourceRun, frontier: Frontier, quota: Quota) -> Scheduler:
    """Make a worklist of planned requests, or a planner over the seeds of the scope."""
    source, options, access = setup.source, setup.options, setup.origin.access
    if options.planned_requests is not None:
        note_planned_requests(frontier)
        return Worklist(source.manifest, frontier, options.planned_requests, quota)
    start_estimates(frontier, options.scope, options.goal)
    endpoints = GoalEndpoints(
        manifest=source.manifest, access=access, goal=options.goal, scope=options.scope
    )
    return Planner(endpoints, frontier, policy(options.policy), quota)


async def _run(engine: Engine, parking: Parking, watch: Watch | None) -> CrawlResult:
    """Run an engine; save its result with the run, also when an error ends it."""
    context = engine.context
    started = context.clock.wall()
    watching = asyncio.create_task(watch(engine)) if watch else None
    error: PhonofilmError | None = None
    try:
        with on_interrupt(engine.interrupt):
            await engine.crawl()
    except PhonofilmError as failure:  # raised again once everything collected is safe
        error = failure
    finally:
        try:
            _save_parking(parking, context.limiter)
            await context.writer.finish()
            context.frontier.settings[DRIFT_KEY] = engine.recorder.drift.dump()
        finally:
            await _stop_watching(watching)
    followed = sum(engine.recorder.full.values()) + engine.counters.gain
    for finding in context.scope.findings(int(followed > 0)):
        engine.findings.add(finding.kind, finding.detail)
    report_named(engine)
    result = result_of(engine, parking.origin, context.clock.wall() - started)
    if error is not None:
        result.status = "failed"
    context.frontier.history.save_run(context.run, started, json.dumps(msgspec.to_builtins(result)))
    if isinstance(error, UnavailableError):
        error.requests, error.elapsed_seconds = result.calls, result.elapsed_s
    if error is not None:
        raise error
    return result


async def _stop_watching(watching: asyncio.Task[None] | None) -> None:
    """Stop showing progress; a screen that went away (`| head`) is no reason to fail."""
    if watching:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError, SystemExit):
            await watching
