"""Spotify's search: words and field filters, most popular first, nothing past the thousandth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from phonofilm.sandbox.generated import recording_of
from phonofilm.sandbox.world import Catalogue, words_of

REACH = 1000
_FILTER = re.compile(r'(\w+):(?:"([^"]*)"|(\S+))')


class Query:
    """`genre:"deep house" year:1990-1995 some words`, taken apart."""

    def __init__(self, text: str) -> None:
        self.filters = {
            m[1].lower(): (m[2] if m[2] is not None else m[3]) for m in _FILTER.finditer(text)
        }
        self.words = _FILTER.sub(" ", text).strip()

    def years(self) -> tuple[int, int] | None:
        """First and last year asked for."""
        first, _, last = self.filters.get("year", "").partition("-")
        if not first.isdigit():
            return None
        return int(first), int(last) if last.isdigit() else int(first)


class Search:
    """Finds indices in a catalogue; `total` is exact up to the reach, then only a lower bound."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.world = catalogue.world
        self.found = lru_cache(maxsize=2048)(self._found)

    def _found(self, kind: str, text: str) -> tuple[int, ...]:
        query = Query(text)
        finder = {
            "artist": self._artists, "album": self._albums,
            "track": self._tracks, "playlist": self._playlists,
        }[kind]  # fmt: skip
        return tuple(islice(finder(query), REACH + 1))

    def _people(self, query: Query) -> Iterator[int]:
        """Artists that the filters and words on artists allow."""
        genre = query.filters.get("genre", "").lower()
        rows: Sequence[int] | None = self.catalogue.ranked(genre) if genre else None
        name = query.filters.get("artist", "")
        if name:
            allowed = None if rows is None else set(rows)
            named = self.catalogue.named(name)
            rows = [i for i in named if allowed is None or i in allowed]
        yield from self.catalogue.by_popularity if rows is None else rows

    def _artists(self, query: Query) -> Iterator[int]:
        years = query.years()
        worded = set(self.catalogue.named(query.words)) if query.words else None
        for index in self._people(query):
            if worded is not None and index not in worded:
                continue
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
            recording = recording_of(isrc)
            if recording is not None and recording < self.world.counts["tracks"]:
                yield recording
            return
        title = (query.words + " " + query.filters.get("track", "")).strip()
        if title and not query.filters.get("artist"):
            yield from self._titled(query, title)
            return
        yield from self._tracks_of(query, set(words_of(title)))

    def _titled(self, query: Query, title: str) -> Iterator[int]:
        years = query.years()
        rows = self.catalogue.titled(title) or [
            track
            for artist in self.catalogue.named(title)
            for track in self.catalogue.top_tracks(artist)
        ]
        rows = sorted(rows, key=lambda t: (-self.world.track(t).popularity, t))
        yield from (
            t for t in rows if not years or self._in_years(self.world.track(t).album, years)
        )

    def _tracks_of(self, query: Query, wanted: set[str]) -> Iterator[int]:
        years = query.years()
        for artist in self._people(query):
            for album in self.world.albums_of(artist):
                if years and not self._in_years(album, years):
                    continue
                for track in self.world.tracks_of(album):
                    if wanted <= set(words_of(self.world.track(track).name or "")):
                        yield track

    def _playlists(self, query: Query) -> Iterator[int]:
        wanted = set(words_of(query.words or query.filters.get("genre", "")))
        for index in range(self.world.counts["playlists"]):
            row = self.world.playlist(index)
            if wanted <= set(words_of(row.name)) | set(words_of(row.genre)):
                yield index
