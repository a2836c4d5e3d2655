"""A fault inside a body costs the smallest part: for every source and every endpoint.

Any one value of a genuine body is replaced by something odd. All other items stay, with their
positions; what is stored is valid; what was dropped is a finding.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from phonofilm.records import Record, traits_of
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.records.values.traits import Date, Figure, Id, IdList
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed, Page, Response
from tests.genuine import DATE, JSON_ENDPOINTS, genuine
from tests.test_parse_any import replaced, small_body

ODD: list[Any] = [None, "", 0, -1, "soon", [], {}, math.nan, math.inf, 10**400, 1.5, True, "-3"]
PER_ENDPOINT = 60
"""Changed bodies of each endpoint, spread over its paths and the odd values."""
DERIVED = ("preview_expires_at", "poster_licence", "poster_url")
"""Fields that a parser reads out of addresses, which may be any text."""
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


def cases(source: str, endpoint: str, number: int) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Paths into a body and odd values for them: each pair is as likely as any other."""
    paths = small_body(source, endpoint)[1][1:]
    pairs = [(path, value) for path in paths for value in ODD]
    yield from random.Random(f"{source} {endpoint}").sample(pairs, min(number, len(pairs)))


def parsed(source: str, endpoint: str, body: Any) -> Page | None:
    """The page of a body, None when its envelope is no longer one."""
    response = Response(200, DATE, json.dumps(body).encode(), "http://x")
    try:
        return get(source).parse(genuine(source, endpoint).request, response)
    except Malformed:
        return None


def check_record(source: str, record: Record) -> None:
    """All values of a record are what their columns can mean."""
    is_id = get(source).is_id
    assert record.kind not in NODE_KINDS or is_id(type(record).id_kind or record.kind, record.id)
    for name, trait in traits_of(type(record)).items():
        value = getattr(record, name)
        if value is UNSET or value is None:
            continue
        if isinstance(trait, Figure):
            assert trait.minimum <= value <= trait.maximum, (record.kind, name, value)
        elif isinstance(trait, Date):
            assert _DATE.fullmatch(value), (record.kind, name, value)
        elif isinstance(trait, Id):
            assert is_id(trait.of, value), (record.kind, name, value)
        elif isinstance(trait, IdList):
            assert all(is_id(trait.of, element) for element in value), (record.kind, name, value)


def keys(page: Page) -> set[tuple[str, str]]:
    return {(record.kind, record.id) for record in page.records}


def items_of(source: str, endpoint: str, page: Page) -> set[str]:
    """The ids of the listed items of a page."""
    kind = get(source).manifest.endpoints[endpoint].item_kind
    return {record.id for record in page.records if record.kind == kind}


def check_change(source: str, endpoint: str, path: tuple[Any, ...], value: Any) -> None:
    body = small_body(source, endpoint)[0]
    whole, page = (
        parsed(source, endpoint, body),
        parsed(source, endpoint, replaced(body, path, value)),
    )
    assert whole is not None
    if page is None:  # the envelope, or the one object that was requested
        assert not any(isinstance(step, int) for step in path), (path, value)
        return
    for record in page.records:
        check_record(source, record)
    msgspec.json.encode(page.records)
    lost = items_of(source, endpoint, whole) - items_of(source, endpoint, page)
    if any(isinstance(step, int) for step in path) and not holds_items(body, path):
        assert len(lost) <= 1, (path, value, lost)
    gone = {key for key in keys(whole) - keys(page) if key[0] != "external_id"}
    if gone and value and not any(str(value) in id_ for _, id_ in keys(page)):
        assert page.findings, (path, value, gone)
    if value and not page.findings and not is_another_id(path, value, page):
        assert not silently_dropped(whole, page), (path, value, silently_dropped(whole, page))
    check_positions(whole, page, path, value)


def is_another_id(path: tuple[Any, ...], value: Any, page: Page) -> bool:
    """Tell whether a value is a readable id in the place of another: the figures are that one's."""
    return path[-1] == "id" and any(id_ == str(value) for _, id_ in keys(page))


def silently_dropped(whole: Page, page: Page) -> list[tuple[str, str, Any]]:
    """Values that records of both pages had before the change, and have no longer."""
    before = {(record.kind, record.id): record for record in whole.records}
    return [
        (record.kind, name, getattr(old, name))
        for record in page.records
        if (old := before.get((record.kind, record.id)))
        for name in record.__struct_fields__
        if name not in DERIVED
        and getattr(old, name) not in (None, UNSET, [])
        and getattr(record, name) in (None, UNSET)
    ]


def holds_items(body: Any, path: tuple[Any, ...]) -> bool:
    """Tell whether a value inside an item has items of its own: the tracks of an album."""
    for step in path:
        body = body[step]
    return isinstance(body, dict | list) and bool(body)


def check_positions(whole: Page, page: Page, path: tuple[Any, ...], value: Any) -> None:
    """Entries, relations and chart entries that are still there have their position."""
    positions = {
        (r.kind, getattr(r, "track_id", None) or getattr(r, "related_id", None)): r.position
        for r in whole.records
        if isinstance(getattr(r, "position", None), int)
    }
    for record in page.records:
        other = getattr(record, "track_id", None) or getattr(record, "related_id", None)
        if isinstance(getattr(record, "position", None), int) and (record.kind, other) in positions:
            assert record.position == positions[record.kind, other], (path, value, record)
    places = [
        {r.position for r in rows.records if r.kind == "playlist_entry"} for rows in (whole, page)
    ]
    if any(isinstance(step, int) for step in path):
        assert places[0] == places[1], (path, value)


@pytest.mark.parametrize(("source", "endpoint"), JSON_ENDPOINTS)
def test_an_odd_value_costs_the_smallest_part(source: str, endpoint: str) -> None:
    for path, value in cases(source, endpoint, PER_ENDPOINT):
        check_change(source, endpoint, path, value)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "endpoint"), JSON_ENDPOINTS)
def test_each_odd_value_costs_the_smallest_part(source: str, endpoint: str) -> None:
    for path, value in cases(source, endpoint, 10**9):
        check_change(source, endpoint, path, value)
