"""Answers of another shape, or with odd things in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from phonofilm.sandbox.kernel.faults.registry import fault
from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest


def _tree(answer: Answer, change: Callable[[list[dict[str, Any]], dict[str, Any]], None]) -> Answer:
    """Changes the lists of an answer: `change` gets their items and what holds them."""
    try:
        tree = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer
    for holder, items in _lists(tree):
        change(items, holder)
    return answer._replace(body=msgspec.json.encode(tree))


def _lists(tree: Any, depth: int = 0) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Lists of things with ids near the top, and the object each stands in."""
    if not isinstance(tree, dict) or depth > 1:
        return
    for value in list(tree.values()):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield tree, value
        yield from _lists(value, depth + 1)


@fault
def renamed_lists(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Every list has another name."""
    return answer._replace(
        body=answer.body.replace(b'"items":', b'"entries":')
        .replace(b'"data":', b'"entries":')
        .replace(b'"artists":[', b'"people":[')
    )


@fault
def vanished_field(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Popularity and fans are gone from every item."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items:
            for name in ("popularity", "nb_fan", "followers"):
                item.pop(name, None)

    return _tree(answer, change)


@fault
def null_items(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Every third item is null."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        items[::3] = [None] * len(items[::3])

    return _tree(answer, change)


@fault
def null_ids(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Every third item has a null id."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items[::3]:
            item["id"] = None

    return _tree(answer, change)


@fault
def floats_for_integers(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """42.0 where 42 belongs."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items:
            for name, value in item.items():
                if isinstance(value, int) and not isinstance(value, bool) and name != "id":
                    item[name] = float(value)

    return _tree(answer, change)


@fault
def strings_for_integers(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Figures in words."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items:
            for name in ("popularity", "nb_fan", "duration_ms", "duration"):
                if name in item:
                    item[name] = "many"

    return _tree(answer, change)


@fault
def huge_integers(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Figures that fit into no column."""

    def change(items: list[dict[str, Any]], holder: dict[str, Any]) -> None:
        for item in items[:1]:
            item["popularity"] = item["nb_fan"] = item["duration_ms"] = 10**30

    return _tree(answer, change)


@fault
def local_tracks(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Files of the playlist's owner instead of tracks."""
    return _tree(answer, lambda items, holder: _replace_tracks(items, id=None, is_local=True))


@fault
def episodes(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Episodes in the shape of tracks."""
    return _tree(
        answer, lambda items, holder: _replace_tracks(items, type="episode", episode=False)
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
def duplicate_ids(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Every item twice."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        items.extend(items[:])

    return _tree(answer, change)


@fault
def endless_next(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """There is always a next page, of the same items."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        holder["next"] = f"{ask.base}{ask.path}?offset=1000000"
        holder["total"] = 10**6

    return _tree(answer, change)


@fault
def foreign_next(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The next page lies on another host."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        if holder.get("next"):
            holder["next"] = "https://elsewhere.invalid/next"

    return _tree(answer, change)


@fault
def drifting_totals(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Totals that change from page to page."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        if isinstance(holder.get("total"), int):
            holder["total"] += len(ask.path) * 7 % 41 + len(items)

    return _tree(answer, change)


@fault
def empty_page(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """No items, and yet a next page."""

    def change(items: list[Any], holder: dict[str, Any]) -> None:
        items.clear()
        holder["next"] = f"{ask.base}{ask.path}?offset=50"

    return _tree(answer, change)
