"""Source-neutral worlds: artists, albums, tracks and playlists."""

from __future__ import annotations

import heapq
from array import array
from collections import defaultdict
from functools import cached_property, lru_cache
from typing import Protocol

from msgspec import Struct

from phonofilm.sandbox.worlds.word_index import WordIndex, words_of


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
    def _artist_words(self) -> WordIndex:
        return WordIndex((i, self.world.artist(i).name) for i in self.by_popularity)

    @cached_property
    def _album_words(self) -> WordIndex:
        albums = range(self.world.counts["albums"])
        return WordIndex((i, self.world.album(i).name) for i in albums)

    @cached_property
    def _title_words(self) -> WordIndex:
        tracks = range(self.world.counts["tracks"])
        return WordIndex(((i, self.world.title(i)) for i in tracks), lambda: array("q"))

    @cached_property
    def _rank(self) -> dict[int, int]:
        return {index: rank for rank, index in enumerate(self.by_popularity)}

    def named(self, text: str, begun: bool = True) -> list[int]:
        """Return artists whose names hold all words of a text, most popular first.

        With `begun`, artists of whom the last word is a beginning follow them.
        """
        if not words_of(text):  # a name of symbols alone, as "!!!" is one
            world = self.world
            return [i for i in self.by_popularity if text and world.artist(i).name == text.strip()]
        index = self._artist_words
        whole = index.whole(text)
        more = index.begun(text).difference(whole) if begun else ()
        return [*whole, *sorted(more, key=self._rank.__getitem__)]

    def titled(self, text: str, begun: bool = True) -> list[int]:
        """Return tracks whose titles hold all words of a text, then those with a beginning."""
        return _whole_then_begun(self._title_words, text, begun)

    def albums_titled(self, text: str, begun: bool = True) -> list[int]:
        """Return albums whose titles hold all words of a text, then those with a beginning."""
        return _whole_then_begun(self._album_words, text, begun)

    def _ranked(self, genre: str) -> tuple[int, ...]:
        return tuple(self.by_genre.get(self._genre_names.get(genre.casefold(), ""), ()))

    @cached_property
    def _genre_names(self) -> dict[str, str]:
        """Names of genres without their capitals, which catalogue files may have."""
        return {name.casefold(): name for name in self.by_genre}

    def _top_tracks(self, artist: int, limit: int = 10) -> tuple[int, ...]:
        world = self.world
        tracks = (t for album in world.albums_of(artist) for t in world.tracks_of(album))
        best = heapq.nlargest(limit, ((world.track(t).popularity, -t) for t in tracks))
        return tuple(-t for _, t in best)


def _whole_then_begun(index: WordIndex, text: str, begun: bool) -> list[int]:
    whole = index.whole(text)
    return [*whole, *sorted(index.begun(text).difference(whole) if begun else ())]
