"""Parsers against recorded answers: a table of files and what they hold, no code per case."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response

# file, endpoint, records by kind that must come out
SPOTIFY = """
joostlek/artist.json artist artist=1
joostlek/artist_albums.json artist_albums album=48
joostlek/album_tracks.json album_tracks track=18
joostlek/get_album.json album album=1 track=11
joostlek/playlist_1.json playlist playlist=1 playlist_entry=1 track=1
joostlek/playlist_2.json playlist playlist=1 playlist_entry=2 track=1
joostlek/playlist_3.json playlist playlist=1 playlist_entry=3 track=2
joostlek/playlist_items.json playlist_tracks playlist_entry=1 track=1
joostlek/search.json search_track
joostlek_pre2026/albums.json albums album=3 track=39
joostlek_pre2026/artist.json artist artist=1
joostlek_pre2026/artist_top_tracks.json top_tracks track=10
joostlek_pre2026/artists.json artists artist=3
joostlek_pre2026/categories.json categories
joostlek_pre2026/category_playlists.json category_playlists playlist=20
joostlek_pre2026/get_album.json album album=1
joostlek_pre2026/new_releases.json new_releases album=20
joostlek_pre2026/playlist_1.json playlist playlist=1
joostlek_pre2026/search.json search_artist artist=20
joostlek_pre2026/search.json search_album album=20
joostlek_pre2026/search.json search_track track=20
joostlek_pre2026/search.json search_playlist playlist=17
zmb3/artist_top_tracks.json top_tracks track=10
zmb3/find_albums.json albums album=4
zmb3/find_album_tracks.json album_tracks track=1
zmb3/find_artist.json artist artist=1
zmb3/find_track.json track track=1
zmb3/find_track_with_floats.json track track=1
zmb3/find_tracks_notfound.json tracks track=1
zmb3/find_tracks_simple.json tracks track=2
zmb3/get_playlist.json playlist playlist=1 playlist_entry=4
zmb3/new_releases.json new_releases album=20
zmb3/playlist_items_episodes.json playlist_tracks track=0
zmb3/playlist_items_episodes_and_tracks.json playlist_tracks playlist_entry=4 track=2
zmb3/playlist_items_tracks.json playlist_tracks playlist_entry=2
zmb3/related_artists.json related artist=20
zmb3/related_artists_with_floats.json related artist=20 artist_relation=20
zmb3/search_artist.json search_artist artist=1
zmb3/search_tracks.json search_track track=2
harmony/album_10FLjw.json album album=1
harmony/album_32nryz_over50tracks.json album album=1 track=50
harmony/album_32nryz_tracks_offset50.json album_tracks
harmony/search_upc_hit.json search_album album=1
harmony/search_upc_miss.json search_album album=0
harmony/tracks_batch_one.json tracks track=1
listenbrainz/search_track.json search_track
listenbrainz/search_empty.json search_track track=0
derived_devmode/album.json album album=1
derived_devmode/album_tracks.json album_tracks
derived_devmode/artist.json artist artist=1
derived_devmode/artist_albums_limit10.json artist_albums album=10
derived_devmode/playlist_items_owned.json playlist_tracks
derived_devmode/playlist_not_owned_metadata_only.json playlist playlist=1 playlist_entry=0
derived_devmode/playlist_owned.json playlist playlist=1
derived_devmode/search_track_limit5.json search_track track=5
derived_devmode/track.json track track=1
"""
DEEZER = """
album_302127_tracks_index_0.json album_tracks track=14
album_302127_tracks_index_14.json album_tracks track=0
artist_27_albums_index_0.json artist_albums album=25
artist_27_albums_limit_1.json artist_albums album=1
artist_27_radio.json top_tracks track=25
artist_27_top.json top_tracks track=5
chart_0_artists.json chart_artists artist=10
chart_0_playlists.json chart_playlists playlist=10
chart_0_tracks.json chart_tracks track=10
chart_106_albums.json chart_albums album=10
chart_106_artists.json chart_artists artist=10
chart_106_tracks.json chart_tracks track=10
editorial_106_releases.json chart_albums
genre_106_artists.json genre_artists artist=48 artist_genre=48
harmony_album_629506181.json album album=1 track=1 artist=2 artist_genre=2
harmony_track_2947516331.json track track=1 features=1
playlist_908622995.json playlist playlist=1 playlist_entry=60 track=60
playlist_9200461_tracks.json chart_tracks track=25
search_artist_q_Daft_Punk.json search_artist artist=5
search_artist_q_something_very_complicated_without_results.json search_artist artist=0
search_limit_2_q_Billy_Jean.json search_track track=2
search_playlist_q_Daft_Punk.json search_playlist playlist=25
search_q_Lou_Doillon.json search_track
search_track_index_0_limit_25_q_artist_3A_22Lou_Doillon_22_track_3A_22Joke_22.json search_track
track_1425844092.json track track=1 features=1
"""


def cases(table: str, source: str) -> list[tuple[str, str, str, dict[str, int]]]:
    rows = []
    for line in table.split("\n"):
        if line:
            file, endpoint, *counts = line.split()
            told = {k: int(n) for k, n in (c.split("=") for c in counts)}
            rows.append((source, file, endpoint, told))
    return rows


@pytest.mark.parametrize(
    ("source", "file", "endpoint", "told"), cases(SPOTIFY, "spotify") + cases(DEEZER, "deezer")
)
def test_a_recorded_answer_gives_its_records(
    shared: Path, source: str, file: str, endpoint: str, told: dict[str, int]
) -> None:
    path = shared / "fixtures" / source / file
    if not path.exists():
        pytest.skip(f"{file} is not here")
    page = get(source).parse(Request(endpoint, ("asked",)), Response(200, {}, path.read_bytes()))
    counts = Counter(record.kind for record in page.records)
    assert {kind: counts[kind] for kind in told} == told
    assert all(record.id for record in page.records)
    assert not [f for f in page.findings if f.kind == "malformed_item"]


def test_recorded_floats_are_whole_numbers(shared: Path) -> None:
    path = shared / "fixtures/spotify/zmb3/find_track_with_floats.json"
    page = get("spotify").parse(Request("track", ("x",)), Response(200, {}, path.read_bytes()))
    track = next(r for r in page.records if r.kind == "track")
    assert isinstance(track.duration_ms, int)
    assert isinstance(track.popularity, int)


def test_a_signed_preview_tells_when_it_ends(shared: Path) -> None:
    path = shared / "fixtures/deezer/harmony_track_2947516331.json"
    page = get("deezer").parse(
        Request("track", ("2947516331",)), Response(200, {}, path.read_bytes())
    )
    track = next(r for r in page.records if r.kind == "track")
    assert track.preview_expires_at == 1738408232
    features = next(r for r in page.records if r.kind == "features")
    assert features.tempo is None  # 0 is what Deezer writes when nobody measured


def test_an_album_of_more_than_fifty_tracks_goes_on(shared: Path) -> None:
    path = shared / "fixtures/spotify/harmony/album_32nryz_over50tracks.json"
    page = get("spotify").parse(Request("album", ("x",)), Response(200, {}, path.read_bytes()))
    assert [(r.endpoint, r.offset) for r in page.continues] == [("album_tracks", 50)]
