"""Find the tracks of one source at another: by code first, then by search words.

Matching decides which of the results is the same track, as for any other record.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import msgspec

from phonofilm.config import Settings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import FollowNothing
from phonofilm.crawl.session import crawl_each
from phonofilm.crawl.source_run import Watch
from phonofilm.errors import UsageError, exit_code_of
from phonofilm.identity.match import match
from phonofilm.records.values.codes import isrc as valid_isrc
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, sources_with
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_session
from phonofilm.workspace import Workspace

_STEPS = (("isrc", "by code"), ("search_track", "by words"))
# Shops do not sell sets, and a track without a name cannot be searched for.
_UNMATCHED = """SELECT t.name, t.artist_names[1] AS artist, t.isrc, t.mix_name FROM store.track t
    LEFT JOIN identity.members m ON m.kind = 'recording' AND m.source = t.source AND m.id = t.id
    WHERE t.source = ? AND t.is_set IS DISTINCT FROM true AND NOT EXISTS (
        SELECT 1 FROM identity.members o WHERE o.kind = 'recording' AND o.source = ?
        AND o.entity = m.entity) ORDER BY t.id"""
_COUNT = "SELECT count(*) FROM store.track WHERE source = ? AND is_set IS DISTINCT FROM true"


class CrossSourceResult(msgspec.Struct, kw_only=True):
    """Tracks of `reference` matched at `source`; `status` is done, parked or stopped."""

    status: str
    source: str
    reference: str = msgspec.field(name="beside")
    tracks: int
    matched: int = msgspec.field(name="found")
    calls: int
    calls_by_endpoint: dict[str, int]
    resume_at: float | None
    elapsed_s: float

    @property
    def exit_code(self) -> int:
        """4 when parked, 130 when interrupted, else 0."""
        return exit_code_of(self.status)


class CrossSourceOptions(msgspec.Struct):
    """Look for the tracks of the source `reference` at `source`."""

    source: str
    reference: str
    at: str | None = None
    workers: int = 4
    max_calls: int | None = None


def match_source(
    workspace: Workspace,
    settings: Settings,
    options: CrossSourceOptions,
    watch: Watch | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> CrossSourceResult:
    """Request unmatched tracks in two rounds, by code and by words; load and match after each.

    The same command continues an interrupted or parked run. UsageError without tracks.
    """
    started = time.monotonic()
    _check(options)
    calls: Counter[str] = Counter()
    status, resume_at = "done", None
    total, unmatched = _load_and_match(workspace, options)
    for endpoint, method in _STEPS:
        remaining = None if options.max_calls is None else options.max_calls - calls.total()
        if remaining is not None and remaining <= 0:
            status = "stopped"
            break
        report(f"{len(unmatched):,} of {total:,} tracks not found yet; asking {method}.")
        crawl_options = CrawlOptions(
            source=options.source,
            goal=Goal({"track": None}, remaining),
            scope=FollowNothing(),
            at=options.at,
            workers=options.workers,
            planned_requests=_plan_requests(endpoint, unmatched),
        )
        result = _crawl(workspace, settings, crawl_options, watch)
        calls.update(result.calls_by_endpoint)
        total, unmatched = _load_and_match(workspace, options)
        if result.status != "done":
            status, resume_at = result.status, result.resume_at
            break
    return CrossSourceResult(
        status=status,
        source=options.source,
        reference=options.reference,
        tracks=total,
        matched=total - len(unmatched),
        calls=calls.total(),
        calls_by_endpoint=dict(calls),
        resume_at=resume_at,
        elapsed_s=round(time.monotonic() - started, 3),
    )


def _check(options: CrossSourceOptions) -> None:
    endpoints = get(options.source).manifest.endpoints
    missing = [endpoint for endpoint, _ in _STEPS if endpoint not in endpoints]
    if missing:
        raise UsageError(
            f"{get(options.source).manifest.title} cannot be asked for single tracks.",
            next_step=f"--for goes with {', '.join(sources_with(*(e for e, _ in _STEPS)))}.",
        )
    if options.reference == options.source:
        raise UsageError("--for names the source itself.", next_step="Name another source.")
    get(options.reference)


def _load_and_match(
    workspace: Workspace, options: CrossSourceOptions
) -> tuple[int, list[tuple[str | None, ...]]]:
    """Load and match the new responses; return the number of tracks and the unmatched ones."""
    load(workspace)
    match(workspace)
    with open_session(workspace) as connection:
        row = connection.execute(_COUNT, [options.reference]).fetchone()
        unmatched = connection.execute(_UNMATCHED, [options.reference, options.source]).fetchall()
    if not row or not row[0]:
        raise UsageError(
            f"There are no tracks of {options.reference} here.",
            next_step=f"Collect them first: phonofilm crawl {options.reference} --artist NAME",
        )
    return int(row[0]), unmatched


def _plan_requests(endpoint: str, unmatched: list[tuple[str | None, ...]]) -> list[PlannedRequest]:
    """Plan a request for each code, or for each title with its artist."""
    keys: dict[str, None] = {}
    for name, artist, isrc, mix in unmatched:
        if endpoint == "isrc" and (code := valid_isrc(isrc)):
            keys[code] = None
        elif endpoint != "isrc" and name:
            keys[" ".join(filter(None, (artist, name, mix)))] = None
    return [PlannedRequest(endpoint, key) for key in keys]


def _crawl(
    workspace: Workspace, settings: Settings, options: CrawlOptions, watch: Watch | None
) -> CrawlResult:
    result = run(crawl_each(workspace, settings, [options], watch))[0]
    if isinstance(result, BaseException):
        raise result
    return result
