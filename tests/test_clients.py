"""Third-party clients find at a stand-in what their own documentation calls."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Iterator
from itertools import islice
from typing import Any

import deezer
import msgspec
import musicbrainzngs
import pytest


@pytest.fixture
def deezer_client(stand_in) -> Iterator[deezer.Client]:
    url, _ = stand_in("deezer", artists=60, rate="none")
    with deezer.Client() as client:
        client.base_url = url
        yield client


def test_deezer_python_reads_radios_editorials_and_codes(deezer_client) -> None:
    artist = deezer_client.search_artists("the")[0]
    assert artist.get_radio()[0].title
    assert list(artist.get_playlists()) or artist.nb_album
    album = next(iter(artist.get_albums())).get()
    upc = next(a.upc for a in map(deezer.Album.get, artist.get_albums()) if a.upc)
    assert deezer_client.request("GET", f"album/upc:{upc}").upc == upc
    assert deezer_client.search_albums(album.title)
    assert {radio.title for radio in deezer_client.get_radios_top()}
    radio = deezer_client.get_radios_top()[0]
    assert deezer_client.get_radio(radio.id).get_tracks()
    assert deezer_client.get_genre(1).get_radios()
    assert deezer_client.list_editorials()[0].id is not None
    assert deezer_client.get_editorial(1).name


def test_soundcloud_v2_resolves_searches_and_lists(stand_in) -> None:
    soundcloud = pytest.importorskip("soundcloud")
    from soundcloud.requests import Request

    url, served = stand_in("soundcloud", artists=60)
    artist = next(a for a in range(60) if len(served.world.related_to(a)) > 3)
    before, Request.base = Request.base, url
    try:
        client = soundcloud.SoundCloud(client_id="x" * 32)
        user = client.get_user(int(served.service.ids("artists")[artist]))
        assert client.resolve(user.permalink_url).id == user.id
        track = next(client.get_user_tracks(user.id))
        assert client.resolve(track.permalink_url).id == track.id
        found = {type(row).__name__ for row in client.search(user.username)}
        assert found == {"User", "Track"}
        assert user.id in {row.id for row in client.search_users(user.username[:-1])}
        assert client.get_playlist(int(served.service.ids("playlists")[0])).tracks
        for name in ("followers", "likes", "reposts", "stream", "popular_tracks", "albums"):
            assert list(islice(getattr(client, f"get_user_{name}")(user.id), 3)), name
        assert [p.network for p in client.get_user_links(user.urn)] == [
            p["service"] for p in served.service.objects.web_profiles(artist)
        ]
    finally:
        Request.base = before


def test_musicbrainzngs_reads_release_groups_and_labels(stand_in) -> None:
    url, served = stand_in("musicbrainz", artists=30, rate="none")
    musicbrainzngs.set_useragent("tests", "1", "me@example.org")
    musicbrainzngs.set_hostname(url.removeprefix("http://"), use_https=False)
    release = musicbrainzngs.get_release_by_id(
        served.service.ids("albums")[0], includes=["labels", "release-groups"]
    )["release"]
    group = release["release-group"]["id"]
    read = musicbrainzngs.get_release_group_by_id(group, includes=["releases"])
    assert read["release-group"]["release-list"][0]["id"] == release["id"]
    found = musicbrainzngs.search_release_groups(releasegroup=release["title"])
    assert group in {row["id"] for row in found["release-group-list"]}
    label = release["label-info-list"][0]["label"]
    assert musicbrainzngs.get_label_by_id(label["id"])["label"]["name"] == label["name"]
    assert musicbrainzngs.browse_releases(label=label["id"])["release-count"] > 0


def get_json(url: str, **query: str) -> Any:
    """The JSON at an address."""
    address = f"{url}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(address, headers={"User-Agent": "tests"})
    with urllib.request.urlopen(request) as response:
        return msgspec.json.decode(response.read())


def test_tmdb_takes_a_key_in_the_query_and_gives_the_parts_of_a_title(stand_in) -> None:
    url, served = stand_in("tmdb", titles=1500, rate="none")
    key, index = next(
        (k, i) for k, i in served.true_ids("titles").items() if k.startswith("movie/")
    )
    title = served.world.title(index)
    for path in (key, f"movie/{served.world.tconst(index)}"):
        assert get_json(f"{url}/3/{path}", api_key="any")["title"] == title.name
    appended = get_json(f"{url}/3/{key}", api_key="any", append_to_response="credits,keywords")
    for part in ("credits", "keywords"):
        alone = get_json(f"{url}/3/{key}/{part}", api_key="any")
        assert alone == {"id": appended["id"]} | appended[part]
    found = get_json(f"{url}/3/search/movie", api_key="any", query=title.name[:-1].upper())
    assert appended["id"] in {row["id"] for row in found["results"]}
    base = get_json(f"{url}/3/configuration", api_key="any")["images"]["base_url"]
    pictured = next(r for r in found["results"] if r["poster_path"])
    with urllib.request.urlopen(f"{base}w500{pictured['poster_path']}") as response:
        assert response.headers["Content-Type"] == "image/jpeg"


def test_a_query_of_any_form_runs_over_the_graph(stand_in) -> None:
    pytest.importorskip("rdflib")
    url, _ = stand_in("wikidata", titles=1500, rate="none")
    counted = get_json(f"{url}/sparql", query="SELECT (COUNT(*) AS ?n) WHERE { ?x wdt:P345 ?i }")
    assert int(counted["results"]["bindings"][0]["n"]["value"]) > 0
    chosen = "SELECT ?item ?name WHERE { VALUES ?item { wd:Q900000020 } ?item rdfs:label ?name }"
    assert get_json(f"{url}/sparql", query=chosen)["head"]["vars"] == ["item", "name"]
