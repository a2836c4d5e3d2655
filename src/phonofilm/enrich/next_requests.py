"""The next thing to ask for one artist and one field: from the cheapest source that has a next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.enrich.state import KnownArtist
from phonofilm.errors import UsageError
from phonofilm.sources import get
from phonofilm.sources.cost import estimate_cost
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.routes import TRIES, Route, finders, in_order, routes, seconds_a_call

Asked = Mapping[str, set[str]]
"""What a source was asked already, by endpoint."""
_NOTHING: set[str] = set()
# Sources that know artists by the ids of another are entered through that one.
_BY_WAY_OF = {"listenbrainz": "musicbrainz"}


class NextRequest(NamedTuple):
    """One thing to ask of a source."""

    source: str
    errand: PlannedRequest


class Permitted(NamedTuple):
    """A source that may be asked, and its access level."""

    manifest: Manifest
    access: str


def ways(sources: Mapping[str, Permitted], kind: str, field: str) -> list[Route]:
    """One route a source to a field, the cheapest first, what finding an artist costs included."""
    found = []
    for name, (manifest, access) in sources.items():
        finding = _finding(sources, name)
        if finding is None:
            continue
        found += [
            route._replace(seconds=route.seconds + finding * (route.start == "artist"))
            for route in routes(manifest, access, kind, field)
        ]
    return in_order(found)


def _finding(sources: Mapping[str, Permitted], name: str) -> float | None:
    """Seconds to find an artist at a source; None when it cannot be found there."""
    through = _BY_WAY_OF.get(name, name)
    if through not in sources:
        return None
    manifest, access = sources[through]
    price = seconds_a_call(manifest, access)
    costs = [price / manifest.endpoints[call].batch for call in finders(manifest, access)]
    by_code = any(e.subject == "track_code" for e in manifest.permitted(access).values())
    return min(costs, default=0.0 if by_code else None)


def next_steps(
    artist: KnownArtist, route: Route, sources: Mapping[str, Permitted], asked: Mapping[str, Asked]
) -> list[NextRequest]:
    """What to ask next on a route; empty when all of it was asked."""
    if route.start == "track_code":
        return _by_code(artist, route, asked.get(route.source, {}))
    done = asked.get(route.source, {})
    ids = artist.ids_at(route.source)
    if not ids:
        return list(_to_find(artist, route.source, sources, asked))[:1]
    first, *rest = route.calls
    fresh = [id_ for id_ in ids if id_ not in done.get(first, _NOTHING)]
    if fresh:
        return [NextRequest(route.source, PlannedRequest(first, fresh[0]))]
    for call in rest:
        kind = get(route.source).manifest.endpoints[call].subject
        items = artist.items.get((route.source, kind), [])[: TRIES[kind]]
        left = [id_ for id_ in items if id_ not in done.get(call, _NOTHING)]
        if left:
            return [NextRequest(route.source, PlannedRequest(call, left[0]))]
    return []


def _by_code(artist: KnownArtist, route: Route, done: Asked) -> list[NextRequest]:
    """The codes of a few tracks at once: they go in one batch with those of others."""
    call = route.calls[0]
    codes = artist.codes[: TRIES["track_code"]]
    return [
        NextRequest(route.source, PlannedRequest(call, code))
        for code in codes
        if code not in done.get(call, _NOTHING)
    ]


def _to_find(
    artist: KnownArtist, source: str, sources: Mapping[str, Permitted], asked: Mapping[str, Asked]
) -> Iterator[NextRequest]:
    """Ways to find an artist at a source that were not tried yet; look-ups before searches."""
    through = _BY_WAY_OF.get(source, source)
    if through not in sources:
        return
    manifest, access = sources[through]
    done = asked.get(through, {})
    for call in finders(manifest, access):
        node = manifest.endpoints[call].subject
        told = {"address": artist.addresses(), "isrc": artist.isrcs[:2]}.get(node, [artist.name])
        for id_ in told:
            if id_ not in done.get(call, _NOTHING):
                yield NextRequest(through, PlannedRequest(call, id_))


def cheapest_finder(sources: Mapping[str, Permitted], artists: int) -> str:
    """The source that finds so many artists in the shortest time; UsageError when none does."""
    costs = {}
    for name, (manifest, access) in sources.items():
        made = estimate_cost(manifest, access, {"artist": artists}, [], [])
        if made.calls:
            costs[name] = made.calls * seconds_a_call(manifest, access)
    if not costs:
        raise UsageError(
            "No source that may be asked lists artists.",
            next_step="phonofilm doctor tells what is missing.",
        )
    return min(costs, key=lambda name: costs[name])
