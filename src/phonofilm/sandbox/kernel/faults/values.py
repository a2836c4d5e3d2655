"""Faults of values, ids and texts, in the responses of any service.

Each was reported of clients of the services (November 2026). Every third item is changed, so
that the others show what such an item costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from phonofilm.sandbox.kernel.faults.registry import value_fault
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse

_DATES = ("date", "begin", "end", "_at", "released")
_CODES = ("isrc", "isrcs", "upc", "ean", "barcode")
_NAMES = ("name", "title", "username", "trackname", "artistname", "collectionname")
_FIGURES = (
    "popularity",
    "total",
    "nb_fan",
    "rank",
    "duration",
    "duration_ms",
    "length",
    "length_ms",
    "bpm",
    "playback_count",
    "comment_count",
    "vote_count",
    "tracktimemillis",
    "total_listen_count",
    "tempo",
)
Use = Callable[[Any], Any]
Change = Callable[[dict[str, Any]], None]


def items(tree: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the objects of the lists near the top, or the one object that a look-up returns."""
    if isinstance(tree, dict) and ("id" in tree or "urn" in tree) and not depth:
        yield tree
        return
    rows = tree if isinstance(tree, list) else []
    yield from (row for row in rows if isinstance(row, dict))
    if isinstance(tree, dict) and depth < 2:
        for value in tree.values():
            yield from items(value, depth + 1)


def _thirds(response: HttpResponse, change: Change) -> HttpResponse:
    """Change every third item of a JSON response."""
    try:
        tree = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        return response
    for item in list(items(tree))[::3]:
        change(item)
    return response._replace(body=msgspec.json.encode(tree))


def _at(names: tuple[str, ...], use: Use, *, whole: bool = True) -> Change:
    """Make a change of the members with these names, or with names that end so, at any depth."""

    def change(item: dict[str, Any]) -> None:
        for name, value in item.items():
            known = name.lower()
            if (known in names if whole else known.endswith(names)) and value is not None:
                item[name] = use(value)
            elif isinstance(value, dict):
                change(value)

    return change


def _ids(use: Use) -> Change:
    """Make a change of the id of an item itself; URNs go, because they would stand in for it."""

    def change(item: dict[str, Any]) -> None:
        for name in ("id", "artistId", "trackId", "collectionId"):
            if name in item:
                item[name] = use(item[name])
        item.pop("urn", None)

    return change


def _holds_items(value: Any) -> bool:
    """Tell whether a part of an item is a list of objects, bare or wrapped."""
    if isinstance(value, dict):
        return any(_holds_items(child) for child in value.values() if isinstance(child, list))
    return any(isinstance(child, dict) for child in value)


def _text(value: str) -> Use:
    return lambda old: value if isinstance(old, str) else old


def _figure(value: Any) -> Use:
    is_figure = (int, float)
    return lambda old: value if isinstance(old, is_figure) and not isinstance(old, bool) else old


@value_fault
def zero_ids(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send 0 as the id, as of the artists of uploads."""
    return _thirds(response, _ids(lambda old: "0" if isinstance(old, str) else 0))


@value_fault
def negative_ids(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send negative ids, as of uploads of users."""
    return _thirds(response, _ids(lambda old: "-7" if isinstance(old, str) else -7))


@value_fault
def ids_with_commas(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an id with a comma and a slash, which would change a batch or a path."""
    return _thirds(response, _ids(lambda old: f"{old},/{old}"))


@value_fault
def objects_for_ids(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an object in the place of an id."""
    return _thirds(response, _ids(lambda old: {"value": old}))


@value_fault
def days_not_in_calendar(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send 30 February as a date."""
    return _thirds(response, _at(_DATES, _text("2019-02-30"), whole=False))


@value_fault
def dates_with_question_marks(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send dates with unknown parts, as MusicBrainz does: 2008-??-02."""
    return _thirds(response, _at(_DATES, _text("2008-??-02"), whole=False))


@value_fault
def dates_of_zeros(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send 0000-00-00 for a date that is not known."""
    return _thirds(response, _at(_DATES, _text("0000-00-00"), whole=False))


@value_fault
def words_for_dates(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send "soon" in the place of a date."""
    return _thirds(response, _at(_DATES, _text("soon"), whole=False))


@value_fault
def dummy_codes(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send codes that are none, as Spotify does: DUM_22832."""
    return _thirds(response, _at(_CODES, _text("DUM_22832")))


@value_fault
def codes_of_zeros(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send zeros for a code that is not known."""
    return _thirds(response, _at(_CODES, _text("000000000000")))


@value_fault
def negative_figures(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send negative counts and lengths."""
    return _thirds(response, _at(_FIGURES, _figure(-3)))


@value_fault
def endless_figures(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send 1e999, which is infinite once it is read."""
    changed = _thirds(response, _at(_FIGURES, _figure(987654321)))
    return changed._replace(body=changed.body.replace(b"987654321", b"1e999"))


@value_fault
def objects_for_figures(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an object in the place of a length, as for files of users: totalMilliseconds."""
    return _thirds(response, _at(_FIGURES, _figure({"totalMilliseconds": 215000})))


@value_fault
def blank_texts(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send blanks for a name."""
    return _thirds(response, _at(_NAMES, _text("  ")))


@value_fault
def names_for_unknown(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send [unknown] as a name, as MusicBrainz does for what has none."""
    return _thirds(response, _at(_NAMES, _text("[unknown]")))


@value_fault
def numbers_for_texts(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a number in the place of a name."""
    return _thirds(response, _at(_NAMES, lambda old: 1984 if isinstance(old, str) else old))


@value_fault
def lists_for_objects(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send [] for an object inside an item, as PHP does for an empty one."""

    def change(item: dict[str, Any]) -> None:
        for name, value in item.items():
            if isinstance(value, dict) and not _holds_items(value):
                item[name] = []

    return _thirds(response, change)


@value_fault
def nulls_for_parts(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send null for each list and object inside an item."""

    def change(item: dict[str, Any]) -> None:
        for name, value in item.items():
            if isinstance(value, dict | list) and not _holds_items(value):
                item[name] = None

    return _thirds(response, change)


@value_fault
def unknown_members(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send members that no documentation names, with objects and lists in them."""

    def change(item: dict[str, Any]) -> None:
        item["x_new"] = {"id": "1", "items": [None, {"id": 0}]}

    return _thirds(response, change)
