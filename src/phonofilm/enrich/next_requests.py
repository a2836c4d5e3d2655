"""Choose the next request for one artist and one field, at the cheapest source that has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.enrich.state import KnownArtist
from phonofilm.errors import UsageError
from phonofilm.sources import get
from phonofilm.sources.cost import estimate_cost
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.routes import (
    ATTEMPTS_MAX,
    Route,
    best_by_source,
    finder_endpoints,
    routes,
    seconds_per_request,
)

Answered = Mapping[str, set[str]]
"""Ids that a source was already asked about, by endpoint."""
_NO_IDS: set[str] = set()


class NextRequest(NamedTuple):
    """A planned request and its source."""

    source: str
    request: PlannedRequest


class Permitted(NamedTuple):
    """A usable source and its access level."""

    manifest: Manifest
    access: str


def ways(sources: Mapping[str, Permitted], kind: str, field: str) -> list[Route]:
    """Return one route per source to a field, cheapest first.

    The time of a route includes finding the artist at that source.
    """
    candidates = []
    for name, (manifest, access) in sources.items():
        finding_seconds = _finding_seconds(sources, name)
        if finding_seconds is None:
            continue
        candidates += [
            route._replace(seconds=route.seconds + finding_seconds * (route.start == "artist"))
            for route in routes(manifest, access, kind, field)
        ]
    return best_by_source(candidates)


def _finding_seconds(sources: Mapping[str, Permitted], name: str) -> float | None:
    """Return the seconds to find an artist at a source; None when that is impossible."""
    through = get(name).manifest.namespace  # its ids are found where they come from
    if through not in sources:
        return None
    manifest, access = sources[through]
    seconds = seconds_per_request(manifest, access)
    costs = [
        seconds / manifest.endpoints[name].batch for name in finder_endpoints(manifest, access)
    ]
    by_code = any(e.subject == "track_code" for e in manifest.permitted(access).values())
    return min(costs, default=0.0 if by_code else None)


def next_requests(
    artist: KnownArtist,
    route: Route,
    sources: Mapping[str, Permitted],
    answered: Mapping[str, Answered],
) -> list[NextRequest]:
    """Return the next requests on a route; empty when every one was made."""
    if route.start == "track_code":
        return _by_code(artist, route, answered.get(route.source, {}))
    answered_here = answered.get(route.source, {})
    ids = artist.ids_at(route.source)
    if not ids:
        return list(_lookups(artist, route.source, sources, answered))[:1]
    first, *rest = route.endpoints
    new_ids = [id_ for id_ in ids if id_ not in answered_here.get(first, _NO_IDS)]
    if new_ids:
        return [NextRequest(route.source, PlannedRequest(first, new_ids[0]))]
    for endpoint in rest:
        kind = get(route.source).manifest.endpoints[endpoint].subject
        items = artist.items.get((route.source, kind), [])[: ATTEMPTS_MAX[kind]]
        new_items = [id_ for id_ in items if id_ not in answered_here.get(endpoint, _NO_IDS)]
        if new_items:
            return [NextRequest(route.source, PlannedRequest(endpoint, new_items[0]))]
    return []


def _by_code(artist: KnownArtist, route: Route, answered: Answered) -> list[NextRequest]:
    """Return the codes of a few tracks; they share a batch with those of other artists."""
    endpoint = route.endpoints[0]
    codes = artist.codes[: ATTEMPTS_MAX["track_code"]]
    return [
        NextRequest(route.source, PlannedRequest(endpoint, code))
        for code in codes
        if code not in answered.get(endpoint, _NO_IDS)
    ]


def _lookups(
    artist: KnownArtist,
    source: str,
    sources: Mapping[str, Permitted],
    answered: Mapping[str, Answered],
) -> Iterator[NextRequest]:
    """Yield untried requests that find an artist at a source, lookups before searches."""
    through = get(source).manifest.namespace
    if through not in sources:
        return
    manifest, access = sources[through]
    answered_here = answered.get(through, {})
    for endpoint in finder_endpoints(manifest, access):
        subject = manifest.endpoints[endpoint].subject
        keys = {"address": artist.addresses(), "isrc": artist.isrcs[:2]}
        for id_ in keys.get(subject, [artist.name]):
            if id_ not in answered_here.get(endpoint, _NO_IDS):
                yield NextRequest(through, PlannedRequest(endpoint, id_))


def cheapest_finder(sources: Mapping[str, Permitted], artists: int) -> str:
    """Return the source that finds so many artists in the shortest time; UsageError if none."""
    seconds = {}
    for name, (manifest, access) in sources.items():
        plan = estimate_cost(manifest, access, {"artist": artists}, [], [])
        if plan.calls:
            seconds[name] = plan.calls * seconds_per_request(manifest, access)
    if not seconds:
        raise UsageError(
            "No source that may be asked lists artists.",
            next_step="phonofilm doctor tells what is missing.",
        )
    return min(seconds, key=lambda name: seconds[name])
