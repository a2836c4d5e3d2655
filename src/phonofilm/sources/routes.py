"""What people mean by a field, and how a source gets from an artist to it: from manifests alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from phonofilm.sources.manifest import Endpoint, Manifest

# A wish is met by any of these: Spotify's popularity is gone, its likes are not.
MEANT = {
    "artist.genres": ("artist.genres", "tag.name", "album.genres", "artist_genre.genre_id"),
    "artist.popularity": (
        "artist.popularity",
        "artist.followers",
        "artist.listens",
        "artist.listeners",
    ),
    "track.popularity": ("track.popularity", "track.rank", "track.listens"),
}
# Where nobody told a window, a call is taken to need so long.
_SECONDS_A_CALL = 0.1
# Asked one by one until one has the field. Tracks differ; albums of an artist are much alike.
TRIES = {"track": 5, "album": 2, "track_code": 5}
Field = tuple[str, str]
"""Kind and name."""
_START = ("artist", "track_code")


class Route(NamedTuple):
    """The calls that lead from an artist to a field at one source, and seconds an artist."""

    source: str
    access: str
    field: str
    calls: tuple[str, ...]
    start: str
    seconds: float


def meant(kind: str, field: str) -> tuple[str, ...]:
    """The fields that meet a wish, the wish itself first."""
    name = f"{kind}.{field}"
    return MEANT.get(name, (name,))


def seconds_a_call(manifest: Manifest, access: str) -> float:
    """What a call costs in time, by the narrowest window."""
    budgets = manifest.access[access].budgets
    return max((b.seconds / b.limit for b in budgets), default=_SECONDS_A_CALL)


def routes(manifest: Manifest, access: str, kind: str, field: str) -> list[Route]:
    """All ways of at most two calls, the cheapest first."""
    found: list[Route] = []
    for wish in meant(kind, field):
        found += _to(manifest, access, *wish.split("."))
    return sorted(found, key=lambda route: (route.seconds, len(route.calls)))


def _to(manifest: Manifest, access: str, kind: str, field: str) -> list[Route]:
    asked = manifest.permitted(access)
    price = seconds_a_call(manifest, access)
    found = []
    for name, spec in asked.items():
        if not _gives(manifest, access, spec, kind, field):
            continue
        if spec.subject in _START and _is_about(spec):
            cost = price / spec.batch
            found.append(
                Route(manifest.name, access, f"{kind}.{field}", (name,), spec.subject, cost)
            )
        elif spec.subject in ("track", "album"):
            first = _list_of(asked, spec.subject)
            if first:
                cost = price * (1 / asked[first].batch + 2 / spec.batch)
                calls = (first, name)
                found.append(Route(manifest.name, access, f"{kind}.{field}", calls, "artist", cost))
    return found


def _is_about(spec: Endpoint) -> bool:
    return spec.role in ("detail", "contain", "measure", "relate")


def _gives(manifest: Manifest, access: str, spec: Endpoint, kind: str, field: str) -> bool:
    if kind == "relation":
        return spec.role == "relate"
    if kind == "artist" and spec.item_kind != "artist" and spec.subject != "artist":
        return False  # who is credited somewhere is not who was asked about
    shapes = [shape for shape in spec.returns if shape.partition(".")[0] == kind]
    shown = any(field in manifest.shown(shape, access) for shape in shapes)
    return shown and (spec.role != "relate")


def _list_of(asked: dict[str, Endpoint], kind: str) -> str:
    """The call that lists most of an artist's things of a kind."""
    best, most = "", -math.inf
    for name, spec in asked.items():
        if spec.subject == "artist" and spec.role == "contain" and spec.item_kind == kind:
            number = spec.expected_items.get(kind, 1.0)
            if number > most:
                best, most = name, number
    return best


def finders(manifest: Manifest, access: str) -> list[str]:
    """Calls that find an artist of another source: by address, by code, by name; cheapest first."""
    asked = manifest.permitted(access)
    order = ("address", "isrc", "artist_query")
    return [
        name
        for node in order
        for name, spec in asked.items()
        if spec.subject == node and spec.role == "search"
    ]


def named(field: Field) -> str:
    """A field as people call it."""
    kind, name = field
    return "related artists" if kind == "relation" else f"{kind}.{name}"


def in_order(found: Sequence[Route]) -> list[Route]:
    """The best route of each source, the cheapest source first."""
    best: dict[str, Route] = {}
    for route in sorted(found, key=lambda held: held.seconds):
        best.setdefault(route.source, route)
    return list(best.values())
