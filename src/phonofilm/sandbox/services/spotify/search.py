"""Spotify's search: words and field filters, most popular first, nothing past the thousandth."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from phonofilm.sandbox.worlds.generated import recording_of
from phonofilm.sandbox.worlds.word_index import words_of
from phonofilm.sandbox.worlds.world import Catalogue

REACH = 1000
_FILTER = re.compile(
    r'\b(album|artist|track|year|upc|tag|isrc|genre):(?:"([^"]*)"|(\S+))', re.IGNORECASE
)
# Which filters a type of result knows; with any other one it finds nothing.
_KNOWN = {
    "artist": {"artist", "genre", "year"},
    "album": {"album", "artist", "year", "upc", "tag"},
    "track": {"album", "artist", "genre", "isrc", "track", "year"},
    "playlist": set[str](),
}


class Query:
    """`genre:"deep house" year:1990-1995 some words`, taken apart."""

    def __init__(self, text: str) -> None:
        self.filters = {
            m[1].lower(): (m[2] if m[2] is not None else m[3]) for m in _FILTER.finditer(text)
        }
        self.words = _FILTER.sub(" ", text).strip()

    def years(self) -> tuple[int, int] | None:
        """Return first and last year asked for."""
        first, _, last = self.filters.get("year", "").partition("-")
        if not _is_year(first):
            return None
        return int(first), int(last) if _is_year(last) else int(first)

    def means_something(self, kind: str) -> bool:
        """Tell whether the query has a filter that this result type supports."""
        if not self.filters.keys() <= _KNOWN[kind] or "" in self.filters.values():
            return False
        if "year" in self.filters and self.years() is None:
            return False
        return bool(self.filters) or bool(words_of(self.words))


def _is_year(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


class Search:
    """Find indices in a catalogue; `total` is exact up to the reach, then only a lower bound."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.world = catalogue.world
        self.matches = lru_cache(maxsize=2048)(self._matches)

    def _matches(self, kind: str, text: str) -> tuple[int, ...]:
        query = Query(text)
        if not query.means_something(kind):
            return ()
        finder = {
            "artist": self._artists,
            "album": self._albums,
            "track": self._tracks,
            "playlist": self._playlists,
        }[kind]
        return tuple(islice(finder(query), REACH + 1))

    def _people(self, query: Query) -> Iterator[int]:
        """Return artists that the filters and words on artists allow."""
        genre = query.filters.get("genre", "").lower()
        rows: Sequence[int] | None = self.catalogue.ranked(genre) if genre else None
        name = query.filters.get("artist", "")
        if name:
            allowed = None if rows is None else set(rows)
            named = self.catalogue.named(name, begun=False)
            rows = [i for i in named if allowed is None or i in allowed]
        yield from self.catalogue.by_popularity if rows is None else rows

    def _artists(self, query: Query) -> Iterator[int]:
        years = query.years()
        people: Iterable[int] = self._people(query)
        if query.words:
            allowed = set(people) if query.filters else None
            named = self.catalogue.named(query.words)
            people = (i for i in named if allowed is None or i in allowed)
        for index in people:
            if years is None or any(self._in_years(a, years) for a in self.world.albums_of(index)):
                yield index

    def _in_years(self, album: int, years: tuple[int, int]) -> bool:
        date = self.world.album(album).release_date or ""
        return date[:4].isdigit() and years[0] <= int(date[:4]) <= years[1]

    def _albums(self, query: Query) -> Iterator[int]:
        years, wanted = (
            query.years(),
            set(words_of(query.words + " " + query.filters.get("album", ""))),
        )
        upc = query.filters.get("upc")
        for artist in self._people(query):
            for album in self.world.albums_of(artist):
                row = self.world.album(album)
                text = set(words_of(row.name)) | set(words_of(self.world.artist(artist).name))
                if not wanted <= text or (years and not self._in_years(album, years)):
                    continue
                if row.artists[:1] == (artist,) and (upc is None or row.upc == upc):
                    yield album

    def _tracks(self, query: Query) -> Iterator[int]:
        isrc = query.filters.get("isrc")
        if isrc:
            yield from self._recorded(isrc)
            return
        title = (query.words + " " + query.filters.get("track", "")).strip()
        if title and not query.filters.get("artist"):
            yield from self._titled(query, title)
            return
        yield from self._tracks_of(query, set(words_of(title)))

    def _recorded(self, isrc: str) -> Iterator[int]:
        """Return all tracks of a recording, which may be on several albums."""
        recording = recording_of(isrc.upper())
        if recording is None or recording >= self.world.counts["tracks"]:
            return
        first = self.world.track(recording)
        if first.isrc != isrc.upper():
            return
        for album in self.world.albums_of(first.artists[0]) if first.artists else ():
            tracks = self.world.tracks_of(album)
            yield from (t for t in tracks if self.world.track(t).recording == recording)

    def _titled(self, query: Query, title: str) -> Iterator[int]:
        rows = self.catalogue.titled(title) or [
            track
            for artist in self.catalogue.named(title)
            for track in self.catalogue.top_tracks(artist)
        ]
        rows = sorted(rows, key=lambda t: (-self.world.track(t).popularity, t))
        yield from (t for t in rows if self._fits(query, t))

    def _fits(self, query: Query, track: int) -> bool:
        """Tell whether a track matches the year, genre and album of the query."""
        row, years = self.world.track(track), query.years()
        if years and not self._in_years(row.album, years):
            return False
        genre, album = query.filters.get("genre", "").lower(), query.filters.get("album", "")
        people = (self.world.artist(a).genres for a in row.artists)
        if genre and not any(genre in map(str.casefold, genres) for genres in people):
            return False
        return set(words_of(album)) <= set(words_of(self.world.album(row.album).name))

    def _tracks_of(self, query: Query, wanted: set[str]) -> Iterator[int]:
        years, album_words = query.years(), set(words_of(query.filters.get("album", "")))
        for artist in self._people(query):
            for album in self.world.albums_of(artist):
                if years and not self._in_years(album, years):
                    continue
                if not album_words <= set(words_of(self.world.album(album).name)):
                    continue
                for track in self.world.tracks_of(album):
                    if not wanted or wanted <= set(words_of(self.world.track(track).name or "")):
                        yield track

    def _playlists(self, query: Query) -> Iterator[int]:
        wanted = set(words_of(query.words))
        for index in range(self.world.counts["playlists"]):
            row = self.world.playlist(index)
            if wanted <= set(words_of(row.name)) | set(words_of(row.genre)):
                yield index
