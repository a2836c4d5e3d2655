"""The stand-ins: faithful enough for real third-party clients, the same world for ever."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import deezer
import pytest
import requests
import spotipy
import tekore
import tekore._auth.expiring.client
import tekore._client.base
from hypothesis import given
from hypothesis import strategies as st
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials

from phonofilm.sandbox.kernel.server import Plan, SandboxServer, start_all
from phonofilm.sandbox.kernel.service import Clock, Window
from phonofilm.sandbox.services.spotify.service import GONE, LEVELS
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sandbox.worlds.hashing import base62, from_base62
from phonofilm.sandbox.worlds.ids import SPACES, Numbering
from phonofilm.sandbox.worlds.real_songs import RealSongs
from phonofilm.sandbox.worlds.world import Catalogue


class Credentials(SpotifyClientCredentials):
    """spotipy's own, pointed at a stand-in."""


@pytest.fixture
def client(stand_in):
    opened: list[requests.Session] = []

    def start(access: str, **plan) -> tuple[spotipy.Spotify, SandboxServer]:
        url, served = stand_in("spotify", access=access, **plan)
        Credentials.OAUTH_TOKEN_URL = f"{url}/api/token"
        session = requests.Session()
        opened.append(session)
        keys = Credentials(
            "id", "secret", requests_session=session, cache_handler=MemoryCacheHandler()
        )
        found = spotipy.Spotify(auth_manager=keys, requests_session=session)
        found.prefix = f"{url}/v1/"
        return found, served

    yield start
    for session in opened:
        session.close()


@given(kind=st.integers(1, 9), index=st.integers(0, 2**40))
def test_ids_can_be_read_back_and_foreign_ones_not(kind: int, index: int) -> None:
    text = base62(kind, index)
    assert len(text) == 22
    assert from_base62(text, kind) == index
    assert from_base62(text, kind + 1) is None
    assert from_base62(text[:-1] + ("0" if text[-1] != "0" else "1"), kind) is None


@given(
    space=st.sampled_from(SPACES),
    other=st.sampled_from(SPACES),
    kind=st.sampled_from(["artists", "tracks"]),
    index=st.integers(0, 2_000_000_000),
)
def test_a_whole_id_is_read_back_by_its_own_source_alone(
    space: str, other: str, kind: str, index: int
) -> None:
    key = Numbering(space).id_of(kind, index)
    assert key > 0
    assert Numbering(other).index_of(kind, str(key)) == (index if space == other else None)
    assert Numbering(space).id_of("albums", index) != key


def test_no_id_belongs_to_two_sources_and_each_leads_to_the_one_world() -> None:
    # ListenBrainz has no ids of its own: it uses those of MusicBrainz.
    servers = [s for s in start_all(Plan("all", artists=30)) if s.service.name != "listenbrainz"]
    for kind in ("artists", "albums", "tracks"):
        truths = [server.true_ids(kind) for server in servers]
        assert len({key for truth in truths for key in truth}) == sum(map(len, truths))
        # A SoundCloud upload that is no track of the world has a number far past its end.
        numbers = {n for truth in truths for n in truth.values() if n < 10**9}
        assert numbers <= set(range(servers[0].world.counts[kind]))


def test_a_world_has_the_proportions_of_the_real_one() -> None:
    world = GeneratedWorld(3000)
    counts = world.counts
    assert 3.6 < counts["albums"] / counts["artists"] < 4.4
    assert 7.4 < counts["tracks"] / counts["albums"] < 8.6
    assert counts["playlists"] == 200
    without = sum(not world.artist(a).genres for a in range(3000)) / 3000
    assert 0.28 < without < 0.38
    names = [world.artist(a).name for a in range(3000)]
    assert len(set(names)) < len(names)
    assert all(len(world.albums_of(a)) >= 1 for a in range(3000))


def test_one_recording_has_several_ids() -> None:
    world = GeneratedWorld(200)
    tracks = [world.track(t) for t in range(world.counts["tracks"])]
    twice = [t for t in tracks if t.recording != t.index]
    assert twice
    assert all(world.track(t.recording).name == t.name for t in twice)


def test_the_same_seed_is_the_same_world_in_every_process() -> None:
    script = (
        "from phonofilm.sandbox.worlds.generated import GeneratedWorld as W; w = W(80, 5);"
        "print([w.artist(a) for a in range(80)], w.album(9), w.track(99), w.tracks_in(1), w.genres)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert GeneratedWorld(80, 6).track(99) != GeneratedWorld(80, 5).track(99)


def test_nearly_all_artists_are_reachable_in_extended_legacy_mode() -> None:
    world = GeneratedWorld(2000)
    catalogue = Catalogue(world)
    found = {a for g in world.genres for a in catalogue.ranked(g)[:1000]}
    todo = list(found)
    while todo:
        for near in world.related_to(todo.pop()):
            if near not in found:
                found.add(near)
                todo.append(near)
    assert len(found) >= 0.97 * 2000


@pytest.mark.filterwarnings("ignore:You're using:DeprecationWarning")
def test_spotipy_works_in_extended_mode(client) -> None:
    sp, served = client("extended-legacy")
    world, objects = served.world, served.service.objects
    genre = world.artist(0).main_genre
    page = sp.search(f'genre:"{world.genres[0]}"', type="artist", limit=10)["artists"]
    seen = [a["id"] for a in page["items"]]
    while page["next"]:
        page = sp.next(page)["artists"]
        seen += [a["id"] for a in page["items"]]
    truth = [objects.id_of("artist", a) for a in served.service.catalogue.ranked(world.genres[0])]
    assert sorted(seen) == sorted(truth)
    assert genre
    artist = objects.id_of("artist", 0)
    assert sp.artist(artist)["popularity"] == world.artist(0).popularity
    assert [a["id"] for a in sp.artists([artist, artist])["artists"]] == [artist, artist]
    albums = sp.artist_albums(artist)["items"]
    assert len(albums) == len(world.albums_of(0))
    album = sp.album(albums[0]["id"])
    assert album["tracks"]["total"] == album["total_tracks"]
    tracks = [t["id"] for t in album["tracks"]["items"]]
    assert [t["id"] for t in sp.tracks(tracks)["tracks"]] == tracks
    assert len(sp.audio_features(tracks)) == len(tracks)
    alike = [objects.id_of("artist", a) for a in world.related_to(7)]
    related = sp.artist_related_artists(objects.id_of("artist", 7))["artists"]
    assert [a["id"] for a in related] == alike
    assert len(sp.artist_top_tracks(artist)["tracks"]) <= 10
    assert sp.recommendation_genre_seeds()["genres"] == list(world.genres)
    assert sp.recommendations(seed_artists=[artist])["tracks"]
    category = sp.categories()["categories"]["items"][0]
    assert sp.category(category["id"])["name"] == category["name"]
    playlist = objects.id_of("playlist", 0)
    assert sp.playlist_items(playlist)["total"] == len(world.tracks_in(0))
    assert sp.album_tracks(albums[0]["id"])["total"] == albums[0]["total_tracks"]


@pytest.mark.filterwarnings("ignore:You're using:DeprecationWarning")
def test_spotipy_sees_what_development_mode_lost(client) -> None:
    sp, served = client("development")
    artist = sp.artist(served.service.objects.id_of("artist", 0))
    assert not {"genres", "popularity", "followers"} & artist.keys()
    assert len(sp.search("year:1990-2020", type="track", limit=10)["tracks"]["items"]) == 10
    for refused in (
        lambda: sp.artists([artist["id"]]),
        lambda: sp.artist_related_artists(artist["id"]),
        lambda: sp.audio_features([artist["id"]]),
        lambda: sp.artist_top_tracks(artist["id"]),
    ):
        with pytest.raises(spotipy.SpotifyException) as told:
            refused()
        assert told.value.http_status == 403
    with pytest.raises(spotipy.SpotifyException, match="Invalid limit"):
        sp.search("rock", type="track", limit=20)
    playlist = sp.playlist(served.service.objects.id_of("playlist", 0))
    assert not {"tracks", "items"} & playlist.keys()


@pytest.mark.parametrize("access", LEVELS)
def test_each_access_level_refuses_exactly_what_it_lost(stand_in, access: str) -> None:
    _, served = stand_in("spotify", access=access)
    lost = {"extended-legacy": 0, "extended": 8, "development-2025": 8, "development": 20}
    assert len(GONE[access]) == lost[access]
    features = served.service.visible()["features"]
    assert (features > 0) == (access == "extended-legacy")


@pytest.fixture
def tekore_client(stand_in, monkeypatch):
    opened: list[tekore.Spotify] = []

    def start(access: str) -> tuple[tekore.Spotify, SandboxServer]:
        url, served = stand_in("spotify", access=access, artists=120)
        monkeypatch.setattr(tekore._client.base, "prefix", f"{url}/v1/")
        monkeypatch.setattr(tekore._auth.expiring.client, "OAUTH_TOKEN_URL", f"{url}/api/token")
        credentials = tekore.Credentials("id", "secret")
        token = credentials.request_client_token()
        credentials.close()
        opened.append(tekore.Spotify(token))
        return opened[-1], served

    yield start
    for client in opened:
        client.close()


def test_tekore_works_in_extended_mode(tekore_client) -> None:
    client, served = tekore_client("extended-legacy")
    (artists,) = client.search('genre:"pop"', types=("artist",), limit=50)
    assert artists.total == len(served.service.catalogue.by_genre["pop"])
    artist = client.artist(artists.items[0].id)
    assert artist.name == artists.items[0].name
    assert [a.id for a in client.artists([a.id for a in artists.items[:3]])] == [
        a.id for a in artists.items[:3]
    ]
    albums = client.artist_albums(artist.id, limit=50)
    album = client.album(albums.items[0].id)
    assert album.tracks.total == album.total_tracks
    track = client.track(album.tracks.items[0].id)
    assert track.album.id == album.id
    assert len(client.artist_related_artists(artist.id)) > 0
    assert client.track_audio_features(track.id).id == track.id


def test_tekore_is_refused_as_the_real_service_refuses_it(tekore_client) -> None:
    client, _ = tekore_client("development")
    with pytest.raises(tekore.Forbidden):
        client.artists(["0" * 22])
    with pytest.raises(tekore.BadRequest):
        client.search("pop", types=("artist",), limit=50)


def test_a_client_is_tested_as_the_page_says(tmp_path: Path) -> None:
    """The code of docs/testing.md, as another project's tests, in a process of its own."""
    page = (Path(__file__).parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        name, _, code = block.partition("\n")
        (tmp_path / name.removeprefix("# ")).write_text(code)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_deezer_python_works(stand_in) -> None:
    url, served = stand_in("deezer")
    with deezer.Client() as client:
        client.base_url = url
        genre = client.get_genre(3)
        assert genre.name
        artists = genre.get_artists()
        artist = client.get_artist(artists[0].id)
        assert artist.name == served.world.artist(served.true_ids("artists")[str(artist.id)]).name
        assert len(list(artist.get_albums())) == artist.nb_album
        track = artist.get_top()[0]
        assert client.get_track(track.id).title == track.title
        assert next(iter(artist.get_related())).nb_fan > 0
        assert next(iter(client.search_artists(artist.name))).name
        with pytest.raises(deezer.exceptions.DeezerErrorResponse):
            client.get_artist(-1)


def get(url: str, **headers: str) -> tuple[int, dict, dict]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.load(error)


def token(url: str) -> dict[str, str]:
    form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
    request = urllib.request.Request(f"{url}/api/token", form, {"Authorization": "Basic YTpi"})
    with urllib.request.urlopen(request) as answer:
        given_token = json.load(answer)["access_token"]
    assert given_token.startswith("sandbox-")
    return {"Authorization": f"Bearer {given_token}"}


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("search?q=x&type=artist&limit=51", 400, "Invalid limit"),
        ("search?q=x&type=artist&limit=50&offset=951", 400, "Invalid offset"),
        ("search?q=&type=artist", 400, "No search query"),
        ("artists/" + "0" * 22, 404, "Resource not found"),
        ("artists/short", 400, "Invalid base62 id"),
        ("artists/?ids=" + ",".join(["0" * 22] * 51), 400, "Too many ids requested"),
        ("nothing", 404, "Service not found"),
        ("search?q=year:%C2%B2&type=track", 200, ""),
        ("search?q=12:51&type=artist", 200, ""),
    ],
)
def test_spotify_errors_have_their_shape(stand_in, path: str, status: int, message: str) -> None:
    url, _ = stand_in("spotify", access="extended-legacy")
    found, _, body = get(f"{url}/v1/{path}", **token(url))
    assert found == status
    if message:
        assert body == {"error": {"status": status, "message": message}}


def test_tokens_are_needed_and_end(stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy")
    assert get(f"{url}/v1/markets")[0] == 401
    headers = token(url)
    assert get(f"{url}/v1/markets", **headers)[0] == 200
    served.clock.skipped += 3601
    assert get(f"{url}/v1/markets", **headers)[2]["error"]["message"] == "The access token expired"


def test_a_quota_answers_with_hours_and_a_rate_with_seconds(stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", rate="3/30s", quota="5/24h")
    headers = token(url)
    statuses = [get(f"{url}/v1/markets", **headers) for _ in range(4)]
    assert [s for s, *_ in statuses] == [200, 200, 200, 429]
    assert 0 < int(statuses[-1][1]["Retry-After"]) <= 30
    served.clock.skipped += 31
    statuses = [get(f"{url}/v1/markets", **headers) for _ in range(3)]
    assert statuses[-1][2]["error"]["reason"] == "QUOTA_EXCEEDED"
    assert int(statuses[-1][1]["Retry-After"]) > 80_000


def test_deezer_refuses_inside_http_200(stand_in) -> None:
    url, _ = stand_in("deezer", rate="2/5s")
    found = [get(f"{url}/genre")[2] for _ in range(3)]
    assert found[2]["error"]["code"] == 4
    status, _, body = get(f"{url}/nope")
    assert (status, body) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("text", ["180", "0/30s", "5/0s", "5/nans", "x", "5/30x", "-1/3s"])
def test_a_window_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no window"):
        Window.parse(text, Clock())


def test_a_catalogue_of_real_songs_is_served_with_its_own_ids(tmp_path: Path) -> None:
    path = tmp_path / "songs.csv"
    path.write_text(
        "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name,"
        "playlist_name,playlist_id,playlist_genre,playlist_subgenre,tempo\n"
        't1,One,"Ada, & Co",50,a1,First,Mix,p1,pop,dance pop,\n'
        "t2,Two,Ben,60,a1,First,Mix,p1,pop,dance pop,\n"
        't1,One,"Ada, & Co",50,a1,First,Other,p2,rock,hard rock,\n'
        "t3,NA,NA,0,a2,NA,Mix,p1,pop,dance pop,\n"
    )
    world = RealSongs(path)
    assert world.counts == {"artists": 2, "albums": 2, "tracks": 3, "playlists": 2}
    assert world.null_rows == 1
    served = SandboxServer(Plan("spotify", "extended-legacy"), world)
    assert served.service.ids("tracks") == ["t1", "t2", "t3"]
    assert world.track(2).name is None
    assert world.tracks_in(0) == (0, 1, 2)


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="track_id"):
        RealSongs(tmp_path / "x.csv")
