"""What every source must keep: one suite, inherited by each folder."""

from __future__ import annotations

import re
from functools import partial

import msgspec
import pytest

from phonofilm.errors import UsageError
from phonofilm.privacy.erased import ErasedPeople
from phonofilm.privacy.people import find_people
from phonofilm.privacy.pseudonyms import person_hash
from phonofilm.records import BY_KIND, RECORDS, columns
from phonofilm.sources import get, manifests, source_names
from phonofilm.sources.classify import classify_http, retry_after
from phonofilm.sources.contract import Outcome, Request, Response
from phonofilm.sources.manifest import Priority
from phonofilm.sources.priority import by_priority
from phonofilm.sources.spotify.source import SOURCE as SPOTIFY

ROLES = {"seed", "search", "detail", "contain", "measure", "relate", "stored"}


@pytest.fixture(params=source_names())
def source(request: pytest.FixtureRequest):
    return get(request.param)


def test_every_endpoint_has_a_parser_and_every_parser_an_endpoint(source) -> None:
    # Stored files are parsed in one way for all sources.
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


def test_a_source_says_in_words_what_its_auth_table_says(source) -> None:
    auth, access = source.manifest.auth, source.manifest.access
    text = access[source.manifest.default_access].text.lower()
    assert ("no key" in text) is not auth.needs_key
    assert not auth.needs_key or any(word in text for word in ("client id", "token", "key"))


def test_a_source_with_a_key_comes_with_terms_or_a_free_key(source) -> None:
    manifest = source.manifest
    text = manifest.access[manifest.default_access].text.lower()
    assert not manifest.auth.needs_key or manifest.terms.must_accept or "free" in text


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


def test_a_source_is_ranked_by_fields_that_records_have(source) -> None:
    priority = source.manifest.priority
    assert priority.default < Priority().default
    assert priority.fields.keys() <= {c.name for cls in RECORDS for c in columns(cls)}


def test_no_two_sources_have_the_same_rank_for_a_field() -> None:
    fields = {field for manifest in manifests() for field in manifest.priority.fields}
    for field in ("", *fields):
        ranks = [m.priority.fields.get(field, m.priority.default) for m in manifests()]
        assert len(set(ranks)) == len(ranks), field


@pytest.mark.parametrize(
    ("field", "first"),
    [
        ("", "musicbrainz spotify deezer itunes beatport jamendo fma listenbrainz"),
        ("tempo", "beatport spotify reccobeats acousticbrainz deezer"),
        ("key", "beatport spotify reccobeats acousticbrainz"),
        ("mode", "beatport spotify reccobeats acousticbrainz"),
        ("label", "beatport musicbrainz deezer spotify"),
        ("preview_url", "itunes deezer jamendo"),
        ("duration_ms", "spotify deezer musicbrainz"),
        ("image_url", "spotify deezer itunes"),
    ],
)
def test_values_are_picked_from_the_source_that_is_best_at_the_field(field, first: str) -> None:
    assert by_priority(field)[: len(first.split())] == first.split()


def test_a_source_that_names_people_says_where_they_stand(source) -> None:
    people = source.manifest.people
    named = any(endpoint.personal for endpoint in source.manifest.endpoints.values())
    assert named is bool(people.ids and people.names and people.owners)
    assert bool(people.handle) is bool(people.profile)
    assert re.compile(people.profile).groups == bool(people.profile)


PEOPLE = [
    ("soundcloud", {"kind": "user", "urn": "soundcloud:users:7", "username": "Ada"}, "Ada"),
    ("soundcloud", {"kind": "track", "user": {"id": 7, "permalink": "ada"}}, "ada"),
    ("soundcloud", {"kind": "comment", "body": "x", "user_urn": "soundcloud:users:7"}, None),
    ("spotify", {"id": "p", "owner": {"id": "7", "display_name": "Ada"}}, "Ada"),
    ("deezer", {"id": 1, "creator": {"id": 7, "name": "Ada"}}, "Ada"),
    ("deezer", {"id": 1, "user": {"id": 7, "name": "Ada"}}, "Ada"),
]


@pytest.mark.parametrize(("name", "body", "called"), PEOPLE)
def test_people_are_met_and_erased_as_the_manifest_says(name, body, called) -> None:
    fields, key = get(name).manifest.people, b"k"
    met = list(find_people([body], fields, partial(person_hash, key)))
    assert [(person.id, person.names) for person in met] == ([("7", {called})] if called else [])
    erased = ErasedPeople(frozenset((person_hash(key, "7"),)), frozenset(), fields, key)
    kept = {"id": "other"}
    assert erased.remove_from(msgspec.json.encode([body, kept])) == msgspec.json.encode([kept])


def test_comments_on_an_erased_track_go_with_it() -> None:
    fields = get("soundcloud").manifest.people
    erased = ErasedPeople(frozenset(), frozenset(), fields, b"k", tracks=frozenset(("5",)))
    comments = [{"kind": "comment", "track_urn": f"soundcloud:tracks:{n}"} for n in (4, 5)]
    assert erased.remove_from(msgspec.json.encode(comments)) == msgspec.json.encode(comments[:1])


def test_ids_and_codes_of_others_are_of_sources_that_exist(source) -> None:
    ids = source.manifest.ids
    assert {source.manifest.namespace, *ids.track_codes} <= set(source_names())
    assert all("{id}" in page for page in ids.pages.values())


def test_an_unknown_source_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="myspace") as unknown:
        get("myspace")
    assert "deezer" in unknown.value.next_step


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
    outcome = SPOTIFY.classify(
        Request("artist", ("x",)), Response(429, {"retry-after": "48925"}, body)
    )
    assert outcome == Outcome("quota", "QUOTA_EXCEEDED", 48925)


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
