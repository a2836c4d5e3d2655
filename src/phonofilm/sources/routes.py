"""Routes: the endpoints that lead from an artist to a field at a source, from manifests alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from phonofilm.sources.manifest import Endpoint, Manifest

# Fields that answer the same question: Spotify's popularity is gone, its followers are not.
EQUIVALENT_FIELDS = {
    "artist.genres": ("artist.genres", "tag.name", "album.genres", "artist_genre.genre_id"),
    "artist.popularity": (
        "artist.popularity",
        "artist.followers",
        "artist.listens",
        "artist.listeners",
    ),
    "track.popularity": ("track.popularity", "track.rank", "track.listens"),
}
# A request to a source without a known rate limit; chosen, not tuned.
_SECONDS_PER_REQUEST = 0.1
# Items of an artist that are requested one by one until one has the field; chosen, not tuned.
# Tracks differ; the albums of an artist are much alike.
ATTEMPTS_MAX = {"track": 5, "album": 2, "track_code": 5}
Field = tuple[str, str]
"""Kind and name."""
_START = ("artist", "track_code")


class Route(NamedTuple):
    """The endpoints that lead from `start` to a field at one source, and seconds per artist."""

    source: str
    access: str
    field: str
    endpoints: tuple[str, ...]
    start: str
    seconds: float


def equivalent_fields(kind: str, field: str) -> tuple[str, ...]:
    """Return the fields that may stand for a field, itself first."""
    name = f"{kind}.{field}"
    return EQUIVALENT_FIELDS.get(name, (name,))


def seconds_per_request(manifest: Manifest, access: str) -> float:
    """Return the mean time between requests that the tightest rate limit allows."""
    budgets = manifest.access[access].budgets
    return max((b.seconds / b.limit for b in budgets), default=_SECONDS_PER_REQUEST)


def routes(manifest: Manifest, access: str, kind: str, field: str) -> list[Route]:
    """Return all routes of at most two requests to a field or an equivalent, cheapest first."""
    names = (name.split(".") for name in equivalent_fields(kind, field))
    candidates = [route for name in names for route in _routes_to(manifest, access, *name)]
    return sorted(candidates, key=lambda route: (route.seconds, len(route.endpoints)))


def _routes_to(manifest: Manifest, access: str, kind: str, field: str) -> Iterator[Route]:
    """Yield the routes to one field: direct ones, and those by way of an artist's items."""
    permitted = manifest.permitted(access)
    seconds = seconds_per_request(manifest, access)
    for name, spec in permitted.items():
        if not _returns(manifest, access, spec, kind, field):
            continue
        if spec.subject in _START and _is_about_subject(spec):
            endpoints: tuple[str, ...] = (name,)
            start, cost = spec.subject, seconds / spec.batch
        elif listing := _listing_of(permitted, spec.subject):
            # One list, and two of its items: the first one often lacks the field.
            endpoints, start = (listing, name), "artist"
            cost = seconds * (1 / permitted[listing].batch + 2 / spec.batch)
        else:
            continue
        yield Route(
            source=manifest.name,
            access=access,
            field=f"{kind}.{field}",
            endpoints=endpoints,
            start=start,
            seconds=cost,
        )


def _is_about_subject(spec: Endpoint) -> bool:
    return spec.role in ("detail", "contain", "measure", "relate")


def _returns(manifest: Manifest, access: str, spec: Endpoint, kind: str, field: str) -> bool:
    """Tell whether an endpoint returns a field of its subject, or of what belongs to it."""
    if kind == "relation":
        return spec.role == "relate"
    if kind == "artist" and spec.item_kind != "artist" and spec.subject != "artist":
        return False  # an artist credited on an item need not be the requested one
    shapes = [shape for shape in spec.returns if shape.partition(".")[0] == kind]
    shown = any(field in manifest.shown(shape, access) for shape in shapes)
    return shown and spec.role != "relate"


def _listing_of(permitted: dict[str, Endpoint], kind: str) -> str:
    """Return the endpoint that lists most of an artist's tracks or albums; empty without one."""
    if kind not in ("track", "album"):
        return ""
    best, best_number = "", -math.inf
    for name, spec in permitted.items():
        if spec.subject == "artist" and spec.role == "contain" and spec.item_kind == kind:
            number = spec.expected_items.get(kind, 1.0)
            if number > best_number:
                best, best_number = name, number
    return best


def finder_endpoints(manifest: Manifest, access: str) -> list[str]:
    """Return the endpoints that find an artist of another source: by address, code, then name."""
    subjects = ("address", "isrc", "artist_query")
    return [
        name
        for subject in subjects
        for name, spec in manifest.permitted(access).items()
        if spec.subject == subject and spec.role == "search"
    ]


def field_label(field: Field) -> str:
    """Return the name that people see for a field."""
    kind, name = field
    return "related artists" if kind == "relation" else f"{kind}.{name}"


def best_by_source(candidates: Sequence[Route]) -> list[Route]:
    """Return the cheapest route of each source, the cheapest source first."""
    best: dict[str, Route] = {}
    for route in sorted(candidates, key=lambda candidate: candidate.seconds):
        best.setdefault(route.source, route)
    return list(best.values())
