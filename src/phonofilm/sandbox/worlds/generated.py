"""A world of any size from a seed: nothing is stored that can be computed.

Sizes: mean 4 albums an artist (at least 1), mean 8 tracks an album, a playlist per 15 artists.
"""

from __future__ import annotations

import random
from array import array
from bisect import bisect_right
from collections import defaultdict
from functools import lru_cache
from itertools import accumulate

from phonofilm.sandbox.worlds import titles, words
from phonofilm.sandbox.worlds.hashing import around, mix, pick, share
from phonofilm.sandbox.worlds.world import Album, Artist, Playlist, Track

_TYPES = ("album", "album", "album", "single", "single", "compilation")
_UNMEASURED = 0.02
# Another version of an earlier song, and a version whose plain song is elsewhere; together they are
# what 28,352 real tracks have (January 2020): 10 % without remasters and other editions.
_VERSIONS, _LONE_VERSIONS = 0.04, 0.06
_CENTRES = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "valence")


class GeneratedWorld:
    """A `World` computed from a seed; the same arguments give the same world for ever."""

    def __init__(self, artists: int = 3000, seed: int = 7) -> None:
        self.name = f"generated-{artists}-{seed}"
        self.seed = seed
        self.native_ids: dict[str, list[str]] = {}
        rng = random.Random(seed)
        self.genres, self.parents = _genres(max(24, min(1200, artists // 12)))
        self._artists = self._people(artists, rng)
        self._album_start = _starts(1 + _poisson(rng, 3.0) for _ in range(artists))
        self._track_start = _starts(
            1 + mix(seed, album, 11) % 15 for album in range(self._album_start[-1])
        )
        self._neighbours()
        self.album = lru_cache(maxsize=50_000)(self._album)
        self.track = lru_cache(maxsize=100_000)(self._track)
        self.playlist = lru_cache(maxsize=None)(self._playlist)
        self.tracks_in = lru_cache(maxsize=2_000)(self._tracks_in)

    def _people(self, artists: int, rng: random.Random) -> list[Artist]:
        weights = list(accumulate(1 / (rank + 1) ** 0.8 for rank in range(len(self.genres))))
        fame = [rng.paretovariate(1.1) for _ in range(artists)]
        ranks = {i: r for r, i in enumerate(sorted(range(artists), key=lambda i: -fame[i]))}
        people = []
        for index in range(artists):
            played = rng.choices(self.genres, cum_weights=weights, k=min(5, 1 + _poisson(rng, 1.0)))
            shown = () if rng.random() < 1 / 3 else tuple(dict.fromkeys(played))
            # One in a hundred shares a name with somebody else.
            source = rng.randrange(artists) if rng.random() < 0.01 else index
            people.append(
                Artist(
                    index,
                    words.artist_name(self.seed, source),
                    shown,
                    played[0],
                    max(0, min(100, round(100 * (1 - ranks[index] / artists) ** 1.6))),
                    int(fame[index] * 180 + rng.random() * 90),
                )
            )
        return people

    def _neighbours(self) -> None:
        rows: dict[str, list[int]] = defaultdict(list)
        for artist in sorted(self._artists, key=lambda a: (-a.popularity, -a.followers, a.index)):
            rows[artist.main_genre].append(artist.index)
        self._scene = dict(rows)
        self._position = {
            index: position for row in rows.values() for position, index in enumerate(row)
        }

    @property
    def counts(self) -> dict[str, int]:
        """Count the records by kind."""
        return {
            "artists": len(self._artists),
            "albums": self._album_start[-1],
            "tracks": self._track_start[-1],
            "playlists": max(1, len(self._artists) // 15),
        }

    def artist(self, index: int) -> Artist:
        """Return one artist; IndexError for an index that is not there."""
        return self._artists[index]

    def albums_of(self, artist: int) -> range:
        """Return the albums of an artist."""
        return range(self._album_start[artist], self._album_start[artist + 1])

    def tracks_of(self, album: int) -> range:
        """Return the tracks of an album, in order."""
        return range(self._track_start[album], self._track_start[album + 1])

    def related_to(self, artist: int) -> tuple[int, ...]:
        """Return up to 20 artists of the same genre, near in popularity; everyone has some."""
        person = self._artists[artist]
        scene = self._scene[person.main_genre]
        position = self._position[artist]
        near = [i for i in scene[max(0, position - 30) : position + 31] if i != artist]
        if len(near) < 5:
            parent = self.parents[person.main_genre]
            near += [i for i in self._scene.get(parent, [])[:20] if i != artist and i not in near]
        near.sort(key=lambda i: mix(self.seed, artist, i))
        return tuple(near[:20])

    def _album(self, index: int) -> Album:
        seed = self.seed
        owner = bisect_right(self._album_start, index) - 1
        first = self._track_start[index]
        total = self._track_start[index + 1] - first
        guests = (self._guest(owner, index),) if share(seed, index, 20) < 0.03 else ()
        kind = "single" if total == 1 else pick(_TYPES, seed, index, 21)
        if index == self._album_start[owner]:
            kind = "single" if total == 1 else "album"
        return Album(
            index,
            titles.title(seed, index, 230),
            (owner, *(g for g in guests if g != owner)),
            kind,
            self._date(owner, index),
            total,
            first,
            pick(words.FIRST, seed, mix(seed, owner) % 97, 24) + " Records",
            _barcode(index) if share(seed, index, 25) > 0.05 else None,
            max(0, self._artists[owner].popularity - mix(seed, index, 26) % 25),
        )

    def _date(self, owner: int, album: int) -> str:
        start = 1965 + mix(self.seed, owner, 40) % 55
        year = min(2026, start + (album - self._album_start[owner]) * 2)
        month, day = 1 + mix(self.seed, album, 41) % 12, 1 + mix(self.seed, album, 42) % 28
        precision = share(self.seed, album, 43)
        if precision < 0.08:
            return str(year)
        return f"{year}-{month:02d}" if precision < 0.12 else f"{year}-{month:02d}-{day:02d}"

    def _guest(self, owner: int, salt: int) -> int:
        return pick(self._scene[self._artists[owner].main_genre], self.seed, owner, salt)

    def _recording(self, index: int, album: Album) -> int:
        """Return the recording; compilations repeat the first album under other ids."""
        first_album = self._album_start[album.artists[0]]
        position = index - album.first_track
        if album.album_type != "compilation" or position >= len(self.tracks_of(first_album)):
            return index
        return self.tracks_of(first_album)[position]

    def _track(self, index: int) -> Track:
        seed = self.seed
        album = self.album(bisect_right(self._track_start, index) - 1)
        recording = self._recording(index, album)
        owner = album.artists[0]
        guests = (self._guest(owner, recording),) if share(seed, recording, 51) < 0.15 else ()
        return Track(
            index,
            self._song(recording, owner),
            (owner, *(g for g in guests if g != owner)),
            album.index,
            recording,
            _isrc(recording) if share(seed, recording, 53) > 0.08 else None,
            90_000 + mix(seed, recording, 54) % 300_000,
            1,
            index - album.first_track + 1,
            share(seed, recording, 55) < 0.1,
            max(0, album.popularity - mix(seed, index, 56) % 30),
            self._features(recording, owner),
        )

    def _song(self, recording: int, owner: int) -> str:
        """Return a title; some recordings are another version of an earlier song of the artist."""
        first = self._track_start[self._album_start[owner]]
        draw, song = share(self.seed, recording, 57), recording
        if draw >= _VERSIONS + _LONE_VERSIONS:
            return titles.title(self.seed, song, 252)
        if draw < _VERSIONS and recording > first:
            song = first + mix(self.seed, recording, 58) % (recording - first)
        return f"{titles.title(self.seed, song, 252)} - {titles.version(self.seed, recording)}"

    def _features(self, recording: int, owner: int) -> dict[str, float | int] | None:
        seed = self.seed
        if share(seed, recording, 60) < _UNMEASURED:
            return None
        scene = self.genres.index(self._artists[owner].main_genre)
        values: dict[str, float | int] = {
            name: round(around(seed, recording, 61 + n, share(seed, scene, n), 0.35), 4)
            for n, name in enumerate(_CENTRES)
        }
        values["liveness"] = round(around(seed, recording, 70, 0.2, 0.3), 4)
        values["loudness"] = round(
            -20 + 18 * around(seed, recording, 71, share(seed, scene, 8), 0.3), 3
        )
        values["tempo"] = round(
            70 + 110 * around(seed, recording, 72, share(seed, scene, 9), 0.25), 3
        )
        values["key"], values["mode"] = mix(seed, recording, 73) % 12, mix(seed, recording, 74) % 2
        values["time_signature"] = 3 if share(seed, recording, 75) < 0.08 else 4
        return values

    def _playlist(self, index: int) -> Playlist:
        seed = self.seed
        # The square favours early genres, as listeners do: they are the common ones.
        genre = self.genres[int(len(self.genres) * share(seed, index, 80) ** 2)]
        owner = f"{pick(words.FIRST, seed, index, 82).lower()}{mix(seed, index, 83) % 9999}"
        return Playlist(
            index,
            words.playlist_name(genre, seed, index),
            genre,
            owner,
            pick(("", "the best, updated now & then", "made <by> hand"), seed, index, 84),
            mix(seed, index, 85) % 5000,
            20 + mix(seed, index, 81) % 130,
        )

    def _tracks_in(self, playlist: int) -> tuple[int, ...]:
        row = self.playlist(playlist)
        return tuple(self._chosen(playlist, row.genre, position) for position in range(row.size))

    def title(self, track: int) -> str:
        """Return a track's title without the rest of it."""
        album = self.album(bisect_right(self._track_start, track) - 1)
        return self._song(self._recording(track, album), album.artists[0])

    def measured(self, track: int) -> bool:
        """Tell whether audio features of a track exist."""
        album = self.album(bisect_right(self._track_start, track) - 1)
        return share(self.seed, self._recording(track, album), 60) >= _UNMEASURED

    def _chosen(self, playlist: int, genre: str, position: int) -> int:
        scene = self._scene.get(genre)
        salt = playlist * 1009 + position
        if not scene or share(self.seed, salt, 90) < 0.1:  # noise: off the theme
            artist = mix(self.seed, salt, 91) % len(self._artists)
        else:
            artist = scene[int(len(scene) * share(self.seed, salt, 92) ** 2)]
        album = pick(self.albums_of(artist), self.seed, salt, 93)
        return pick(self.tracks_of(album), self.seed, salt, 94)


def _genres(wanted: int) -> tuple[tuple[str, ...], dict[str, str]]:
    parents = {name: name for name in words.PARENTS}
    for modifier in words.MODIFIERS:
        for parent in words.PARENTS:
            if modifier != parent:
                parents[f"{modifier} {parent}"] = parent
    names = tuple(parents)[:wanted]
    return names, {name: parents[name] for name in names}


def _poisson(rng: random.Random, mean: float) -> int:
    limit, count, product = 2.718281828**-mean, 0, rng.random()
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def _starts(sizes: object) -> array[int]:
    return array("q", [0, *accumulate(sizes)])  # type: ignore[call-overload]


def _barcode(album: int) -> str:
    """Return a UPC-A: eleven digits and the one that checks them."""
    digits = f"{(album * 1_103_515_245 + 12_345) % 2_147_483_647:011d}"
    total = 3 * sum(map(int, digits[::2])) + sum(map(int, digits[1::2]))
    return f"{digits}{-total % 10}"


def _isrc(recording: int) -> str:
    registrant, designation = divmod(recording, 100_000)
    code = "".join(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[registrant // 36**n % 36] for n in (2, 1, 0)
    )
    return f"QZ{code}{20 + recording % 7:02d}{designation:05d}"


def recording_of(isrc: str) -> int | None:
    """Return the recording that `_isrc` wrote, or None for another code."""
    if len(isrc) != 12 or not isrc.startswith("QZ") or not isrc[7:].isdigit():
        return None
    try:
        return int(isrc[2:5], 36) * 100_000 + int(isrc[7:])
    except ValueError:
        return None
