"""Genuine responses in which one key is renamed, dropped, emptied or of another type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from msgspec import UNSET

from phonofilm.crawl.responses.body_keys import keys_read
from phonofilm.crawl.responses.field_drift import Drift, FieldDrift
from phonofilm.crawl.scope.goal import Goal
from phonofilm.records import BY_KIND, Record
from phonofilm.records.kinds import NODE_KINDS, WANTED
from phonofilm.sources import get
from phonofilm.sources.contract import ODD_RESPONSES, Page, Request, Response
from phonofilm.sources.shares import promises_of
from tests.genuine import ATTEMPTS, DATE, Genuine, cut, genuine, server_of

EVERYTHING = Goal(wants=dict.fromkeys(WANTED))
RESPONSES_MAX, _ITEMS_MAX = 8, 8
Fields = Counter[tuple[str, str]]
"""Values by kind and field."""


class Parsed(NamedTuple):
    """A genuine request, the JSON of its response, and its page."""

    request: Request
    body: Any
    page: Page


def drift_of(source: str, memory: str | None = None, share: float = 0.5) -> FieldDrift:
    access = server_of(source).service.access
    return FieldDrift(get(source), access, EVERYTHING, share, memory)


def genuine_pages(source: str, endpoint: str, responses_max: int = ATTEMPTS) -> list[Genuine]:
    """Genuine responses of an endpoint, each once."""
    pages = [genuine(source, endpoint, first) for first in range(responses_max)]
    return list({page.request: page for page in pages}.values())


@cache
def parsed_pages(source: str, endpoint: str, responses_max: int) -> list[Parsed]:
    """Genuine responses of an endpoint that have records, with short lists."""
    pages = []
    for request, response in genuine_pages(source, endpoint):
        body = cut(json.loads(response.body), _ITEMS_MAX)
        if (page := parse(source, request, body)) and page.records:
            pages.append(Parsed(request, body, page))
    return pages[:responses_max]


def parse(source: str, request: Request, body: Any) -> Page | None:
    """Return the page of a body; None when the body is malformed."""
    response = Response(200, DATE, json.dumps(body).encode(), "http://x")
    try:
        return get(source).parse(request, response)
    except ODD_RESPONSES:
        return None


def keys_in(node: Any, scalars: bool = False) -> Iterator[str]:
    """Yield the keys of a body, or those of texts and figures alone."""
    if isinstance(node, dict):
        for key, child in node.items():
            if not (scalars and isinstance(child, dict | list)):
                yield key
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from keys_in(child, scalars)


def _emptied(value: Any) -> Any:
    return {str: "", list: [], dict: {}}.get(type(value))


def _retyped(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    return f"{value}.5" if isinstance(value, int | float) else {"value": value}


CHANGES: dict[str, Callable[[dict[str, Any], str], object]] = {
    "renamed": lambda item, key: item.update({f"{key}_2": item.pop(key)}),
    "dropped": lambda item, key: item.pop(key),
    "null": lambda item, key: item.update({key: None}),
    "emptied": lambda item, key: item.update({key: _emptied(item[key])}),
    "retyped": lambda item, key: item.update({key: _retyped(item[key])}),
}


def changed(body: Any, key: str, change: str, every: int = 1) -> Any:
    """Return a body in which a key is changed in every item that has it, or in every second."""
    counter = Counter[str]()

    def apply(node: Any) -> None:
        children = node.values() if isinstance(node, dict) else node
        if isinstance(node, dict | list):
            for child in list(children):
                apply(child)
        if isinstance(node, dict) and key in node:
            counter[key] += 1
            if counter[key] % every == 0:
                CHANGES[change](node, key)

    copy = json.loads(json.dumps(body))
    apply(copy)
    return copy


def values_in(records: list[Record], source: str, endpoint: str) -> Fields:
    """Count the values of the fields that an endpoint promises."""
    manifest = get(source).manifest
    promised = {
        (shape.partition(".")[0], field)
        for shape in manifest.endpoints[endpoint].returns
        for field in manifest.shapes[shape]
    }
    return Counter(
        (record.kind, field)
        for record in records
        for field in record.__struct_fields__
        if (record.kind, field) in promised and _has_value(getattr(record, field))
    )


def newly_absent(before: Page, after: Page | None, source: str, endpoint: str) -> set[str]:
    """Return the promised fields that a record of both pages has in the first alone."""
    manifest = get(source).manifest
    known = {(record.kind, record.id): record for record in before.records}
    return {
        f"{record.kind}.{field}"
        for record in (after.records if after else ())
        for shape in manifest.endpoints[endpoint].returns
        if shape.partition(".")[0] == record.kind and (record.kind, record.id) in known
        for field in manifest.shapes[shape]
        if getattr(record, field) is UNSET
        and getattr(known[record.kind, record.id], field) is not UNSET
    }


def _has_value(value: Any) -> bool:
    return value not in (UNSET, None, "", []) and value != [""]


class Trial(NamedTuple):
    """A change of one key in all genuine responses of an endpoint.

    With `every` 2 only every second item changes; `good` rounds of responses come before.
    """

    source: str
    endpoint: str
    key: str
    change: str
    every: int = 1
    good: int = 0


def lost_in_silence(trial: Trial, filled_min: float = 0.0) -> set[str]:
    """Return the fields that lose their values by a change of which nothing is said.

    Only fields count that nearly so many records (`filled_min`) should have.
    """
    source, endpoint = trial.source, trial.endpoint
    drift, drifts = drift_of(source), list[Drift]()
    pages = parsed_pages(source, endpoint, RESPONSES_MAX)
    before, after = Fields(), Fields()
    for _, body, page in pages * trial.good:
        drifts += drift.check(endpoint, page.records, json.dumps(body).encode())
    assert drifts == []
    for request, body, page in pages:
        tree = changed(body, trial.key, trial.change, trial.every)
        other = parse(source, request, tree)
        if other is None or len(other.findings) > len(page.findings):
            return set()
        drifts += drift.check(endpoint, other.records, json.dumps(tree).encode())
        before += values_in(page.records, source, endpoint)
        after += values_in(other.records, source, endpoint)
    rest = 0.1 if trial.every == 1 else 0.6
    return (
        set()
        if drifts
        else {
            f"{kind}.{field}"
            for (kind, field), count in before.items()
            if count >= len(pages)
            and after[kind, field] <= count * rest
            and expected_share(source, endpoint, kind, field) >= filled_min
        }
    )


def expected_share(source: str, endpoint: str, kind: str, field: str) -> float:
    """Return how many records should have a field; of rows that others imply, how many exist."""
    manifest, access = get(source).manifest, server_of(source).service.access
    promises = promises_of(manifest, access, endpoint).kinds[BY_KIND[kind]]
    shares = {promise.field: promise.filled for promise in promises.fields}
    exists = promises.any if kind not in NODE_KINDS or kind == "features" else 1.0
    return min(shares.get(field, 0.0), exists)


def keys_that_count(source: str, endpoint: str, *, scalars: bool = False) -> list[str]:
    """Return the keys of the genuine responses that the source reads; or those of values alone.

    None where there are fewer than three responses, which say too little.
    """
    pages = parsed_pages(source, endpoint, RESPONSES_MAX)
    if len(pages) < 3:
        return []
    read = keys_read(f"phonofilm.sources.{source}")
    keys = {key for page in pages for key in keys_in(page.body, scalars)}
    return sorted(keys & read)
