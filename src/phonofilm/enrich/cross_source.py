"""Finds the tracks of one source at another: by code first, by words for what codes do not find.

Which of the found is the same track is decided by matching, here as everywhere.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import msgspec

from phonofilm.config import Settings
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import FollowNothing
from phonofilm.crawl.session import CrawlOptions, CrawlResult, Watch, crawl_each
from phonofilm.errors import UsageError
from phonofilm.identity.match import match
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_session
from phonofilm.workspace import Workspace

_STEPS = (("isrc", "by code"), ("search_track", "by words"))
# Sets are in no shop; a track whose name nobody told cannot be looked for.
_LACKING = """SELECT t.name, t.artist_names[1] AS artist, t.isrc, t.mix_name FROM store.track t
    LEFT JOIN identity.members m ON m.kind = 'recording' AND m.source = t.source AND m.id = t.id
    WHERE t.source = ? AND t.is_set IS DISTINCT FROM true AND NOT EXISTS (
        SELECT 1 FROM identity.members o WHERE o.kind = 'recording' AND o.source = ?
        AND o.entity = m.entity) ORDER BY t.id"""
_ALL = "SELECT count(*) FROM store.track WHERE source = ? AND is_set IS DISTINCT FROM true"


class CrossSourceResult(msgspec.Struct):
    """How many tracks of `beside` were found at `source`; `status` is done, parked or stopped."""

    status: str
    source: str
    beside: str
    tracks: int
    found: int
    calls: int
    calls_by_endpoint: dict[str, int]
    resume_at: float | None
    elapsed_s: float

    @property
    def exit_code(self) -> int:
        """4 when parked, 130 when interrupted, else 0."""
        return {"parked": 4, "interrupted": 130}.get(self.status, 0)


class CrossSourceOptions(msgspec.Struct):
    """The tracks of `beside` are looked for at `source`."""

    source: str
    beside: str
    at: str | None = None
    workers: int = 4
    max_calls: int | None = None


def match_source(
    folder: Workspace,
    settings: Settings,
    wish: CrossSourceOptions,
    watch: Watch | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> CrossSourceResult:
    """Two rounds; interrupted or parked, the same command goes on. UsageError without tracks."""
    began = time.monotonic()
    _check(wish)
    calls: Counter[str] = Counter()
    status, resume_at = "done", None
    total, lacking = _look(folder, wish)
    for endpoint, words in _STEPS:
        errands = _errands(endpoint, lacking)
        left = None if wish.max_calls is None else wish.max_calls - calls.total()
        if left is not None and left <= 0:
            status = "stopped"
            break
        told(f"{len(lacking):,} of {total:,} tracks not found yet; asking {words}.")
        end = _ask(folder, settings, wish, errands, left, watch)
        calls.update(end.calls_by_endpoint)
        total, lacking = _look(folder, wish)
        if end.status != "done":
            status, resume_at = end.status, end.resume_at
            break
    return CrossSourceResult(
        status,
        wish.source,
        wish.beside,
        total,
        total - len(lacking),
        calls.total(),
        dict(calls),
        resume_at,
        round(time.monotonic() - began, 3),
    )


def _check(wish: CrossSourceOptions) -> None:
    endpoints = get(wish.source).manifest.endpoints
    missing = [endpoint for endpoint, _ in _STEPS if endpoint not in endpoints]
    if missing:
        raise UsageError(
            f"{get(wish.source).manifest.title} cannot be asked for single tracks.",
            next_step="--for goes with beatport and deezer.",
        )
    if wish.beside == wish.source:
        raise UsageError("--for names the source itself.", next_step="Name another source.")
    get(wish.beside)


def _look(folder: Workspace, wish: CrossSourceOptions) -> tuple[int, list[tuple[str | None, ...]]]:
    """Loads and matches what came; how many tracks there are, and those not found yet."""
    load(folder)
    match(folder)
    with open_session(folder) as connection:
        row = connection.execute(_ALL, [wish.beside]).fetchone()
        lacking = connection.execute(_LACKING, [wish.beside, wish.source]).fetchall()
    if not row or not row[0]:
        raise UsageError(
            f"There are no tracks of {wish.beside} here.",
            next_step=f"Collect them first: phonofilm crawl {wish.beside} --artist NAME",
        )
    return int(row[0]), lacking


def _errands(endpoint: str, lacking: list[tuple[str | None, ...]]) -> list[PlannedRequest]:
    """What to ask: each code once, or each title with its artist."""
    found: dict[str, None] = {}
    for name, artist, isrc, mix in lacking:
        if endpoint == "isrc" and isrc and len(isrc) == 12:
            found[isrc] = None
        elif endpoint != "isrc" and name:
            found[" ".join(filter(None, (artist, name, mix)))] = None
    return [PlannedRequest(endpoint, id_) for id_ in found]


def _ask(
    folder: Workspace,
    settings: Settings,
    wish: CrossSourceOptions,
    errands: list[PlannedRequest],
    max_calls: int | None,
    watch: Watch | None,
) -> CrawlResult:
    goal = Goal({"track": None}, max_calls)
    options = CrawlOptions(
        wish.source, goal, FollowNothing(), wish.at, wish.workers, planned_requests=errands
    )
    end = run(crawl_each(folder, settings, [options], watch))[0]
    if isinstance(end, BaseException):
        raise end
    return end
