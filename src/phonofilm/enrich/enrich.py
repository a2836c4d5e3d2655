"""Carries a field plan out, in rounds: who lacks what, what to ask for it, ask, load, match.

The state is what was collected and what was asked: interrupted or parked, the same command goes on.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from phonofilm.config import Settings
from phonofilm.crawl.frontier.database import answered_ids, followed_ids
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import FollowNothing, Scope
from phonofilm.crawl.session import CrawlOptions, CrawlResult, Watch, crawl_each
from phonofilm.enrich.next_requests import Permitted, cheapest_finder, next_steps, ways
from phonofilm.enrich.state import KnownArtist, filled, wanted_artists
from phonofilm.errors import ConfigurationError, ParkedError, PhonofilmError, UsageError
from phonofilm.identity.match import match
from phonofilm.net.origin import live_origin, sandbox_addresses
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.runtime.event_loop import run
from phonofilm.sources import NAMES, get
from phonofilm.sources.routes import Field, Route, named
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_session
from phonofilm.workspace import Workspace

_MOST_ROUNDS = 40
_ARTIST = NODE_KINDS.index("artist")
_LATER = "parked"
_MANY = 1000


class EnrichOptions(msgspec.Struct):
    """What is wanted: so many artists of a source (None: all), and fields as kind and name.

    Without a `source` it is the one that finds them fastest. `at` is an address of a sandbox,
    whose other stand-ins are asked, too.
    """

    source: str
    artists: int | None
    fields: list[Field]
    scope: Scope
    at: str | None = None
    workers: int = 4
    max_calls: int | None = None


class EnrichResult(msgspec.Struct):
    """How much of each field is in hand before and after, from where, for how many calls.

    `left_out` are sources that could not be asked, and why; `status` is done, parked or stopped.
    """

    status: str
    artists: int
    source: str
    before: dict[str, float]
    after: dict[str, float]
    told_by: dict[str, dict[str, int]]
    calls: dict[str, int]
    calls_by_endpoint: dict[str, int]
    left_out: dict[str, str]
    resume_at: float | None
    rounds: int
    elapsed_s: float

    @property
    def exit_code(self) -> int:
        """4 when a parked source could still tell something."""
        return 4 if self.status == _LATER else 0


class _Carrying:
    """One plan on its way."""

    def __init__(
        self,
        folder: Workspace,
        settings: Settings,
        wish: EnrichOptions,
        watch: Watch | None,
        told: Callable[[str], None],
    ) -> None:
        self._folder, self._settings, self._wish = folder, settings, wish
        self._watch, self._told = watch, told
        self._at = run(sandbox_addresses(wish.at)) if wish.at else {}
        self.left_out: dict[str, str] = {}
        self.sources = permitted(settings, self._at, self.left_out)
        self.calls: Counter[str] = Counter()
        self.calls_by_endpoint: Counter[str] = Counter()
        self.resume_at: float | None = None
        self._down: set[str] = set()

    def find(self) -> list[str]:
        """The ids of the wanted artists at their source, found now where they are not yet."""
        wish = self._wish
        path = self._folder.frontier / f"{wish.source}.sqlite"
        held = followed_ids(path, _ARTIST, wish.artists, wish.scope.name)
        if wish.artists is None or len(held) < wish.artists:
            goal = Goal({"artist": wish.artists}, wish.max_calls)
            self._crawl([self._options(wish.source, goal, wish.scope)])
            held = followed_ids(path, _ARTIST, wish.artists, wish.scope.name)
        if not held and wish.source in self._down:
            raise ParkedError(
                f"{wish.source} is parked.",
                resume_at=self.resume_at or time.time(),
                saved="Everything collected so far.",
                next_step="Run the same command after that minute.",
            )
        return held

    def _options(
        self, source: str, goal: Goal, scope: Scope, errands: list[PlannedRequest] | None = None
    ) -> CrawlOptions:
        return CrawlOptions(
            source, goal, scope, self._at.get(source), self._wish.workers, planned_requests=errands
        )

    def ask(self, errands: Mapping[str, list[PlannedRequest]]) -> None:
        """One round: all sources at once; one that fails or is parked does not stop the others."""
        crawls = [
            self._options(source, Goal({"artist": None}, most), FollowNothing(), held)
            for (source, held), most in zip(
                errands.items(), self._shares(len(errands)), strict=True
            )
            if most != 0
        ]
        self._crawl(crawls)

    def _shares(self, sources: int) -> list[int | None]:
        """How many calls each source of a round may make, of those that are left."""
        most = self._wish.max_calls
        if most is None:
            return [None] * sources
        left = max(0, most - sum(self.calls.values()))
        return [left // sources + (place < left % sources) for place in range(sources)]

    def spent(self) -> bool:
        """Whether the calls that were allowed are made."""
        most = self._wish.max_calls
        return most is not None and sum(self.calls.values()) >= most

    def _crawl(self, crawls: list[CrawlOptions]) -> None:
        ended = run(crawl_each(self._folder, self._settings, crawls, self._watch))
        for options, end in zip(crawls, ended, strict=True):
            if isinstance(end, CrawlResult):
                self._count(end)
            elif isinstance(end, ParkedError):
                self._park(options.source, end.resume_at)
            elif isinstance(end, PhonofilmError) and options.planned_requests is not None:
                self._down.add(options.source)
                self.left_out[options.source] = end.happened
                self._told(f"{options.source} is left out: {end.happened}")
            else:
                raise end

    def _count(self, end: CrawlResult) -> None:
        self.calls[end.source] += end.calls
        for endpoint, number in end.calls_by_endpoint.items():
            self.calls_by_endpoint[f"{end.source} {endpoint}"] += number
        if end.status == _LATER:
            self._park(end.source, end.resume_at or time.time())
        if end.status == "interrupted":
            raise KeyboardInterrupt

    def _park(self, source: str, until: float) -> None:
        self._down.add(source)
        self.resume_at = min(until, self.resume_at or until)
        self.left_out[source] = _LATER

    def asked(self) -> dict[str, dict[str, set[str]]]:
        """What every source was asked."""
        return {
            name: answered_ids(self._folder.frontier / f"{name}.sqlite") for name in self.sources
        }

    def errands(
        self,
        artists: Mapping[str, KnownArtist],
        lacking: Mapping[Field, set[str]],
        routes: Mapping[Field, list[Route]],
    ) -> dict[str, list[PlannedRequest]]:
        """What to ask now: for each gap the next step at the cheapest source that has one."""
        asked = self.asked()
        found: dict[str, dict[PlannedRequest, None]] = defaultdict(dict)
        for field, entities in lacking.items():
            for entity in sorted(entities):
                for route in routes[field]:
                    steps = next_steps(artists[entity], route, self.sources, asked)
                    steps = [step for step in steps if step.source not in self._down]
                    if steps:
                        for step in steps:
                            found[step.source][step.errand] = None
                        break
        return {source: list(held) for source, held in found.items()}


def permitted(
    settings: Settings, at: Mapping[str, str], left_out: dict[str, str]
) -> dict[str, Permitted]:
    """The sources that may be asked: those of a sandbox, or those the operator let in."""
    found = {}
    for name in NAMES:
        manifest = get(name).manifest
        musical = any(s.startswith(("artist.", "features.", "track.")) for s in manifest.shapes)
        if not musical or not manifest.endpoints:  # dumps are imported, not asked
            continue
        if at:
            if name in at:
                level = settings.source(name).access or manifest.default_access
                found[name] = Permitted(manifest, level)
            continue
        try:
            found[name] = Permitted(manifest, live_origin(get(name), settings).access)
        except ConfigurationError as error:
            left_out[name] = error.happened.splitlines()[0]
    return found


def enrich(
    folder: Workspace,
    settings: Settings,
    wish: EnrichOptions,
    watch: Watch | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> EnrichResult:
    """Finds the artists and fills their fields. Everything collected is safe whatever happens."""
    began = time.monotonic()
    work = _Carrying(folder, settings, wish, watch, told)
    wish.source = wish.source or cheapest_finder(work.sources, wish.artists or _MANY)
    if wish.source not in work.sources:
        raise UsageError(
            f"{wish.source} cannot be asked: {work.left_out.get(wish.source, 'not there')}.",
            next_step="phonofilm doctor tells what is missing.",
        )
    ids = work.find()
    if not ids:
        raise UsageError(f"{wish.source} has no such artists.", next_step="Try another --genre.")
    routes = {field: ways(work.sources, *field) for field in wish.fields}
    before: dict[Field, set[str]] = {}
    rounds, status = 0, "done"
    while True:
        artists, lacking, sources = _look(folder, wish, ids)
        before = before or lacking
        told(_line(rounds, artists, lacking, work.calls))
        errands = work.errands(artists, lacking, routes)
        if not errands or rounds >= _MOST_ROUNDS:
            break
        if work.spent():
            status = "stopped"
            break
        work.ask(errands)
        rounds += 1
    if status == "done" and work.resume_at is not None and any(lacking.values()):
        status = _LATER
    return EnrichResult(
        status,
        len(artists),
        wish.source,
        _shares(before, artists),
        _shares(lacking, artists),
        sources,
        dict(work.calls),
        dict(work.calls_by_endpoint),
        work.left_out,
        work.resume_at,
        rounds,
        round(time.monotonic() - began, 3),
    )


def _look(
    folder: Workspace, wish: EnrichOptions, ids: list[str]
) -> tuple[dict[str, KnownArtist], dict[Field, set[str]], dict[str, dict[str, int]]]:
    """Loads and matches what came; the artists, who lacks what, and who told what is there."""
    load(folder)
    match(folder)
    with open_session(folder) as connection:
        artists = wanted_artists(connection, wish.source, ids)
        lacking: dict[Field, set[str]] = {}
        sources: dict[str, dict[str, int]] = {}
        for field in wish.fields:
            there = filled(connection, *field)
            lacking[field] = artists.keys() - there.keys()
            sources[named(field)] = dict(Counter(there.values()).most_common())
    return artists, lacking, sources


def _shares(lacking: Mapping[Field, set[str]], artists: Mapping[str, Any]) -> dict[str, float]:
    number = max(1, len(artists))
    return {named(field): round(1 - len(held) / number, 4) for field, held in lacking.items()}


def _line(
    rounds: int,
    artists: Mapping[str, Any],
    lacking: Mapping[Field, set[str]],
    calls: Mapping[str, int],
) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in _shares(lacking, artists).items())
    return f"Round {rounds}: {len(artists):,} artists, {sum(calls.values()):,} calls; {shares}"
