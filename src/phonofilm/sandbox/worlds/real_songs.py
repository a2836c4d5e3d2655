"""A world built from a CSV of real songs in playlists, with the ids of the file."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from phonofilm.sandbox.worlds.hashing import mix, share
from phonofilm.sandbox.worlds.world import Album, Artist, Playlist, Track

_FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
NEEDED = (
    "track_id",
    "track_name",
    "track_artist",
    "track_album_id",
    "playlist_id",
    "playlist_name",
)
_WHOLE = ("key", "mode")


class RealSongs:
    """A `World` from a CSV with one row per song and playlist; columns as in `NEEDED` and features.

    Rows without a name, artist and album stay: their tracks are served without a name, as a source
    serves withdrawn ones, and `null_rows` counts them.
    """

    def __init__(self, path: Path) -> None:
        rows = _read(path)
        self.name = "file-" + blake2b(path.read_bytes(), digest_size=6).hexdigest()
        self.null_rows = sum(not row["track_artist"] for row in rows)
        self.native_ids: dict[str, list[str]] = {}
        songs = {row["track_id"]: row for row in rows}
        self.parents = {
            row["playlist_subgenre"]: row["playlist_genre"]
            for row in rows
            if "playlist_genre" in row
        }
        self.parents |= {parent: parent for parent in dict.fromkeys(self.parents.values())}
        self.genres = tuple(dict.fromkeys(self.parents))
        self._people(rows)
        self._releases(songs)
        self._lists(rows, list(songs))

    def _people(self, rows: list[dict[str, str]]) -> None:
        genres: dict[str, Counter[str]] = defaultdict(Counter)
        fame: dict[str, int] = defaultdict(int)
        for row in rows:
            if row["track_artist"]:
                genres[row["track_artist"]][row.get("playlist_subgenre") or "pop"] += 1
                popularity = int(row.get("track_popularity") or 0)
                fame[row["track_artist"]] = max(fame[row["track_artist"]], popularity)
        self._artists = [
            Artist(
                index,
                name,
                tuple(genre for genre, _ in counted.most_common(3)),
                counted.most_common(1)[0][0],
                fame[name],
                int(1.12 ** fame[name] * 40) + index % 37,
            )
            for index, (name, counted) in enumerate(genres.items())
        ]
        self._artist_index = {artist.name: artist.index for artist in self._artists}
        self._scene: dict[str, list[int]] = defaultdict(list)
        for artist in sorted(self._artists, key=lambda a: (-a.popularity, a.index)):
            self._scene[artist.main_genre].append(artist.index)
        self._position = {
            i: position for row in self._scene.values() for position, i in enumerate(row)
        }

    def _releases(self, songs: dict[str, dict[str, str]]) -> None:
        by_album: dict[str, list[dict[str, str]]] = defaultdict(list)
        for song in songs.values():
            by_album[song["track_album_id"]].append(song)
        self._albums: list[Album] = []
        self._tracks: dict[int, Track] = {}
        place_of = {track_id: index for index, track_id in enumerate(songs)}
        self._album_tracks: list[tuple[int, ...]] = []
        self._by_artist: dict[int, list[int]] = defaultdict(list)
        for members in by_album.values():
            self._release(members, place_of)
        self.native_ids |= {"album": list(by_album), "track": list(songs)}

    def _release(self, members: list[dict[str, str]], place_of: dict[str, int]) -> None:
        index, first = len(self._albums), members[0]
        people = Counter(
            self._artist_index[m["track_artist"]] for m in members if m["track_artist"]
        )
        owner = tuple(artist for artist, _ in people.most_common(1))
        places = tuple(place_of[m["track_id"]] for m in members)
        popularity = max(int(m.get("track_popularity") or 0) for m in members)
        self._albums.append(
            Album(
                index,
                first["track_album_name"],
                owner,
                "album" if len(members) > 1 else "single",
                first.get("track_album_release_date") or None,
                len(members),
                places[0],
                "",
                None,
                popularity,
            )
        )
        self._album_tracks.append(places)
        for artist in people:
            self._by_artist[artist].append(index)
        for number, song in enumerate(members, 1):
            self._tracks[place_of[song["track_id"]]] = self._song(song, index, number, place_of)

    def _song(
        self, song: dict[str, str], album: int, number: int, place_of: dict[str, int]
    ) -> Track:
        index = place_of[song["track_id"]]
        artist = self._artist_index.get(song["track_artist"])
        return Track(
            index,
            song["track_name"] or None,
            () if artist is None else (artist,),
            album,
            index,
            None,
            int(float(song.get("duration_ms") or 0)),
            1,
            number,
            False,
            int(song.get("track_popularity") or 0),
            _features(song),
        )

    def _lists(self, rows: list[dict[str, str]], order: list[str]) -> None:
        place_of = {track_id: index for index, track_id in enumerate(order)}
        members: dict[str, list[int]] = defaultdict(list)
        first: dict[str, dict[str, str]] = {}
        for row in rows:
            members[row["playlist_id"]].append(place_of[row["track_id"]])
            first.setdefault(row["playlist_id"], row)
        self._playlists = [
            Playlist(
                index,
                row["playlist_name"],
                row.get("playlist_subgenre") or "pop",
                "listener",
                "",
                mix(index) % 5000,
                len(members[playlist_id]),
            )
            for index, (playlist_id, row) in enumerate(first.items())
        ]
        self._listed = [tuple(members[playlist_id]) for playlist_id in first]
        self.native_ids["playlist"] = list(first)

    @property
    def counts(self) -> dict[str, int]:
        """Count the records by kind."""
        return {
            "artists": len(self._artists),
            "albums": len(self._albums),
            "tracks": len(self._tracks),
            "playlists": len(self._playlists),
        }

    def artist(self, index: int) -> Artist:
        """Return one artist."""
        return self._artists[index]

    def album(self, index: int) -> Album:
        """Return one album."""
        return self._albums[index]

    def track(self, index: int) -> Track:
        """Return one track."""
        return self._tracks[index]

    def playlist(self, index: int) -> Playlist:
        """Return one playlist."""
        return self._playlists[index]

    def albums_of(self, artist: int) -> tuple[int, ...]:
        """Return the albums on which an artist has a song."""
        return tuple(self._by_artist[artist])

    def tracks_of(self, album: int) -> tuple[int, ...]:
        """Return the songs of an album that the file holds."""
        return self._album_tracks[album]

    def tracks_in(self, playlist: int) -> tuple[int, ...]:
        """Return the songs of a playlist, in the order of the file."""
        return self._listed[playlist]

    def title(self, track: int) -> str:
        """Return a song's title."""
        return self._tracks[track].name or ""

    def measured(self, track: int) -> bool:
        """Tell whether the file has audio features of a song."""
        return self._tracks[track].features is not None

    def related_to(self, artist: int) -> tuple[int, ...]:
        """Return up to 20 artists of the same main genre, near in popularity."""
        row = self._scene[self._artists[artist].main_genre]
        position = self._position[artist]
        near = [i for i in row[max(0, position - 30) : position + 31] if i != artist]
        return tuple(sorted(near, key=lambda i: share(artist, i))[:20])


def _read(path: Path) -> list[dict[str, str]]:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = [_blank_nulls(row) for row in csv.DictReader(file)]
    missing = [name for name in NEEDED if not rows or name not in rows[0]]
    if missing:
        raise ValueError(f"{path.name} lacks the columns {', '.join(missing)}")
    return rows


def _blank_nulls(row: dict[str, str]) -> dict[str, str]:
    """Replace "NA" by null where all three columns have it; alone it may be a name."""
    named = ("track_name", "track_artist", "track_album_name")
    if all(row.get(name) in ("NA", "", None) for name in named):
        return row | dict.fromkeys(named, "")
    return row


def _features(song: dict[str, str]) -> dict[str, float | int] | None:
    if not song.get("tempo"):
        return None
    values: dict[str, float | int] = {
        name: int(song[name]) if name in _WHOLE else float(song[name]) for name in _FEATURES
    }
    values["time_signature"] = 4
    return values
