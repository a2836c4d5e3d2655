"""Carry a field plan out in rounds: find missing fields, request them, load, match.

The landing and the frontiers are the only state, so the same command continues an interrupted or
parked run.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from phonofilm.config import Settings
from phonofilm.crawl.frontier.sqlite.read_only import answered_ids, followed_ids
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import FollowNothing, Scope
from phonofilm.crawl.session import crawl_each
from phonofilm.crawl.source_run import Watch
from phonofilm.enrich.next_requests import (
    Answered,
    NextRequest,
    Permitted,
    cheapest_finder,
    next_requests,
    ways,
)
from phonofilm.enrich.state import KnownArtist, filled, wanted_artists
from phonofilm.errors import (
    ConfigurationError,
    ParkedError,
    PhonofilmError,
    UsageError,
    exit_code_of,
)
from phonofilm.identity.match import match
from phonofilm.net.origin.live import live_origin
from phonofilm.net.origin.sandbox import sandbox_addresses
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, source_names
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.routes import Field, Route, field_label
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_session
from phonofilm.workspace import Workspace

# Chosen, not tuned: a field is at most a few requests away, so a plan that needs more rounds loops.
_ROUNDS_MAX = 40
_ARTIST = NODE_KINDS.index("artist")
_PARKED = "parked"
# Without a number of artists, sources are compared by the time for so many.
_ARTISTS_TO_COMPARE = 1000


class EnrichOptions(msgspec.Struct):
    """Wanted artists of a source (`artists=None`: all) and wanted fields as kind and name.

    An empty `source` selects the one that finds the artists fastest. `at` is the URL of a sandbox;
    its other stand-ins are used too.
    """

    source: str
    artists: int | None
    fields: list[Field]
    scope: Scope
    at: str | None = None
    workers: int = 4
    max_calls: int | None = None


class EnrichResult(msgspec.Struct, kw_only=True):
    """Share of each field before and after, the sources that filled it, and requests by source.

    `left_out` maps unusable sources to the reason; `status` is done, parked or stopped.
    """

    status: str
    artists: int
    source: str
    before: dict[str, float]
    after: dict[str, float]
    filled_by: dict[str, dict[str, int]] = msgspec.field(name="told_by")
    calls: dict[str, int]
    calls_by_endpoint: dict[str, int]
    left_out: dict[str, str]
    resume_at: float | None
    rounds: int
    elapsed_s: float

    @property
    def exit_code(self) -> int:
        """4 when a parked source could still fill a field, else 0."""
        return exit_code_of(self.status)


class _PlanRunner:
    """One field plan while it runs: sandbox addresses, request counts, unusable sources."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        options: EnrichOptions,
        watch: Watch | None,
        report: Callable[[str], None],
    ) -> None:
        self._workspace, self._settings, self._options = workspace, settings, options
        self._watch, self._report = watch, report
        self._sandboxes = run(sandbox_addresses(options.at)) if options.at else {}
        self.left_out: dict[str, str] = {}
        self.sources = permitted_sources(settings, self._sandboxes, self.left_out)
        self.calls: Counter[str] = Counter()
        self.calls_by_endpoint: Counter[str] = Counter()
        self.resume_at: float | None = None
        self._unavailable: set[str] = set()

    def find_artists(self) -> list[str]:
        """Return the ids of the wanted artists at their source; crawl for those still missing."""
        options = self._options
        artist_ids = self._followed_artists()
        if options.artists is None or len(artist_ids) < options.artists:
            goal = Goal({"artist": options.artists}, options.max_calls)
            self._crawl([self._crawl_options(options.source, goal, options.scope)])
            artist_ids = self._followed_artists()
        if not artist_ids and options.source in self._unavailable:
            raise ParkedError(
                f"{options.source} is parked.",
                resume_at=self.resume_at or time.time(),
                saved="Everything collected so far.",
                next_step="Run the same command after that minute.",
            )
        return artist_ids

    def _followed_artists(self) -> list[str]:
        options = self._options
        path = self._workspace.frontier / f"{options.source}.sqlite"
        return followed_ids(path, _ARTIST, options.artists, options.scope.name)

    def _crawl_options(
        self, source: str, goal: Goal, scope: Scope, requests: list[PlannedRequest] | None = None
    ) -> CrawlOptions:
        return CrawlOptions(
            source=source,
            goal=goal,
            scope=scope,
            at=self._sandboxes.get(source),
            workers=self._options.workers,
            planned_requests=requests,
        )

    def send(self, requests_by_source: Mapping[str, list[PlannedRequest]]) -> None:
        """Run one round at all sources at once; a failing or parked source stops no other."""
        limits = self._request_limits(len(requests_by_source))
        self._crawl(
            [
                self._crawl_options(
                    source, Goal({"artist": None}, limit), FollowNothing(), requests
                )
                for (source, requests), limit in zip(
                    requests_by_source.items(), limits, strict=True
                )
                if limit != 0
            ]
        )

    def _request_limits(self, sources: int) -> list[int | None]:
        """Split the remaining requests over the sources of a round."""
        if self._options.max_calls is None:
            return [None] * sources
        remaining = max(0, self._options.max_calls - sum(self.calls.values()))
        return [remaining // sources + (index < remaining % sources) for index in range(sources)]

    def is_spent(self) -> bool:
        """Tell whether all permitted requests are made."""
        limit = self._options.max_calls
        return limit is not None and sum(self.calls.values()) >= limit

    def _crawl(self, crawls: list[CrawlOptions]) -> None:
        results = run(crawl_each(self._workspace, self._settings, crawls, self._watch))
        for options, result in zip(crawls, results, strict=True):
            if isinstance(result, CrawlResult):
                self._count(result)
            elif isinstance(result, ParkedError):
                self._park(options.source, result.resume_at)
            elif isinstance(result, PhonofilmError) and options.planned_requests is not None:
                self._unavailable.add(options.source)
                self.left_out[options.source] = result.happened
                self._report(f"{options.source} is left out: {result.happened}")
            else:
                raise result

    def _count(self, result: CrawlResult) -> None:
        self.calls[result.source] += result.calls
        for endpoint, number in result.calls_by_endpoint.items():
            self.calls_by_endpoint[f"{result.source} {endpoint}"] += number
        if result.status == _PARKED:
            self._park(result.source, result.resume_at or time.time())
        if result.status == "interrupted":
            raise KeyboardInterrupt

    def _park(self, source: str, until: float) -> None:
        self._unavailable.add(source)
        self.resume_at = min(until, self.resume_at or until)
        self.left_out[source] = _PARKED

    def _answered_requests(self) -> dict[str, dict[str, set[str]]]:
        """Return the requested ids by source and endpoint."""
        return {
            name: answered_ids(self._workspace.frontier / f"{name}.sqlite") for name in self.sources
        }

    def next_round(
        self,
        artists: Mapping[str, KnownArtist],
        missing: Mapping[Field, set[str]],
        routes: Mapping[Field, list[Route]],
    ) -> dict[str, list[PlannedRequest]]:
        """Plan a round: for each missing field the next request of the cheapest usable source."""
        answered = self._answered_requests()
        requests: dict[str, dict[PlannedRequest, None]] = defaultdict(dict)
        for field, entities in missing.items():
            for entity in sorted(entities):
                for next_request in self._cheapest(artists[entity], routes[field], answered):
                    requests[next_request.source][next_request.request] = None
        return {source: list(planned) for source, planned in requests.items()}

    def _cheapest(
        self, artist: KnownArtist, routes: list[Route], answered: Mapping[str, Answered]
    ) -> list[NextRequest]:
        """Return the next requests of the first route that has any."""
        for route in routes:
            usable = [
                request
                for request in next_requests(artist, route, self.sources, answered)
                if request.source not in self._unavailable
            ]
            if usable:
                return usable
        return []


def permitted_sources(
    settings: Settings, sandboxes: Mapping[str, str], left_out: dict[str, str]
) -> dict[str, Permitted]:
    """Return the usable sources: those of a sandbox, or those that the settings permit.

    The reason for any other source goes to `left_out`.
    """
    sources = {}
    for name in source_names():
        manifest = get(name).manifest
        if not _has_music(manifest):
            continue
        if sandboxes:
            if name in sandboxes:
                level = settings.source(name).access or manifest.default_access
                sources[name] = Permitted(manifest, level)
            continue
        try:
            sources[name] = Permitted(manifest, live_origin(get(name), settings).access)
        except ConfigurationError as error:
            left_out[name] = error.happened.splitlines()[0]
    return sources


def _has_music(manifest: Manifest) -> bool:
    """Tell whether a source answers requests about music; dumps are imported instead."""
    shapes = ("artist.", "features.", "track.")
    return bool(manifest.endpoints) and any(s.startswith(shapes) for s in manifest.shapes)


def enrich(
    workspace: Workspace,
    settings: Settings,
    options: EnrichOptions,
    watch: Watch | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> EnrichResult:
    """Find the artists and fill their fields; every response is saved before the next request.

    `report` gets one line per round. UsageError when the source is unusable or has no such artist.
    """
    started = time.monotonic()
    runner = _PlanRunner(workspace, settings, options, watch, report)
    options.source = options.source or cheapest_finder(
        runner.sources, options.artists or _ARTISTS_TO_COMPARE
    )
    artist_ids = _find_artists(runner, options)
    progress = _run_rounds(runner, workspace, options, artist_ids, report)
    return EnrichResult(
        status=progress.status,
        artists=len(progress.artists),
        source=options.source,
        before=_shares(progress.missing_before, progress.artists),
        after=_shares(progress.missing, progress.artists),
        filled_by=progress.filled_by,
        calls=dict(runner.calls),
        calls_by_endpoint=dict(runner.calls_by_endpoint),
        left_out=runner.left_out,
        resume_at=runner.resume_at,
        rounds=progress.rounds,
        elapsed_s=round(time.monotonic() - started, 3),
    )


def _find_artists(runner: _PlanRunner, options: EnrichOptions) -> list[str]:
    if options.source not in runner.sources:
        raise UsageError(
            f"{options.source} cannot be asked:"
            f" {runner.left_out.get(options.source, 'not there')}.",
            next_step="phonofilm doctor tells what is missing.",
        )
    artist_ids = runner.find_artists()
    if not artist_ids:
        raise UsageError(f"{options.source} has no such artists.", next_step="Try another --genre.")
    return artist_ids


class _Progress(msgspec.Struct):
    """State after a round: artists by entity, entities that lack a field, sources of each field."""

    artists: dict[str, KnownArtist]
    missing: dict[Field, set[str]]
    filled_by: dict[str, dict[str, int]]
    missing_before: dict[Field, set[str]] = {}
    rounds: int = 0
    status: str = "done"


def _run_rounds(
    runner: _PlanRunner,
    workspace: Workspace,
    options: EnrichOptions,
    artist_ids: list[str],
    report: Callable[[str], None],
) -> _Progress:
    """Repeat rounds until no request is left, the limit is spent or too many rounds were run."""
    routes = {field: ways(runner.sources, *field) for field in options.fields}
    progress = _load_and_match(workspace, options, artist_ids)
    progress.missing_before = progress.missing
    while True:
        report(_round_line(progress, runner.calls))
        requests = runner.next_round(progress.artists, progress.missing, routes)
        if not requests or progress.rounds >= _ROUNDS_MAX:
            break
        if runner.is_spent():
            progress.status = "stopped"
            break
        runner.send(requests)
        latest = _load_and_match(workspace, options, artist_ids)
        latest.missing_before, latest.rounds = progress.missing_before, progress.rounds + 1
        progress = latest
    unfinished = runner.resume_at is not None and any(progress.missing.values())
    if progress.status == "done" and unfinished:
        progress.status = _PARKED
    return progress


def _load_and_match(
    workspace: Workspace, options: EnrichOptions, artist_ids: list[str]
) -> _Progress:
    """Load and match the new responses; read which artists lack which field."""
    load(workspace)
    match(workspace)
    with open_session(workspace) as connection:
        artists = wanted_artists(connection, options.source, artist_ids)
        missing: dict[Field, set[str]] = {}
        filled_by: dict[str, dict[str, int]] = {}
        for field in options.fields:
            sources = filled(connection, *field)
            missing[field] = artists.keys() - sources.keys()
            filled_by[field_label(field)] = dict(Counter(sources.values()).most_common())
    return _Progress(artists, missing, filled_by)


def _shares(missing: Mapping[Field, set[str]], artists: Mapping[str, Any]) -> dict[str, float]:
    """Return the share of artists that have each field."""
    total = max(1, len(artists))
    return {
        field_label(field): round(1 - len(entities) / total, 4)
        for field, entities in missing.items()
    }


def _round_line(progress: _Progress, calls: Mapping[str, int]) -> str:
    shares = _shares(progress.missing, progress.artists)
    text = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    return (
        f"Round {progress.rounds}: {len(progress.artists):,} artists,"
        f" {sum(calls.values()):,} calls; {text}"
    )
