"""One crawl from a person's words to its result: origin, lock, seeds, engine, sealing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from phonofilm.config import Settings, hash_key
from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.engine import Engine
from phonofilm.crawl.frontier.base import Frontier
from phonofilm.crawl.frontier.sqlite import SqliteFrontier
from phonofilm.crawl.planner.base import Scheduler
from phonofilm.crawl.planner.planner import Planner
from phonofilm.crawl.planner.policies import policy
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.crawl.planner.worklist import PlannedRequest, Worklist
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.rescope import rescope
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.errors import ParkedError, PhonofilmError, StoreError, UsageError, exit_code_of
from phonofilm.formatting import format_minute
from phonofilm.landing.envelope import Envelope, RunInfo
from phonofilm.landing.segments import read_segments
from phonofilm.media.downloads import MediaResult, fetch_files
from phonofilm.net.limiter import Limiter
from phonofilm.net.origin import Origin, live_origin, sandbox_origin
from phonofilm.net.robots import robots_of
from phonofilm.net.transport import Transport
from phonofilm.records.kinds import PLURALS, WANTED
from phonofilm.runtime.signals import on_interrupt
from phonofilm.sources import get
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Manifest
from phonofilm.workspace import FolderLock, Workspace

Watch = Callable[[Engine], Coroutine[Any, Any, None]]


class CrawlOptions(msgspec.Struct):
    """All that a crawl is told; `at` is a sandbox's address, `fresh` forgets the frontier.

    With `errands` these calls are made and nothing else. `media`: roles of files to fetch of what
    is followed, after the calls.
    """

    source: str
    goal: Goal
    scope: Scope
    at: str | None = None
    workers: int = 4
    fresh: bool = False
    wait: bool = False
    policy: str = "information"
    planned_requests: list[PlannedRequest] | None = None
    media: list[str] = []


class CrawlResult(msgspec.Struct):
    """How a crawl ended; `resume_at` is Unix seconds, `coverage` fractions by plural kind."""

    run: str
    source: str
    origin: str
    access: str
    status: str
    resume_at: float | None
    calls: int
    calls_by_endpoint: dict[str, int]
    status_counts: dict[str, int]
    records: dict[str, dict[str, int]]
    new_per_call: float
    coverage: dict[str, list[float]]
    findings: list[dict[str, Any]]
    elapsed_s: float
    coverage_by_list: dict[str, list[float]] = {}
    yields: list[QueueYield] = []
    media: MediaResult | None = None

    @property
    def exit_code(self) -> int:
        """4 when parked, 130 when interrupted, else 0."""
        return exit_code_of(self.status)


async def crawl(
    folder: Workspace, settings: Settings, options: CrawlOptions, watch: Watch | None = None
) -> CrawlResult:
    """Crawls and seals. Errors come after everything collected is safe."""
    return (await crawl_all(folder, settings, [options], watch))[0]


async def crawl_all(
    folder: Workspace, settings: Settings, crawls: list[CrawlOptions], watch: Watch | None = None
) -> list[CrawlResult]:
    """Several sources at once; none holds up another, and an error of one comes after the rest."""
    ended = await crawl_each(folder, settings, crawls, watch)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ended if isinstance(end, CrawlResult)]


async def crawl_each(
    folder: Workspace, settings: Settings, crawls: list[CrawlOptions], watch: Watch | None = None
) -> list[CrawlResult | BaseException]:
    """Several sources at once; how each ended, its error included."""
    names = [get(options.source).manifest.name for options in crawls]
    for options in crawls:
        policy(options.policy)
    folder.open()
    with FolderLock(folder, f"crawl of {', '.join(names)}"):
        work = (_whole(folder, settings, options, watch) for options in crawls)
        try:
            return await asyncio.gather(*work, return_exceptions=True)
        finally:
            await asyncio.to_thread(folder.segments().ship)


async def _whole(
    folder: Workspace, settings: Settings, options: CrawlOptions, watch: Watch | None
) -> CrawlResult:
    """One source, with the pauses that `--wait` stays for."""
    source, at = get(options.source), options.at
    origin = live_origin(source, settings) if at is None else await sandbox_origin(source, at)
    if options.fresh:
        _forget(folder, source.manifest.name)
    while True:
        try:
            result = await _one(folder, settings, options, source, origin, watch)
        except ParkedError as parked:
            if not options.wait or not await _wait_until(parked.resume_at, origin):
                raise
            continue
        if result.status != "parked" or not options.wait:
            return result
        if not await _wait_until(result.resume_at or 0.0, origin):
            result.status = "interrupted"
            return result
        options.goal = options.goal.less(result.calls, result.elapsed_s)


async def _wait_until(instant: float, origin: Origin) -> bool:
    """Sleeps until then; False when a signal came first."""
    interrupted = asyncio.Event()
    with on_interrupt(interrupted.set):
        while (left := instant - origin.clock.wall()) > 0 and not interrupted.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(interrupted.wait(), min(left, 30.0))
    return not interrupted.is_set()


def _forget(folder: Workspace, source: str) -> None:
    """Forgets what was known and learned of a source, never its landing.

    What waits in logs is sealed first: the frontier is their table of contents.
    """
    from phonofilm.crawl.responses.writer import seal_waiting  # noqa: PLC0415

    path = folder.frontier / f"{source}.sqlite"
    if not path.exists():
        return
    try:
        frontier = SqliteFrontier(path)
        seal_waiting(folder, frontier, source)
        ban = {key: frontier.meta(key) for key in ("parked_until", "parked_at", "origin")}
        spent = frontier.requests_since(time.time() - 86_400)
        frontier.close()
    except StoreError:  # it cannot even be read: forgetting it is all that can be done
        ban, spent = {}, []
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if ban.get("parked_until") or spent:
        fresh = SqliteFrontier(path)
        fresh.restore_parking(ban, spent)
        fresh.close()


async def _one(
    folder: Workspace,
    settings: Settings,
    options: CrawlOptions,
    source: HttpSource,
    origin: Origin,
    watch: Watch | None,
) -> CrawlResult:
    frontier = SqliteFrontier(folder.frontier / f"{source.manifest.name}.sqlite")
    try:
        frontier.bind_origin(origin.name, origin.access)
        check_parking(frontier, origin, source)
        errands = (
            options.planned_requests is not None
        )  # whoever made the list looked what can be had
        missing = [] if errands else _impossible(source.manifest, origin.access, options.goal)
        if source.manifest.access[origin.access].consent:  # pages are for people: robots ask first
            await _check_robots(source, origin)
        now = datetime.fromtimestamp(origin.clock.wall(), UTC)
        run = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        keeper = _keeper(folder, settings, options, source, origin, frontier, run)
        try:
            planner = _plant(folder, source, origin, options, frontier)
        except PhonofilmError:
            keeper.close()
            raise
        limiter = Limiter(
            origin.budgets,
            origin.clock,
            frontier.requests_since(origin.clock.wall() - 86_400),
            origin.concurrent,
        )
        planner.quota_weight, planner.uniform_quota = limiter.quota_weight, limiter.uniform_quota
        async with Transport(
            origin.base_url,
            origin.user_agent,
            max(4, options.workers),
            settings.source(source.manifest.name).timeout_seconds,
            origin.key,
        ) as transport:
            parts = CrawlContext(
                source,
                origin.access,
                options.goal,
                options.scope,
                frontier,
                planner,
                limiter,
                transport,
                origin.tokens(transport),
                keeper,
                origin.clock,
                run,
                settings.source(source.manifest.name).drift_share,
                origin.elsewhere,
            )
            engine = Engine(parts, options.workers)
            for reason in missing:
                engine.findings.add("not_available", reason)
            result = await _drive(engine, origin, watch)
            if options.media and result.status != "interrupted":
                files = _keeper(folder, settings, options, source, origin, frontier, run)
                parts = parts._replace(writer=files)
                patience = settings.source(source.manifest.name).timeout_seconds
                result.media, odd = await fetch_files(
                    folder, origin, parts, options.media, options.workers, patience
                )
                result.findings += odd
            return result
    finally:
        frontier.close()


async def _check_robots(source: HttpSource, origin: Origin) -> None:
    """UsageError when a kind of page is forbidden to robots, whoever consented."""
    async with Transport(origin.base_url, origin.user_agent) as transport:
        robots = await robots_of(transport, origin.user_agent or "phonofilm")
    for name, endpoint in source.manifest.permitted(origin.access).items():
        path = endpoint.path.replace("{id}", source.manifest.ids.example)
        if not robots.allows(origin.base_url + path):
            raise UsageError(
                f"robots.txt of {origin.base_url} forbids {name} ({path}).",
                saved="Nothing was asked.",
            )


def _impossible(manifest: Manifest, access: str, goal: Goal) -> list[str]:
    """Wanted kinds that no permitted call gives, each with the reason; UsageError when all are."""
    missing = []
    for kind in goal.wants:
        gives = {n: e for n, e in manifest.endpoints.items() if f"{kind}.full" in e.returns}
        if not gives.keys() & manifest.permitted(access).keys():
            since = ", ".join(sorted({e.gone[access] for e in gives.values() if access in e.gone}))
            told = f"gone since {since}" if since else "this source has none"
            missing.append(f"{PLURALS[kind]} at access {access}: {told}")
    if missing and len(missing) == len(goal.wants):
        raise UsageError(
            f"{manifest.title} cannot give {'; '.join(missing)}.",
            next_step="Another source may: phonofilm doctor lists them.",
        )
    return missing


def _keeper(
    folder: Workspace,
    settings: Settings,
    options: CrawlOptions,
    source: HttpSource,
    origin: Origin,
    frontier: Frontier,
    run: str,
) -> ResponseWriter:
    stamp = RunInfo(source.manifest.name, origin.access, source.manifest.terms.version, run)
    key = None if settings.keep_names else hash_key()
    return ResponseWriter(
        folder, frontier, source.manifest, stamp, origin.clock, key, options.workers
    )


def _plant(
    folder: Workspace, source: HttpSource, origin: Origin, options: CrawlOptions, frontier: Frontier
) -> Scheduler:
    """Meets the seeds and opens the veins."""
    if options.planned_requests is not None:
        return Worklist(source.manifest, frontier, options.planned_requests)
    shelf = folder.segments()

    def landed() -> Iterator[Envelope]:
        names = sorted(shelf.names(source.manifest.name), key=lambda name: Path(name).name)
        return read_segments(map(shelf.path, names))

    rescope(frontier, source, options.scope, origin.access, landed)
    shelf.remove_fetched()
    return Planner(
        source.manifest,
        origin.access,
        options.goal,
        options.scope,
        frontier,
        frontier.absent(),
        policy(options.policy),
    )


def check_parking(frontier: Frontier, origin: Origin, source: HttpSource) -> None:
    """Nothing is asked during a ban; a wall clock that was set back does not lengthen it."""
    until, since = frontier.meta("parked_until"), frontier.meta("parked_at")
    if until is None or frontier.meta("parked_origin") not in (None, origin.name):
        return
    now, end = origin.clock.wall(), float(until)
    begun = float(since or now)
    if now < begun:  # the clock was set back: the rest of the ban counts from now
        end = now + (end - begun)
        frontier.set_meta("parked_until", str(end))
        frontier.set_meta("parked_at", str(now))
    if now >= end:
        frontier.set_meta("parked_until", None)
        return
    raise ParkedError(
        f"{source.manifest.title} is parked until {format_minute(end)}.",
        resume_at=end,
        saved="Everything collected so far; nothing was asked now.",
        next_step="Run the same command after that minute, or add --wait.",
    )


async def _drive(engine: Engine, origin: Origin, watch: Watch | None) -> CrawlResult:
    parts = engine.parts
    began = parts.clock.wall()
    watching = asyncio.create_task(watch(engine)) if watch else None
    failed: PhonofilmError | None = None
    try:
        with on_interrupt(engine.interrupt):
            await engine.crawl()
    except PhonofilmError as error:  # what was found on the way is kept first
        failed = error
    finally:
        try:
            _remember_parking(parts)
            await parts.writer.finish()
        finally:
            await _unwatch(watching)
    followed = sum(engine.reader.full.values()) + engine.gain
    for finding in parts.scope.findings(int(followed > 0)):
        engine.findings.add(finding.kind, finding.detail)
    result = _result(engine, origin, parts.clock.wall() - began)
    if failed is not None:
        result.status = "failed"
    parts.frontier.save_run(parts.run, began, json.dumps(msgspec.to_builtins(result)))
    if failed is not None:
        raise failed
    return result


async def _unwatch(watching: asyncio.Task[None] | None) -> None:
    """Ends the watching; a screen that went away (`| head`) is no reason to fail."""
    if watching:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError, SystemExit):
            await watching


def _remember_parking(parts: CrawlContext) -> None:
    if parts.limiter.parked_until is not None:
        parts.frontier.set_meta("parked_until", str(parts.limiter.parked_until))
        parts.frontier.set_meta("parked_at", str(parts.clock.wall()))


def _result(engine: Engine, origin: Origin, elapsed: float) -> CrawlResult:
    parts = engine.parts
    tally = parts.frontier.tally()
    evidence = engine.reader.coverage
    seen = evidence.coverage()
    return CrawlResult(
        run=parts.run,
        source=parts.source.manifest.name,
        origin=origin.name,
        access=origin.access,
        status=engine.ended,
        resume_at=parts.limiter.parked_until,
        calls=engine.calls,
        calls_by_endpoint=dict(engine.calls_by_endpoint),
        status_counts=dict(engine.status_counts),
        records={PLURALS[kind]: tally[kind] for kind in WANTED if kind in tally},
        new_per_call=round(engine.gain / engine.calls, 3) if engine.calls else 0.0,
        coverage={PLURALS[kind]: list(held) for kind, held in seen.items()},
        yields=parts.planner.yields(),
        coverage_by_list={name: list(held) for name, held in evidence.lists().items()},
        findings=engine.findings.rows(),
        elapsed_s=round(elapsed, 3),
    )
