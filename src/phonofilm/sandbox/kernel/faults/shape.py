"""Faults of shape: other structures and odd values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from phonofilm.sandbox.kernel.faults.registry import fault
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse


def _tree(
    response: HttpResponse, change: Callable[[list[dict[str, Any]], dict[str, Any]], None]
) -> HttpResponse:
    """Change the lists of a response; `change` gets the items and the object around them."""
    try:
        tree = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        return response
    for holder, items in _lists(tree):
        change(items, holder)
    return response._replace(body=msgspec.json.encode(tree))


def _lists(tree: Any, depth: int = 0) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Yield the lists of objects with ids near the top, each with the object around it."""
    if not isinstance(tree, dict) or depth > 1:
        return
    for value in list(tree.values()):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield tree, value
        yield from _lists(value, depth + 1)


@fault
def renamed_lists(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send every list under another name."""
    return response._replace(
        body=response.body.replace(b'"items":', b'"entries":')
        .replace(b'"data":', b'"entries":')
        .replace(b'"artists":[', b'"people":[')
    )


@fault
def vanished_field(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Remove popularity and fans from every item."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items:
            for name in ("popularity", "nb_fan", "followers"):
                item.pop(name, None)

    return _tree(response, change)


@fault
def null_items(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send every third item as null."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        items[::3] = [None] * len(items[::3])

    return _tree(response, change)


@fault
def null_ids(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send every third item with a null id."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items[::3]:
            item["id"] = None

    return _tree(response, change)


@fault
def floats_for_integers(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send 42.0 where 42 belongs."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items:
            for name, value in item.items():
                if isinstance(value, int) and not isinstance(value, bool) and name != "id":
                    item[name] = float(value)

    return _tree(response, change)


@fault
def strings_for_integers(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send figures as text."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items:
            for name in ("popularity", "nb_fan", "duration_ms", "duration"):
                if name in item:
                    item[name] = "many"

    return _tree(response, change)


@fault
def huge_integers(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send figures that fit into no column."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items[:1]:
            item["popularity"] = item["nb_fan"] = item["duration_ms"] = 10**30

    return _tree(response, change)


@fault
def local_tracks(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send files of the playlist's owner instead of tracks."""
    return _tree(response, lambda items, holder: _replace_tracks(items, id=None, is_local=True))


@fault
def episodes(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send episodes in the shape of tracks."""
    return _tree(
        response, lambda items, holder: _replace_tracks(items, type="episode", episode=False)
    )


def _replace_tracks(items: list[dict[str, Any]], **changes: Any) -> None:
    for item in items:
        track = item.get("track") or item.get("item")
        if isinstance(track, dict):
            track.update(changes)
            item["is_local"] = bool(changes.get("is_local"))
        elif item.get("type") == "track":
            item.update(changes)


@fault
def duplicate_ids(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send every item twice."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        items.extend(items[:])

    return _tree(response, change)


@fault
def endless_next(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send the same items with a next page, for ever."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        holder["next"] = f"{request.base}{request.path}?offset=1000000"
        holder["total"] = 10**6

    return _tree(response, change)


@fault
def foreign_next(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a next page on another host."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        if holder.get("next"):
            holder["next"] = "https://elsewhere.invalid/next"

    return _tree(response, change)


@fault
def drifting_totals(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send totals that change from page to page."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        if isinstance(holder.get("total"), int):
            holder["total"] += len(request.path) * 7 % 41 + len(items)

    return _tree(response, change)


@fault
def empty_page(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an empty page with a next page."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        items.clear()
        holder["next"] = f"{request.base}{request.path}?offset=50"

    return _tree(response, change)
