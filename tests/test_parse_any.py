"""Parsers under hostile bodies: any JSON in, no crash, no silent null."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.crawl.responses.reconciliation import reconcile
from phonofilm.sources import get
from phonofilm.sources.contract import Finding, Malformed, Page, Request, Response
from tests.genuine import ENDPOINTS, JSON_ENDPOINTS, cut, genuine

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEYS = st.sampled_from(
    [
        "id",
        "name",
        "title",
        "artists",
        "items",
        "data",
        "tracks",
        "albums",
        "artist",
        "album",
        "next",
        "total",
        "genres",
        "images",
        "audio_features",
        "error",
        "playlists",
        "categories",
        "limit",
        "results",
        "releases",
        "recordings",
        "artist-credit",
        "media",
        "relations",
        "urls",
        "resource",
        "content",
        "href",
        "isrc",
        "wrapperType",
        "artistId",
        "artist_mbid",
        "tag",
        "rels",
        "length",
        "collection",
        "next_href",
        "user",
        "urn",
        "kind",
        "body",
        "timestamp",
        "release",
        "page",
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


def parsed(source: str, endpoint: str, body: bytes) -> Page | None:
    """The page, or None when the body is refused with a reason."""
    try:
        return get(source).parse(Request(endpoint, ("1",)), Response(200, {}, body))
    except Malformed as error:
        assert str(error)
        return None


def check(page: Page | None) -> None:
    for record in page.records if page else ():
        assert isinstance(record.id, str)
        assert record.id
        assert record.source


@pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
@given(body=JSON)
def test_any_json_gives_records_with_ids_or_a_reason(source: str, endpoint: str, body: Any) -> None:
    check(parsed(source, endpoint, json.dumps(body).encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
@given(body=st.binary(max_size=60))
def test_anything_but_json_gives_a_reason(source: str, endpoint: str, body: bytes) -> None:
    check(parsed(source, endpoint, body))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"null", b'{"a":', b"\xff\xfe{}"])
@pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
def test_what_is_no_answer_is_malformed(source: str, endpoint: str, body: bytes) -> None:
    assert parsed(source, endpoint, body) is None


def walk(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    return [path, *(p for key, child in children for p in walk(child, (*path, key)))]


@cache
def small_body(source: str, endpoint: str) -> tuple[Any, list[tuple[Any, ...]]]:
    """A genuine body with three items a list, and the paths of all that is in it."""
    body = cut(genuine(source, endpoint).body)
    return body, walk(body)


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(body))
    if not path:
        return None if value is ... else value
    node = copy
    for key in path[:-1]:
        node = node[key]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return copy


@pytest.mark.parametrize(("source", "endpoint"), JSON_ENDPOINTS)
@given(data=st.data(), value=SCALARS | st.just(...) | st.just([]) | st.just({}))
def test_a_genuine_body_with_one_thing_changed_never_breaks_the_parser(
    source: str, endpoint: str, data: st.DataObject, value: Any
) -> None:
    body, paths = small_body(source, endpoint)
    changed = replaced(body, data.draw(st.sampled_from(paths)), value)
    check(parsed(source, endpoint, json.dumps(changed).encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
def test_a_genuine_body_parses_without_findings(source: str, endpoint: str) -> None:
    page = get(source).parse(*genuine(source, endpoint))
    assert not [f for f in page.findings if f.kind == "malformed_item"]


@pytest.mark.parametrize(
    ("source", "endpoint", "items"),
    [
        ("spotify", "genre_artists", ("artists", "items")),
        ("spotify", "artists", ("artists",)),
        ("spotify", "genre_tracks", ("tracks", "items")),
        ("spotify", "artist_albums", ("items",)),
        ("deezer", "genre_artists", ("data",)),
        ("deezer", "album_tracks", ("data",)),
    ],
)
def test_one_bad_item_costs_that_item_and_leaves_a_finding(
    source: str, endpoint: str, items: tuple[str, ...]
) -> None:
    whole = parsed(source, endpoint, json.dumps(genuine(source, endpoint).body).encode())
    kind = get(source).manifest.endpoints[endpoint].item_kind
    broken = replaced(genuine(source, endpoint).body, (*items, 0, "id"), {"no": "id"})
    page = parsed(source, endpoint, json.dumps(broken).encode())
    assert whole and page
    assert any(finding.is_loss for finding in page.findings)
    listed = sum(r.kind == kind for r in whole.records)
    assert sum(r.kind == kind for r in page.records) >= listed - 1


def spotify(endpoint: str, body: Any) -> Page:
    page = parsed(
        "spotify", endpoint, body if isinstance(body, bytes) else json.dumps(body).encode()
    )
    assert page is not None
    return page


def test_a_renamed_entry_is_a_finding_not_a_withdrawn_track() -> None:
    page = spotify("playlist_tracks", {"items": [{"entry": {"id": "t", "name": "x"}}]})
    assert [f.kind for f in page.findings] == ["malformed_item"]
    assert [(r.position, r.track_id, r.entry_type) for r in page.records] == [(0, None, None)]
    assert parsed("spotify", "playlist_tracks", b'{"items": null, "next": "x"}') is None


def test_item_and_track_may_both_come_and_one_may_be_null() -> None:
    track = {"id": "t", "name": "x", "type": "track"}
    page = spotify(
        "playlist_tracks",
        {"items": [{"item": None, "track": track}, {"item": track, "track": track}]},
    )
    assert [r.track_id for r in page.records if r.kind == "playlist_entry"] == ["t", "t"]


def test_a_figure_too_large_for_any_table_costs_itself() -> None:
    page = spotify(
        "artists",
        {
            "artists": [
                {"id": "a", "name": "x", "popularity": 10**21},
                {"id": "b", "name": "y", "popularity": 5},
            ]
        },
    )
    artists = [r for r in page.records if r.kind == "artist"]
    assert [(r.id, r.popularity) for r in artists] == [("a", None), ("b", 5)]
    assert "odd_value" in [f.kind for f in page.findings]


def test_what_was_absent_stays_absent_inside_tracks() -> None:
    from phonofilm.records import ABSENT

    page = spotify("track", {"id": "t", "name": "x", "album": {"id": "a", "name": "A"}})
    track = next(r for r in page.records if r.kind == "track")
    assert track.release_date is ABSENT
    assert track.url is ABSENT
    assert track.isrc is ABSENT


def test_half_characters_and_nan_cost_only_their_place() -> None:
    page = spotify(
        "artists", b'{"artists": [{"id": "a", "name": "\\ud83d x"}, {"id": "b", "name": "y"}]}'
    )
    assert [r.name for r in page.records if r.kind == "artist"] == ["\ufffd x", "y"]
    page = spotify(
        "audio_features", b'{"audio_features": [{"id": "t", "tempo": NaN, "energy": 0.5}]}'
    )
    assert [(r.tempo, r.energy) for r in page.records] == [(None, 0.5)]
    assert [f.kind for f in page.findings] == ["odd_value"]


def test_a_title_and_a_person_without_an_id_are_findings() -> None:
    rows = [
        {"item": {"value": ""}, "name": {"value": "x"}},
        {"item": {"value": "http://www.wikidata.org/entity/Q1"}, "directors": {"value": "~Ada"}},
    ]
    body = json.dumps({"results": {"bindings": rows}}).encode()
    page = parsed("wikidata", "class_titles", body)
    assert page
    assert [(r.kind, r.id) for r in page.records] == [("title", "Q1")]
    assert [f.kind for f in page.findings] == ["without_id", "without_id"]


def test_answers_shorter_than_asked_are_found() -> None:
    body = json.dumps({"tracks": [{"id": "t", "name": "x"}]}).encode()
    source, request = get("spotify"), Request("tracks", ("t", "u", "v"))
    page = source.parse(request, Response(200, {}, body))
    missing = reconcile(source.manifest.endpoints["tracks"], request, page)
    assert [*missing] == [Finding("unknown_id", "u"), Finding("unknown_id", "v")]
