"""Source-neutral worlds: artists, albums, tracks and playlists."""

from __future__ import annotations

import heapq
from array import array
from collections import defaultdict
from functools import cached_property, lru_cache
from typing import Protocol

from msgspec import Struct


class Artist(Struct, frozen=True, gc=False):
    """An artist; `genres` are names and may be empty, `main_genre` is what they really play."""

    index: int
    name: str
    genres: tuple[str, ...]
    main_genre: str
    popularity: int
    followers: int


class Album(Struct, frozen=True, gc=False):
    """A release; tracks are `first_track` to `first_track + total_tracks - 1`."""

    index: int
    name: str
    artists: tuple[int, ...]
    album_type: str
    release_date: str | None
    total_tracks: int
    first_track: int
    label: str
    upc: str | None
    popularity: int


class Track(Struct, frozen=True, gc=False):
    """A track on an album; tracks of one `recording` are one recording under several ids."""

    index: int
    name: str | None
    artists: tuple[int, ...]
    album: int
    recording: int
    isrc: str | None
    duration_ms: int
    disc_number: int
    track_number: int
    explicit: bool
    popularity: int
    features: dict[str, float | int] | None


class Playlist(Struct, frozen=True, gc=False):
    """A themed list by a listener; `genre` is what it is about."""

    index: int
    name: str
    genre: str
    owner: str
    description: str
    followers: int
    size: int


class World(Protocol):
    """A catalogue, generated or read from a file."""

    name: str
    genres: tuple[str, ...]
    parents: dict[str, str]
    native_ids: dict[str, list[str]]
    """Ids that a catalogue file brought, by kind; a generated world has none."""

    @property
    def counts(self) -> dict[str, int]:
        """Count the records by plural kind."""

    def artist(self, index: int) -> Artist:
        """Return an artist."""

    def album(self, index: int) -> Album:
        """Return an album."""

    def track(self, index: int) -> Track:
        """Return a track."""

    def playlist(self, index: int) -> Playlist:
        """Return a playlist."""

    def albums_of(self, artist: int) -> range | tuple[int, ...]:
        """Return the albums of an artist."""

    def tracks_of(self, album: int) -> range | tuple[int, ...]:
        """Return the tracks of an album, in order."""

    def tracks_in(self, playlist: int) -> tuple[int, ...]:
        """Return the tracks of a playlist, in order."""

    def related_to(self, artist: int) -> tuple[int, ...]:
        """Return the related artists of an artist."""

    def title(self, track: int) -> str:
        """Return the title of a track without guests and version."""

    def measured(self, track: int) -> bool:
        """Tell whether audio features of a track exist."""


class Catalogue:
    """A world with the look-ups that catalogues offer: by genre, by popularity, by words."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ranked = lru_cache(maxsize=512)(self._ranked)
        self.top_tracks = lru_cache(maxsize=4096)(self._top_tracks)

    @cached_property
    def by_popularity(self) -> list[int]:
        """Return all artists, most popular first."""
        world = self.world
        order = [
            (-world.artist(i).popularity, -world.artist(i).followers, i) for i in self.everyone
        ]
        return [i for *_, i in sorted(order)]

    @property
    def everyone(self) -> range:
        """The indices of all artists."""
        return range(self.world.counts["artists"])

    @cached_property
    def by_genre(self) -> dict[str, list[int]]:
        """Artists that carry a genre, most popular first."""
        members: dict[str, list[int]] = defaultdict(list)
        for index in self.by_popularity:
            for genre in self.world.artist(index).genres:
                members[genre].append(index)
        return dict(members)

    @cached_property
    def playlists_by_genre(self) -> dict[str, list[int]]:
        """Playlists by what they are about."""
        members: dict[str, list[int]] = defaultdict(list)
        for index in range(self.world.counts["playlists"]):
            members[self.world.playlist(index).genre].append(index)
        return dict(members)

    @cached_property
    def artist_words(self) -> dict[str, list[int]]:
        """Artists by the words of their names, most popular first."""
        words: dict[str, list[int]] = defaultdict(list)
        for index in self.by_popularity:
            for word in set(words_of(self.world.artist(index).name)):
                words[word].append(index)
        return dict(words)

    @cached_property
    def title_words(self) -> dict[str, array[int]]:
        """Tracks by the words of their titles; equal titles are taken apart once."""
        words: dict[str, array[int]] = defaultdict(lambda: array("q"))
        taken_apart = lru_cache(maxsize=100_000)(lambda title: tuple(set(words_of(title))))
        for index in range(self.world.counts["tracks"]):
            for word in taken_apart(self.world.title(index)):
                words[word].append(index)
        return dict(words)

    def named(self, text: str) -> list[int]:
        """Return artists whose names hold all words of a text, most popular first."""
        wanted = words_of(text)
        if not wanted:  # a name of symbols alone, as "!!!" is one
            world = self.world
            return [i for i in self.by_popularity if text and world.artist(i).name == text.strip()]
        rows = [self.artist_words.get(word, []) for word in wanted]
        keep = set(rows[0]).intersection(*rows[1:])
        return [index for index in rows[0] if index in keep]

    def titled(self, text: str) -> list[int]:
        """Return tracks whose titles hold all words of a text."""
        rows = [self.title_words.get(word, array("q")) for word in words_of(text)]
        return sorted(set(rows[0]).intersection(*rows[1:])) if rows else []

    def _ranked(self, genre: str) -> tuple[int, ...]:
        return tuple(self.by_genre.get(genre, ()))

    def _top_tracks(self, artist: int, limit: int = 10) -> tuple[int, ...]:
        world = self.world
        tracks = (t for album in world.albums_of(artist) for t in world.tracks_of(album))
        best = heapq.nlargest(limit, ((world.track(t).popularity, -t) for t in tracks))
        return tuple(-t for _, t in best)


def words_of(text: str) -> list[str]:
    """Return lower-case words; everything that is neither letter nor digit separates."""
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()
