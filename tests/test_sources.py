"""What every source must keep: one suite, inherited by each folder."""

from __future__ import annotations

import re

import pytest

from phonofilm.errors import UsageError
from phonofilm.records import BY_KIND, columns
from phonofilm.sources import NAMES, get
from phonofilm.sources.classify import classify_http, retry_after
from phonofilm.sources.contract import Link, Outcome, Request, Response
from phonofilm.sources.spotify.source import SOURCE as SPOTIFY

ROLES = {"seed", "search", "detail", "contain", "measure", "relate", "stored"}


@pytest.fixture(params=NAMES)
def source(request: pytest.FixtureRequest):
    return get(request.param)


def test_every_endpoint_has_a_parser_and_every_parser_an_endpoint(source) -> None:
    # Files are told of in one way, whosever they are.
    assert set(source.parsers) == set(source.manifest.endpoints) - {"media"}


def test_shapes_name_fields_that_records_have(source) -> None:
    for shape, fields in source.manifest.shapes.items():
        known = {column.name for column in columns(BY_KIND[shape.partition(".")[0]])}
        assert set(fields) <= known, shape


def test_endpoints_give_shapes_that_exist(source) -> None:
    for name, endpoint in source.manifest.endpoints.items():
        assert set(endpoint.returns) <= set(source.manifest.shapes), name
        assert endpoint.role in ROLES
        assert not endpoint.paging or "default" in endpoint.page


def test_what_is_gone_has_a_date_and_an_access_level(source) -> None:
    for endpoint in source.manifest.endpoints.values():
        for access, since in endpoint.gone.items():
            assert access in source.manifest.access
            assert re.fullmatch(r"20\d\d-\d\d-\d\d", since)


def test_what_is_lacking_is_named_as_kind_and_field(source) -> None:
    for access in source.manifest.access.values():
        for name in access.lacks:
            kind, _, field = name.partition(".")
            assert field in {column.name for column in columns(BY_KIND[kind])}


def test_terms_are_told_in_at_most_five_lines(source) -> None:
    terms = source.manifest.terms
    assert 1 <= len(terms.summary) <= 5
    assert terms.attribution
    assert terms.url.startswith("https://")


def test_addresses_hold_the_largest_page_an_access_level_allows() -> None:
    request = Request("genre_artists", ("deep house",), 40)
    path, query = SPOTIFY.address(request, "development")
    assert path == "/v1/search"
    assert query == {"q": 'genre:"deep house"', "type": "artist", "limit": "10", "offset": "40"}
    assert SPOTIFY.address(request, "extended")[1]["limit"] == "50"


def test_request_keys_hold_neither_host_nor_page_size() -> None:
    key = Request("genre_artists", ("deep house",), 40).key
    assert key == "genre_artists?deep%20house@40"


def test_ids_are_quoted_in_paths() -> None:
    assert SPOTIFY.address(Request("artist", ("../../x?y",)), "extended")[0] == (
        "/v1/artists/..%2F..%2Fx%3Fy"
    )


@pytest.mark.parametrize(
    ("name", "text", "link"),
    [
        (
            "spotify",
            "https://open.spotify.com/artist/4Z8W4fKeB5YxbusRsdQVPb?si=1",
            Link("artist", "4Z8W4fKeB5YxbusRsdQVPb"),
        ),
        (
            "spotify",
            "https://open.spotify.com/intl-de/album/6dVIqQ8qmQ5GBnJ9shOYGE",
            Link("album", "6dVIqQ8qmQ5GBnJ9shOYGE"),
        ),
        (
            "spotify",
            "spotify:track:6f807x0ima9a1j3VPbc7VN",
            Link("track", "6f807x0ima9a1j3VPbc7VN"),
        ),
        ("spotify", "https://example.org/", None),
        ("deezer", "https://www.deezer.com/fr/artist/27", Link("artist", "27")),
        ("deezer", "https://www.deezer.com/playlist/908622995", Link("playlist", "908622995")),
    ],
)
def test_links_are_read_as_people_copy_them(name: str, text: str, link: Link | None) -> None:
    assert get(name).parse_link(text) == link


def test_an_unknown_source_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="myspace") as told:
        get("myspace")
    assert "deezer" in told.value.next_step


@pytest.mark.parametrize(
    ("status", "headers", "body", "verdict"),
    [
        (200, {}, b"{}", "answer"),
        (404, {}, b"", "missing"),
        (401, {}, b"", "unauthorised"),
        (403, {}, b"Active premium subscription required", "forbidden"),
        (429, {"retry-after": "5"}, b"Too many requests", "throttled"),
        (429, {}, b"", "throttled"),
        (503, {"retry-after": "5"}, b"", "throttled"),
        (502, {"content-type": "text/html"}, b"<html>Bad gateway</html>", "unavailable"),
        (202, {"x-amzn-waf-action": "challenge"}, b"", "bot_wall"),
        (403, {"content-type": "text/html"}, b"<title>Just a moment...</title>", "bot_wall"),
        (400, {}, b"Invalid limit", "refused"),
    ],
)
def test_responses_are_judged_by_http(
    status: int, headers: dict, body: bytes, verdict: str
) -> None:
    assert classify_http(Response(status, headers, body)).verdict == verdict


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "48925"}, 48925),
        ({"retry-after": "0"}, 0),
        ({}, None),
        ({"retry-after": "later"}, None),
        (
            {
                "retry-after": "Fri, 20 Nov 2026 10:01:00 GMT",
                "date": "Fri, 20 Nov 2026 10:00:00 GMT",
            },
            60,
        ),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(headers: dict, seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_spotify_tells_a_quota_from_a_rate() -> None:
    body = b'{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}'
    found = SPOTIFY.classify(
        Request("artist", ("x",)), Response(429, {"retry-after": "48925"}, body)
    )
    assert found == Outcome("quota", "QUOTA_EXCEEDED", 48925)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b'{"error":{"type":"Exception","message":"Quota limit exceeded","code":4}}', "throttled"),
        (b'{"error":{"type":"DataException","message":"no data","code":800}}', "missing"),
        (b'{"error":{"type":"Exception","message":"Service busy","code":700}}', "unavailable"),
        (b'{"error":{"type":"ParameterException","message":"Wrong","code":500}}', "refused"),
        (b'{"error":"Not Found"}', "malformed"),
        (b'{"data":[]}', "answer"),
    ],
)
def test_deezer_errors_hide_inside_http_200(body: bytes, verdict: str) -> None:
    assert (
        get("deezer").classify(Request("artist", ("1",)), Response(200, {}, body)).verdict
        == verdict
    )
