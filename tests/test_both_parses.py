"""A response is parsed twice: as it came, for the crawl, and without names, for the warehouse.

Both must tell the same: what a crawl counts as collected is what a load finds in the landing. One
thing may differ: a hash is text, so that an item whose person is no text can be read afterwards.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.privacy.pseudonyms import MENTION, PREFIX, pseudonym, pseudonymise
from phonofilm.records import Record
from phonofilm.records.kinds import AUTHORED, NODE_KINDS
from phonofilm.sources import get, manifests
from phonofilm.sources.contract import ODD_RESPONSES, Page, Request, Response
from tests.genuine import ATTEMPTS, Genuine, cut, genuine
from tests.test_parse_any import SCALARS, replaced, walk
from tests.test_parse_recorded import DEEZER, SPOTIFY, cases
from tests.test_recorded_heard import bodies, recorded_request

KEY = b"a key of the tests"
PERSONAL = [
    (manifest.name, endpoint)
    for manifest in manifests()
    for endpoint, spec in manifest.endpoints.items()
    if spec.personal and endpoint != "saved"
]
each_endpoint = pytest.mark.parametrize(("source", "endpoint"), PERSONAL)


def parse(source: str, request: Request, body: bytes) -> Page | None:
    """Return the page, or None for a body that is none of the endpoint's."""
    try:
        return get(source).parse(request, Response(200, {}, body))
    except ODD_RESPONSES:
        return None


def stored(source: str, request: Request, body: bytes, page: Page) -> bytes:
    """Hash the people of a body as the writer of a crawl does."""
    spec = get(source).manifest.endpoints[request.endpoint]
    partly = any(finding.is_loss for finding in page.findings)
    return pseudonymise(body, spec.personal, KEY, partly and spec.item_kind in AUTHORED)


def check_both(source: str, request: Request, body: bytes) -> None:
    crawled = parse(source, request, body)
    if crawled is not None:
        loaded = parse(source, request, stored(source, request, body, crawled))
        assert loaded is not None
        check_pages(crawled, loaded)


def check_pages(crawled: Page, loaded: Page) -> None:
    assert loaded.links == crawled.links
    assert loaded.continues == crawled.continues
    assert loaded.total == crawled.total
    if kinds_of(loaded.findings) != kinds_of(crawled.findings):
        check_more_is_read(crawled, loaded)
        return
    assert kinds_of(loaded.records) == kinds_of(crawled.records)
    for real, hashed in zip(crawled.records, loaded.records, strict=True):
        check_record(real, hashed)


def check_more_is_read(crawled: Page, loaded: Page) -> None:
    """Nothing that the crawl read is missing, and an odd item or more is odd no longer."""
    mended = kinds_of(crawled.findings) - kinds_of(loaded.findings)
    assert mended.keys() <= {"malformed_item", "odd_part", "odd_value", "odd_id"}
    assert not kinds_of(loaded.findings) - kinds_of(crawled.findings)
    nodes = [
        {(r.kind, r.id) for r in page.records if r.kind in NODE_KINDS} for page in (crawled, loaded)
    ]
    assert nodes[0] <= nodes[1]
    assert kinds_of(crawled.records) <= kinds_of(loaded.records)


def kinds_of(rows: list[Any]) -> Counter[str]:
    return Counter(row.kind for row in rows)


def check_record(real: Record, hashed: Record) -> None:
    """Every field is the same, or its people are hashed; a node keeps its id."""
    if real.kind in NODE_KINDS:
        assert hashed.id == real.id
    for name in real.__struct_fields__:
        before, after = getattr(real, name), getattr(hashed, name)
        if after != before:
            assert after in (pseudonym(KEY, str(before)), mentions_hashed(before)), (name, before)


def mentions_hashed(text: Any) -> Any:
    hashed = MENTION.sub(lambda match: "@" + pseudonym(KEY, match[1].lower()), str(text))
    return hashed if isinstance(text, str) else text


@cache
def with_people(source: str, endpoint: str) -> Genuine:
    """Return a genuine response that names people."""
    for first in range(ATTEMPTS):
        found = genuine(source, endpoint, first)
        body = found.response.body
        page = parse(source, found.request, body)
        if page and PREFIX.encode() in stored(source, found.request, body, page):
            return found
    raise AssertionError(f"no response of {source} {endpoint} names people")


@each_endpoint
def test_a_genuine_response_tells_the_same_without_names(source: str, endpoint: str) -> None:
    found = with_people(source, endpoint)
    check_both(source, found.request, found.response.body)


@each_endpoint
@given(data=st.data(), value=SCALARS | st.just(...) | st.just([]) | st.just({}))
def test_a_response_with_one_thing_changed_tells_the_same_without_names(
    source: str, endpoint: str, data: st.DataObject, value: Any
) -> None:
    request, body, paths = small(source, endpoint)
    changed = replaced(body, data.draw(st.sampled_from(paths)), value)
    check_both(source, request, json.dumps(changed).encode("utf-8", "surrogatepass"))


@cache
def small(source: str, endpoint: str) -> tuple[Request, Any, list[tuple[Any, ...]]]:
    """Return a response with three items a list, and the paths of all that is in it."""
    found = with_people(source, endpoint)
    body = cut(found.body)
    return found.request, body, walk(body)


RECORDED = [
    (source, file, endpoint)
    for source, file, endpoint, _ in cases(SPOTIFY, "spotify") + cases(DEEZER, "deezer")
    if (source, endpoint) in PERSONAL
]


@pytest.mark.parametrize(("source", "file", "endpoint"), RECORDED)
def test_a_recorded_response_tells_the_same_without_names(
    shared: Path, source: str, file: str, endpoint: str
) -> None:
    path = shared / "fixtures" / source / file
    if not path.exists():
        pytest.skip(f"{file} is not here")
    check_both(source, Request(endpoint, ("asked",)), path.read_bytes())


def test_saved_and_recorded_bodies_of_listeners_tell_the_same_without_names(shared: Path) -> None:
    checked = Counter[str]()
    for name, status, body in bodies(shared):
        source = get(name.partition("/")[0])
        response = Response(status, {}, body, "https://api.soundcloud.com/x")
        try:
            request, response = recorded_request(name, response)
        except ODD_RESPONSES:
            continue
        if status == 200 and source.manifest.endpoints[request.endpoint].personal:
            check_both(source.manifest.name, request, response.body)
            checked[request.endpoint] += 1
    assert checked.keys() >= {"comments", "saved"}
    assert checked.total() > 20
