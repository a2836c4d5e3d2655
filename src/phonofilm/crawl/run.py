"""One crawl from a person's words to its result: origin, lock, seeds, engine, sealing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from phonofilm.config import Settings, hash_key
from phonofilm.crawl.coverage import coverage
from phonofilm.crawl.engine import Engine, Parts
from phonofilm.crawl.frontier import Frontier
from phonofilm.crawl.goal import BY_PLURAL_NAME, KINDS, Goal, Scope
from phonofilm.crawl.keeper import Keeper
from phonofilm.crawl.limiter import Limiter
from phonofilm.crawl.origin import Origin, live, sandbox
from phonofilm.crawl.planner import Planner, policy
from phonofilm.crawl.transport import Transport
from phonofilm.errors import ParkedError, PhonofilmError, UsageError
from phonofilm.landing.envelope import Stamp
from phonofilm.landing.store import DataFolder, Writing
from phonofilm.sources import get
from phonofilm.sources.base import HttpSource, Link

Watch = Callable[[Engine], Coroutine[Any, Any, None]]


class CrawlOptions(msgspec.Struct):
    """All that a crawl is told; `at` is a sandbox's address, `fresh` forgets the frontier."""

    source: str
    goal: Goal
    scope: Scope
    at: str | None = None
    workers: int = 4
    fresh: bool = False
    wait: bool = False
    policy: str = "information"


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

    @property
    def exit_code(self) -> int:
        """4 when parked, 130 when interrupted, else 0."""
        return {"parked": 4, "interrupted": 130}.get(self.status, 0)


async def crawl(
    folder: DataFolder, settings: Settings, options: CrawlOptions, watch: Watch | None = None
) -> CrawlResult:
    """Crawls and seals. Errors come after everything collected is safe."""
    source = get(options.source)
    policy(options.policy)
    folder.open()
    with Writing(folder, f"crawl of {options.source}"):
        origin = await sandbox(source, options.at) if options.at else live(source, settings)
        if options.fresh:
            _forget(folder, source.manifest.name)
        while True:
            result = await _one(folder, settings, options, source, origin, watch)
            if result.status != "parked" or not options.wait:
                return result
            await _wait_until(result.resume_at or 0.0, origin)


async def _wait_until(instant: float, origin: Origin) -> None:
    while (left := instant - origin.clock.wall()) > 0:
        await asyncio.sleep(min(left, 30.0))


def _forget(folder: DataFolder, source: str) -> None:
    """Forgets what was known and learned of a source, never its landing.

    What waits in logs is sealed first: the frontier is their table of contents.
    """
    from phonofilm.crawl.keeper import seal_waiting  # noqa: PLC0415

    path = folder.frontier / f"{source}.sqlite"
    if path.exists():
        frontier = Frontier(path)
        seal_waiting(folder, frontier, source)
        frontier.close()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


async def _one(
    folder: DataFolder, settings: Settings, options: CrawlOptions, source: HttpSource,
    origin: Origin, watch: Watch | None,
) -> CrawlResult:  # fmt: skip
    frontier = Frontier(folder.frontier / f"{source.manifest.name}.sqlite")
    try:
        frontier.bind(origin.name, origin.access)
        check_parking(frontier, origin, source)
        now = datetime.fromtimestamp(origin.clock.wall(), UTC)
        run = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        planner = _plant(source, origin, options, frontier)
        keeper = _keeper(folder, settings, options, source, origin, frontier, run)
        limiter = Limiter(
            origin.budgets, origin.clock, frontier.calls_since(origin.clock.wall() - 86_400)
        )
        async with Transport(
            origin.base_url, origin.user_agent, max(4, options.workers)
        ) as transport:
            parts = Parts(
                source, origin.access, options.goal, options.scope, frontier, planner, limiter,
                transport, origin.tokens(transport), keeper, origin.clock, run,
            )  # fmt: skip
            engine = Engine(parts, options.workers)
            return await _drive(engine, origin, watch)
    finally:
        frontier.close()


def _keeper(
    folder: DataFolder, settings: Settings, options: CrawlOptions, source: HttpSource,
    origin: Origin, frontier: Frontier, run: str,
) -> Keeper:  # fmt: skip
    stamp = Stamp(source.manifest.name, origin.access, source.manifest.terms.version, run)
    key = None if settings.keep_names else hash_key()
    return Keeper(folder, frontier, source.manifest, stamp, origin.clock, key, options.workers)


def _plant(
    source: HttpSource, origin: Origin, options: CrawlOptions, frontier: Frontier
) -> Planner:
    """Meets the seeds and opens the veins."""
    for link in options.scope.seeds(source, origin.access):
        frontier.meet(link.kind, [(link.id, options.scope.link_level(link), False)])
    frontier.commit()
    return Planner(
        source.manifest, origin.access, options.goal, options.scope, frontier, frontier.absent(),
        policy(options.policy),
    )  # fmt: skip


def check_parking(frontier: Frontier, origin: Origin, source: HttpSource) -> None:
    """Nothing is asked during a ban; a wall clock that was set back does not lengthen it."""
    until, since = frontier.meta("parked_until"), frontier.meta("parked_at")
    if until is None:
        return
    now, end = origin.clock.wall(), float(until)
    begun = float(since or now)
    if now < begun:  # the clock was set back: the rest of the ban counts from now
        end = now + (end - begun)
    if now >= end:
        frontier.set_meta("parked_until", None)
        return
    raise ParkedError(
        f"{source.manifest.title} is parked until {minute(end)}.",
        resume_at=end,
        saved="Everything collected so far; nothing was asked now.",
        next_step="Run the same command after that minute, or add --wait.",
    )


def minute(instant: float) -> str:
    """An instant as people read it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M UTC")


async def _drive(engine: Engine, origin: Origin, watch: Watch | None) -> CrawlResult:
    parts = engine.parts
    began = parts.clock.wall()
    watching = asyncio.create_task(watch(engine)) if watch else None
    try:
        with _signals(engine):
            await engine.crawl()
    finally:
        if watching:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        _remember_parking(parts)
        await parts.keeper.finish()
    for finding in parts.scope.findings():
        engine.findings[finding.kind] += 1
        engine.examples[finding.kind] = finding.detail
    result = _result(engine, origin, parts.clock.wall() - began)
    parts.frontier.keep_run(parts.run, began, json.dumps(msgspec.to_builtins(result)))
    return result


def _remember_parking(parts: Parts) -> None:
    if parts.limiter.parked_until is not None:
        parts.frontier.set_meta("parked_until", str(parts.limiter.parked_until))
        parts.frontier.set_meta("parked_at", str(parts.clock.wall()))


@contextlib.contextmanager
def _signals(engine: Engine) -> Iterator[None]:
    """SIGINT and SIGTERM let the calls in flight finish; only the main thread may listen."""
    loop = asyncio.get_running_loop()
    signs = (signal.SIGINT, signal.SIGTERM)
    try:
        for sign in signs:
            loop.add_signal_handler(sign, engine.stop, "interrupted")
    except (ValueError, RuntimeError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        for sign in signs:
            loop.remove_signal_handler(sign)


def _result(engine: Engine, origin: Origin, elapsed: float) -> CrawlResult:
    parts = engine.parts
    tally = parts.frontier.tally()
    seen = coverage(parts.planner, tally)
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
        records={BY_PLURAL_NAME[kind]: tally[kind] for kind in KINDS if kind in tally},
        new_per_call=round(engine.gain / engine.calls, 3) if engine.calls else 0.0,
        coverage={BY_PLURAL_NAME[kind]: list(held) for kind, held in seen.items()},
        findings=[
            {"kind": kind, "count": count, "example": engine.examples[kind]}
            for kind, count in engine.findings.most_common()
        ],
        elapsed_s=round(elapsed, 3),
    )


def named_links(source: HttpSource, texts: list[str], wants: dict[str, int | None]) -> list[Link]:
    """Links and ids a person gave; a bare id needs one wanted kind to say what it is."""
    links = []
    for text in texts:
        link = source.link_of(text)
        if link is None and "/" not in text and ":" not in text and len(wants) >= 1:
            link = Link(next(iter(wants)), text)
        if link is None:
            raise UsageError(
                f"{text!r} is no link to anything of {source.manifest.title}.",
                next_step="Give its page's address, or an id with --want artists (or albums ...).",
            )
        links.append(link)
    return links


__all__ = ["CrawlOptions", "CrawlResult", "PhonofilmError", "crawl", "minute", "named_links"]
