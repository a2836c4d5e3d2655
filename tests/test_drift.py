"""Drift: what an endpoint promises or gave before, and no longer gives, is never silent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec import UNSET

from phonofilm.crawl.responses.field_drift import Drift, FieldDrift
from phonofilm.crawl.responses.share_test import ShareTest
from phonofilm.records import Comment, Record, Track
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed
from tests.drifting import (
    RESPONSES_MAX,
    Fields,
    Trial,
    changed,
    drift_of,
    genuine_pages,
    keys_that_count,
    lost_in_silence,
    newly_absent,
    parse,
    parsed_pages,
    values_in,
)
from tests.genuine import JSON_ENDPOINTS, NAMES

# A renamed key that is lost in silence, with the reason: source, endpoint (or *), key.
_FEW = "only few records have it, as the recorded responses show"
_NEVER = "recorded responses of this endpoint never have it"
_NOT_SENT = "left out by the query; only the stand-in sends it"
GAPS: dict[tuple[str, str, str], str] = {
    ("beatport", "artist_releases", "type"): _NEVER,
    ("deezer", "genre_artists", "link"): _NEVER,
    ("deezer", "chart_artists", "link"): _NEVER,
    ("itunes", "artist", "primaryGenreName"): _FEW,
    ("musicbrainz", "artist", "begin"): _FEW,
    ("musicbrainz", "artist", "resource"): _FEW,
    ("musicbrainz", "artist", "url"): _FEW,
    ("musicbrainz", "genre_artists", "begin"): _FEW,
    ("musicbrainz", "genre_artists", "tags"): _FEW,
    ("musicbrainz", "search_album", "label"): _FEW,
    ("musicbrainz", "search_artist", "begin"): _FEW,
    ("musicbrainz", "search_artist", "tags"): _FEW,
    ("soundcloud", "artist_playlists", "download_url"): _NOT_SENT,
    ("soundcloud", "artist_playlists", "tracks"): _NOT_SENT,
    ("soundcloud", "search_playlist", "download_url"): _NOT_SENT,
    ("soundcloud", "search_playlist", "tracks"): _NOT_SENT,
}
OF_VALUES = ("null", "emptied", "retyped")
USUAL = 0.9  # of rarer fields only a long crawl tells that no record has them any more
NEARLY_ALL = 0.95  # half of less differs too much from one artist or genre to the next
JSON_NAMES = list(dict.fromkeys(name for name, _ in JSON_ENDPOINTS))


def comments(number: int, **fields: object) -> list[Record]:
    usual = {
        "track_id": "1",
        "user_id": "2",
        "user_name": "x",
        "body": "nice",
        "timestamp_ms": 9,
        "created_at": "2020-01-01T00:00:00Z",
    }
    return [Comment("soundcloud", str(n), **usual | fields) for n in range(number)]


def without(field: str, number: int) -> list[Record]:
    records = comments(number)
    for record in records:
        setattr(record, field, UNSET)
    return records


def feed(drift: FieldDrift, pages: list[list[Record]]) -> list[Drift]:
    return [found for page in pages for found in drift.check("comments", page, b"{}")]


def silent(source: str, change: str, filled_min: float = 0.0, **how: int) -> dict[Any, set[str]]:
    """Return what a change of each key of each endpoint loses in silence."""
    trials = [
        Trial(source, endpoint, key, change, **how)
        for name, endpoint in JSON_ENDPOINTS
        if name == source
        and len(parsed_pages(source, endpoint, RESPONSES_MAX)) >= 3 * how.get("every", 1)
        for key in keys_that_count(source, endpoint, scalars=change in OF_VALUES)
    ]
    lost = {trial[:3]: lost_in_silence(trial, filled_min) for trial in trials}
    return {about: fields for about, fields in lost.items() if fields}


@pytest.mark.parametrize("source", JSON_NAMES)
def test_no_renamed_key_is_silent(source: str) -> None:
    gaps = {about for about in GAPS if about[0] == source}
    assert silent(source, "renamed").keys() == gaps


def test_no_renamed_key_of_a_title_page_is_silent() -> None:
    source, endpoint = "imdb", "title_page"
    pages = genuine_pages(source, endpoint, RESPONSES_MAX)
    bodies = b"".join(page.response.body for page in pages)
    for key in set(re.findall(rb'"(\w+)"\s*:', bodies)):
        drift, drifts, odd = drift_of(source), list[Drift](), 0
        before, after = Fields(), Fields()
        for request, response in pages:
            body = re.sub(rb'"%b"(\s*:)' % key, rb'"%b_2"\1' % key, response.body)
            try:
                page = get(source).parse(request, response._replace(body=body))
            except Malformed:
                odd += 1
                continue
            genuine_page = get(source).parse(request, response)
            odd += len(page.findings) > len(genuine_page.findings)
            drifts += drift.check(endpoint, page.records, body)
            before += values_in(genuine_page.records, source, endpoint)
            after += values_in(page.records, source, endpoint)
        lost = {field for field, count in before.items() if count >= len(pages) > after[field] * 9}
        assert drifts or odd or not lost, (key, lost)


@pytest.mark.slow
@pytest.mark.parametrize("change", ["dropped", "null", "emptied", "retyped"])
@pytest.mark.parametrize("source", JSON_NAMES)
def test_no_other_change_of_a_key_is_silent(source: str, change: str) -> None:
    assert silent(source, change, filled_min=USUAL).keys() <= GAPS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("source", JSON_NAMES)
def test_no_key_that_is_renamed_after_good_responses_is_silent(source: str) -> None:
    assert silent(source, "renamed", good=4).keys() <= GAPS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("source", JSON_NAMES)
def test_no_key_that_is_renamed_in_half_of_the_items_is_silent(source: str) -> None:
    assert silent(source, "renamed", filled_min=NEARLY_ALL, every=2).keys() <= GAPS.keys()


@pytest.mark.parametrize("source", NAMES)
def test_genuine_responses_do_not_drift(source: str) -> None:
    drift = drift_of(source)
    for endpoint, spec in get(source).manifest.endpoints.items():
        if spec.role != "stored":
            for request, response in genuine_pages(source, endpoint):
                page = get(source).parse(request, response)
                assert drift.check(endpoint, page.records, response.body) == []


def test_a_field_that_is_missing_from_all_of_eight_responses_is_news() -> None:
    (found,) = feed(drift_of("soundcloud"), [without("timestamp_ms", 1)] * 8)
    assert found.finding.kind == "field_drift"
    assert found.finding.detail.startswith("comment.timestamp_ms is absent in 2 of the last 2 rec")
    assert not found.ends


def test_one_page_without_a_promised_field_is_news() -> None:
    assert feed(drift_of("soundcloud"), [without("timestamp_ms", 50)])


def test_a_wanted_field_that_vanishes_after_good_responses_ends_a_crawl() -> None:
    drift = drift_of("soundcloud")
    assert feed(drift, [comments(50)] * 150) == []
    found = feed(drift, [without("timestamp_ms", 50)] * 30)
    assert [drift.ends for drift in found] == [False, True]
    assert "comment.timestamp_ms is absent in" in found[0].finding.detail


def test_a_field_that_half_of_the_records_lack_is_news_and_no_end() -> None:
    half = [*comments(4), *without("timestamp_ms", 4)]
    found = feed(drift_of("soundcloud"), [half] * 40)
    assert [drift.ends for drift in found] == [False]


def test_single_nulls_are_facts_and_nothing_but_nulls_are_news() -> None:
    few = [*comments(7), *comments(1, timestamp_ms=None)]
    assert feed(drift_of("soundcloud"), [few] * 100) == []
    (found,) = feed(drift_of("soundcloud"), [comments(8, timestamp_ms=None)] * 100)
    assert "comment.timestamp_ms is empty in" in found.finding.detail
    assert not found.ends


@pytest.mark.parametrize("emptied", ["", None])
def test_emptied_texts_are_news(emptied: str | None) -> None:
    (found,) = feed(drift_of("soundcloud"), [comments(8, body=emptied)] * 8)
    assert "comment.body is empty in" in found.finding.detail


def test_an_early_run_of_the_folder_counts_as_before() -> None:
    first = drift_of("soundcloud")
    assert feed(first, [comments(8)] * 8) == []
    second = drift_of("soundcloud", first.dump())
    found = feed(second, [without("body", 8)] * 8)
    assert [drift.ends for drift in found] == [False, True]


def test_what_fell_is_news_in_every_run() -> None:
    memory = None
    for _ in range(3):
        drift = drift_of("soundcloud", memory)
        assert feed(drift, [without("body", 8)] * 8)
        memory = drift.dump()


def test_a_memory_of_another_version_is_dropped() -> None:
    assert feed(drift_of("soundcloud", '{"version": 9, "endpoints": 1}'), [comments(8)] * 8) == []
    assert feed(drift_of("soundcloud", "{"), [comments(8)] * 8) == []


def test_a_larger_drift_share_lets_a_crawl_go_on() -> None:
    drift = drift_of("soundcloud", share=1.0)
    assert feed(drift, [comments(8)] * 20) == []
    found = feed(drift, [without("body", 8)] * 20)
    assert [drift.ends for drift in found] == [False]


def test_the_new_name_of_a_key_is_named() -> None:
    drift = drift_of("soundcloud")
    for _ in range(8):
        drift.check("comments", comments(8), b'{"collection": [{"body": 1, "timestamp": 2}]}')
    renamed = b'{"collection": [{"body": 1, "moment": 2}]}'
    found = drift.check("comments", without("timestamp_ms", 8), renamed)
    assert found[0].finding.detail.endswith(", new key: moment")


@pytest.mark.parametrize("forbidden", [b"NaN", b"-Infinity", b"1e999", b'"\\ud83d"'])
def test_a_value_that_json_forbids_hides_no_key(forbidden: bytes) -> None:
    drift = drift_of("soundcloud")
    body = b'{"collection": [{"body": %b, "%b": 2}]}'
    for _ in range(8):
        drift.check("comments", comments(8), body % (forbidden, b"timestamp"))
    renamed = body % (forbidden, b"moment")
    found = drift.check("comments", without("timestamp_ms", 8), renamed)
    assert found[0].finding.detail.endswith(", new key: moment")


def test_a_key_that_shows_in_no_field_is_watched() -> None:
    drift = drift_of("soundcloud")
    tracks: list[Record] = [Track("soundcloud", "1", name="x", url="x")]
    found = [f for _ in range(9) for f in drift.check("tracks", tracks, b'{"title": ""}')]
    assert any(f.finding.detail.startswith("the key tag_list is absent") for f in found)


def test_a_rare_field_gives_no_alarm_until_it_is_gone() -> None:
    share = ShareTest(0.0)
    for number in range(2_000):
        share.add(1, int(number % 5 == 0))
        assert not share.fell
    for _ in range(300):
        share.add(1, 0)
    assert share.fell


@pytest.mark.parametrize(("source", "endpoint"), JSON_ENDPOINTS)
def test_an_explicit_null_is_never_an_absent_field(source: str, endpoint: str) -> None:
    for key in keys_that_count(source, endpoint):
        for request, body, page in parsed_pages(source, endpoint, 2):
            nulls = parse(source, request, changed(body, key, "null"))
            assert newly_absent(page, nulls, source, endpoint) == set(), key
