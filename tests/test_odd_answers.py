"""Odd answers that people reported, each with its own input: what is stored of them, what is not."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from aiohttp import web

from phonofilm.api import open as open_crate
from phonofilm.crawl.scope.scopes import Named
from phonofilm.records import Record
from phonofilm.sources import get
from phonofilm.sources.contract import Link, Page, Request, Response
from phonofilm.warehouse.export.lists import joined_list
from phonofilm.warehouse.load.load import load
from tests.conftest import collect


def parsed(source: str, endpoint: str, body: Any, *ids: str) -> Page:
    response = Response(200, {}, json.dumps(body).encode())
    return get(source).parse(Request(endpoint, ids or ("1",)), response)


def one(page: Page, kind: str) -> Any:
    rows: list[Record] = [record for record in page.records if record.kind == kind]
    assert len(rows) == 1
    return rows[0]


def entries(page: Page) -> list[tuple[int, str | None, str | None]]:
    rows: list[Any] = [record for record in page.records if record.kind == "playlist_entry"]
    return [(row.position, row.track_id, row.entry_type) for row in rows]


def upload(number: int, person: str) -> dict[str, Any]:
    return {
        "id": number,
        "title": "Rehearsal",
        "link": "",
        "duration": 200,
        "artist": {"id": 0, "name": person},
        "album": {"id": 0, "title": f"{person}s tapes"},
    }


def test_uploads_of_deezers_users_are_local_entries_and_nothing_else(folder, hostile) -> None:
    track = {"id": 7, "title": "Song", "artist": {"id": 5, "name": "Ada"}, "album": {"id": 6}}

    async def respond(server, request) -> web.Response:
        body = {"id": 1, "title": "Mixed", "nb_tracks": 3, "creator": {"id": 9}}
        items = [upload(-3097068383, "Mia"), track, upload(-2000000001, "Tom")]
        if request.path.startswith("/track/"):
            return web.json_response(track | {"isrc": "USABC0100001", "bpm": 120})
        return web.json_response(body | {"tracks": {"data": items}})

    server = hostile(respond)
    scope = Named([Link("playlist", "1")], with_credits=False)
    result = collect(folder, "deezer", server.url, "tracks=all", scope=scope)
    load(folder)
    crate = open_crate(folder.root)
    rows = crate.sql("SELECT position, track_id, entry_type FROM entries ORDER BY position").rows()
    assert [tuple(row) for row in rows] == [
        (0, None, "local"),
        (1, "7", "track"),
        (2, None, "local"),
    ]
    assert [tuple(row) for row in crate.sql("SELECT id FROM tracks").rows()] == [("7",)]
    assert not crate.sql("SELECT 1 FROM artists WHERE id = '0'").rows()
    assert not crate.sql("SELECT 1 FROM albums WHERE id = '0'").rows()
    assert [path for path in server.calls if "-" in path] == []
    assert result.findings == []


@pytest.mark.parametrize("duration", [{"totalMilliseconds": 215000}, "long", [], -5])
def test_a_local_file_with_an_odd_length_keeps_its_place(duration: Any) -> None:
    local = {"id": None, "name": "Demo", "is_local": True, "duration_ms": duration}
    good = {"id": "t", "name": "Song", "type": "track"}
    items = [{"is_local": True, "track": local}, {"track": {}}, {"track": good}, None, "odd"]
    page = parsed("spotify", "playlist_tracks", {"items": items, "total": 5}, "p")
    assert entries(page) == [
        (0, None, "local"),
        (1, None, "withdrawn"),
        (2, "t", "track"),
        (3, None, None),
        (4, None, None),
    ]


@pytest.mark.parametrize(
    "listed",
    [{}, {"tracks": None}, {"tracks": {"href": "x", "total": 3}}, {"items": {"items": None}}],
)
def test_a_playlist_that_embeds_no_entries_is_read_from_their_first_page(listed: Any) -> None:
    page = parsed("spotify", "playlist", {"id": "p", "name": "Mixed"} | listed, "p")
    assert page.continues == [Request("playlist_tracks", ("p",))]
    empty = {"tracks": {"items": [], "total": 0}}
    assert not parsed("spotify", "playlist", {"id": "p", "name": "Mixed"} | empty, "p").continues


def test_a_list_that_an_access_level_lacks_is_a_finding(folder, stand_in) -> None:
    url, _ = stand_in("spotify", access="development", artists=40, seed=3)
    scope = Named([Link("playlist_query", "rock")], with_credits=False)
    result = collect(folder, "spotify", url, "tracks=all", scope=scope)
    (finding,) = [f for f in result.findings if f["kind"] == "list_not_available"]
    assert finding["where"] == {"playlist": result.calls_by_endpoint["playlist"]}
    assert "gone at access development since 2026-02-11" in finding["example"]


def test_an_explicit_null_is_null_and_not_absent() -> None:
    spotify = one(parsed("spotify", "track", {"id": "t", "name": "x", "album": None}), "track")
    assert (spotify.album_id, spotify.album_name) == (None, None)
    body = {"id": 7, "title": "x", "album": None, "artist": None}
    deezer = one(parsed("deezer", "track", body, "7"), "track")
    assert (deezer.album_id, deezer.artist_ids) == (None, None)


def test_phps_empty_list_for_an_object_costs_the_object() -> None:
    body = {"id": 6, "title": "Runaway", "genres": [], "artist": [], "upc": "0", "label": "x"}
    page = parsed("deezer", "album", body, "6")
    album = one(page, "album")
    assert (album.name, album.genres, album.artist_ids, album.upc) == ("Runaway", None, None, None)
    assert [finding.kind for finding in page.findings] == ["odd_part", "odd_part"]


def test_one_bad_nested_part_costs_itself_and_not_the_artist() -> None:
    mbid = "8a0ecaad-5e92-c0f7-b0ad-f3724e390b58"
    rows = [{"artist_mbid": mbid, "name": "Ada", "tag": {"artist": None}}]
    assert one(parsed("listenbrainz", "artist_metadata", rows, mbid), "artist").name == "Ada"
    body = {"id": mbid, "name": "Ada", "tags": [{"name": ""}, {"name": "folk", "count": 2}]}
    page = parsed("musicbrainz", "artist", body, mbid)
    assert one(page, "artist").name == "Ada"
    assert one(page, "tag").name == "folk"
    assert [finding.kind for finding in page.findings] == ["odd_part"]


def test_deezers_genres_come_with_their_names() -> None:
    genres = {"data": [{"id": 16, "name": "Asian Music"}, {"id": 129, "name": "Jazz"}]}
    body = {"id": 6, "title": "x", "artist": {"id": 5, "name": "Ada"}, "genres": genres}
    page = parsed("deezer", "album", body, "6")
    names = {record.id: record.name for record in page.records if record.kind == "genre"}  # type: ignore[attr-defined]
    assert names == {"16": "Asian Music", "129": "Jazz"}
    assert sum(record.kind == "artist_genre" for record in page.records) == 2


def test_a_dummy_isrc_and_values_that_say_nothing_are_null() -> None:
    body = {
        "id": "t",
        "name": "",
        "duration_ms": 0,
        "track_number": 0,
        "disc_number": 0,
        "artists": [{"id": "a", "name": ""}],
        "album": {"id": "b", "name": ""},
        "external_ids": {"isrc": "DUM_22832"},
    }
    page = parsed("spotify", "track", body, "t")
    track = one(page, "track")
    assert (track.isrc, track.name, track.duration_ms, track.track_number) == (None,) * 4
    assert (track.disc_number, track.artist_names, track.album_name) == (None, [None], None)
    assert one(page, "artist").name is one(page, "album").name is None
    details = {finding.kind: finding.detail for finding in page.findings}
    assert details["odd_value"] == "track.isrc: 'DUM_22832'"


def test_the_precision_that_spotify_states_shortens_its_dates() -> None:
    album = {"id": "b", "name": "x", "release_date": "1967-01-01", "release_date_precision": "year"}
    row = one(parsed("spotify", "album", album | {"tracks": {"items": []}}, "b"), "album")
    assert (row.release_date, row.release_date_precision) == ("1967", "year")
    track = one(parsed("spotify", "track", {"id": "t", "name": "x", "album": album}, "t"), "track")
    assert track.release_date == "1967"


@pytest.mark.parametrize(
    ("source", "endpoint", "body"),
    [
        ("spotify", "track", {"id": "N", "name": "x"}),
        ("deezer", "artist", {"id": 77, "name": "x"}),
        ("musicbrainz", "artist", {"id": "8a0ecaad-5e92-c0f7-b0ad-f3724e390b58", "name": "x"}),
        ("soundcloud", "artists", {"collection": [{"id": 77, "username": "x", "kind": "user"}]}),
        ("beatport", "track", {"id": 77, "name": "x"}),
    ],
)
def test_an_answer_under_another_id_is_noted_in_every_source(
    source: str, endpoint: str, body: Any
) -> None:
    page = parsed(source, endpoint, body, "55")
    known = one(page, "external_id")
    now = str(body.get("id", 77))
    assert (known.of_id, known.scheme, known.value) == (now, source, "55")
    assert "merged_id" in [finding.kind for finding in page.findings]


def test_a_track_that_stands_in_for_others_of_a_batch_names_them() -> None:
    rows = [{"id": "N", "name": "x", "linked_from": {"id": "O"}}, {"id": "P", "name": "y"}]
    page = parsed("spotify", "tracks", {"tracks": rows}, "O", "P")
    known = one(page, "external_id")
    assert (known.of_id, known.scheme, known.value) == ("N", "spotify", "O")


@pytest.mark.parametrize("total", [-1, 10**400, "many"])
def test_an_odd_total_or_a_huge_page_size_is_no_size(total: Any) -> None:
    items = [{"id": "a", "name": "x"}]
    paging = {"items": items, "total": total, "limit": 10**400, "next": "https://x.invalid"}
    page = parsed("spotify", "artist_albums", paging, "a")
    assert page.total is None
    assert page.continues == [Request("artist_albums", ("a",), 1)]
    assert [finding.kind for finding in page.findings] == ["odd_value"]


def test_lists_keep_nulls_and_separators_in_csv() -> None:
    sql = f"SELECT {joined_list('x')} FROM (SELECT ['Ada', NULL, 'Kool; The Gang', 'a\\b'] AS x)"
    row = duckdb.connect().execute(sql).fetchone()
    assert row == (r"Ada;;Kool\; The Gang;a\\b",)


def test_findings_of_people_never_quote_texts() -> None:
    comment = {"id": 3, "body": "x", "created_at": "Mia Moe", "timestamp": [], "user": "Mia Moe"}
    page = parsed("soundcloud", "comments", {"collection": [comment]}, "7")
    assert {finding.kind for finding in page.findings} == {"odd_part", "odd_value"}
    assert not any("Mia" in finding.detail for finding in page.findings)
