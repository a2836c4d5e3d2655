"""Parsers under hostile bodies: any JSON in, no crash, no silent null."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.sandbox.kernel.server import Plan, SandboxServer
from phonofilm.sandbox.kernel.service import Clock, HttpRequest
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed, Page, Request, Response

OPEN = ("musicbrainz", "listenbrainz", "reccobeats", "itunes", "jamendo")
HEARD = ("soundcloud", "beatport")
NAMES = ("spotify", "deezer", *OPEN, *HEARD)
ENDPOINTS = [
    (name, endpoint) for name in NAMES for endpoint in get(name).parsers if endpoint != "saved"
]
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


ACCESS = {"spotify": "extended-legacy", "listenbrainz": "token"}


def real_bodies() -> dict[tuple[str, str], Any]:
    """One genuine body per endpoint, from the stand-ins."""
    bodies: dict[tuple[str, str], Any] = {}
    for name in NAMES:
        stand_in, source = (
            SandboxServer(Plan(name, ACCESS.get(name, ""), artists=40, rate="none")),
            get(name),
        )
        if name in ("spotify", *HEARD):
            stand_in.service._tokens["sandbox-t"] = Clock().now() + 60
        nodes = _nodes(stand_in, name)
        for endpoint, spec in source.manifest.endpoints.items():
            if spec.role == "stored":
                continue
            node = spec.subject or ("album" if endpoint == "album_tracks" else "playlist")
            ids = nodes.get(node, ["rock"])
            if endpoint == "category_playlists":
                ids = [bodies["spotify", "categories"]["categories"]["items"][0]["id"]]
            told = tuple(ids[: spec.batch])
            path, query = source.address(Request(endpoint, told), stand_in.service.access)
            every = {k: v if isinstance(v, list) else [v] for k, v in query.items()}
            plain = {k: v[0] for k, v in every.items()}
            plain |= {} if name == "soundcloud" else {"client_id": "sandbox"}
            scheme = source.manifest.token_scheme
            headers = {
                "Authorization": f"{scheme} sandbox-t",
                "User-Agent": "tests (me@example.org)",
            }
            body = json.dumps({spec.post: told}).encode() if spec.post else b""
            method = "POST" if spec.post else "GET"
            path = "/" + path.strip("/")
            answer = stand_in.service.respond(
                HttpRequest(method, path, plain, headers, body, "http://x", every)
            )
            if answer.status == 302:
                path = answer.headers["Location"].removeprefix("http://x")
                answer = stand_in.service.respond(
                    HttpRequest("GET", path, {}, headers, b"", "http://x", {})
                )
            assert answer.status == 200, (name, endpoint, answer.body)
            bodies[name, endpoint] = json.loads(answer.body)
    return bodies


def _nodes(stand_in: SandboxServer, name: str) -> dict[str, list[str]]:
    """Ids to ask with, by what is asked about."""
    world = stand_in.world
    kinds = ("artist", "album", "track", "playlist")
    nodes = {kind: [str(id_) for id_ in stand_in.service.ids(kind + "s")] for kind in kinds}
    nodes["isrc"] = [row.isrc for row in map(world.track, range(9)) if row.isrc]
    nodes["track_code"] = nodes["isrc"]
    nodes["genre"] = {"deezer": ["1"], "beatport": ["1"]}.get(name, ["pop"])
    if name in HEARD:
        nodes["label"] = [str(key) for key in getattr(stand_in.service, "_labels", {"": ""})]
    if name == "soundcloud":
        page = f"https://soundcloud.com/{stand_in.service.objects.handle(0)}"
        nodes |= {
            "artist_link": [page],
            "track_link": [f"{page}/track-{nodes['track'][0]}"],
            "playlist_link": [f"{page}/sets/0"],
        }
    if name == "musicbrainz":
        objects = stand_in.service.objects
        nodes["isrc"] = list(stand_in.service._codes)[:3]
        nodes["address"] = [
            page for a in range(20) for page in objects.addresses(a) if objects.has("artist", a)
        ]
    return nodes


BODIES = real_bodies()


def walk(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    return [path, *(p for key, child in children for p in walk(child, (*path, key)))]


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


@pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
@given(data=st.data(), value=SCALARS | st.just(...) | st.just([]) | st.just({}))
def test_a_genuine_body_with_one_thing_changed_never_breaks_the_parser(
    source: str, endpoint: str, data: st.DataObject, value: Any
) -> None:
    body = BODIES[source, endpoint]
    path = data.draw(st.sampled_from(walk(body)))
    check(
        parsed(
            source,
            endpoint,
            json.dumps(replaced(body, path, value)).encode("utf-8", "surrogatepass"),
        )
    )


@pytest.mark.parametrize(("source", "endpoint"), ENDPOINTS)
def test_a_genuine_body_parses_without_findings(source: str, endpoint: str) -> None:
    page = parsed(source, endpoint, json.dumps(BODIES[source, endpoint]).encode())
    assert page is not None
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
    whole = parsed(source, endpoint, json.dumps(BODIES[source, endpoint]).encode())
    kind = get(source).manifest.endpoints[endpoint].item_kind
    broken = replaced(BODIES[source, endpoint], (*items, 0, "id"), {"no": "id"})
    page = parsed(source, endpoint, json.dumps(broken).encode())
    assert whole and page
    assert [f.kind for f in page.findings] == ["malformed_item"]
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
    assert page.records == []
    assert parsed("spotify", "playlist_tracks", b'{"items": null, "next": "x"}') is None


def test_item_and_track_may_both_come_and_one_may_be_null() -> None:
    track = {"id": "t", "name": "x", "type": "track"}
    page = spotify(
        "playlist_tracks",
        {"items": [{"item": None, "track": track}, {"item": track, "track": track}]},
    )
    assert [r.track_id for r in page.records if r.kind == "playlist_entry"] == ["t", "t"]


def test_a_figure_too_large_for_any_table_costs_its_item() -> None:
    page = spotify(
        "artists",
        {
            "artists": [
                {"id": "a", "name": "x", "popularity": 10**21},
                {"id": "b", "name": "y", "popularity": 5},
            ]
        },
    )
    assert [r.id for r in page.records] == ["b"]
    assert [f.kind for f in page.findings] == ["malformed_item"]


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
    assert [r.name for r in page.records] == ["\ufffd x", "y"]
    page = spotify(
        "audio_features", b'{"audio_features": [{"id": "t", "tempo": NaN, "energy": 0.5}]}'
    )
    assert [(r.tempo, r.energy) for r in page.records] == [(None, 0.5)]


def test_answers_shorter_than_asked_are_found() -> None:
    body = json.dumps({"tracks": [{"id": "t", "name": "x"}]}).encode()
    page = get("spotify").parse(Request("tracks", ("t", "u", "v")), Response(200, {}, body))
    assert [(f.kind, f.detail) for f in page.findings] == [("unknown_id", "u"), ("unknown_id", "v")]
