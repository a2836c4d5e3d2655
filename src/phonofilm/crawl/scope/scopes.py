"""Scopes: which part of a source a crawl follows, and how far each record and link is followed."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Protocol

from phonofilm.crawl.frontier.levels import FOLLOWED, IGNORED, LOOKED_UP, FollowLevel
from phonofilm.crawl.scope.named import NamedNodes
from phonofilm.crawl.scope.parents import Parents
from phonofilm.records import Artist, Genre, Record
from phonofilm.sources.contract import Finding, Link, Page, Request
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint

# Roles of endpoints whose items belong to the node that the request is about.
ROLES_OF_THE_NODE = ("contain", "detail", "measure")


class Scope(Protocol):
    """Part of a source that a crawl follows. `name` tells scopes apart in a data folder."""

    closed: bool  # only what was named is followed: no genres or words grow from records
    implies_tracks: bool  # tracks are wanted only because artists or albums were named
    credited_in: frozenset[str]  # kinds whose wanted credits, artists and albums, are looked up
    by_genre: bool  # artists are followed by their genres
    label: str  # for people: the word before the kind, as in "house artists"
    name: str

    @property
    def named(self) -> NamedNodes | None:
        """The nodes that a person named one by one."""
        ...

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """Return the links that the crawl starts from."""
        ...

    def levels(
        self, page: Page, endpoint: Endpoint, request: Request, parents: Parents
    ) -> list[FollowLevel]:
        """Return the level of each record of a page, in order.

        `parents` are the nodes that the request was about.
        """
        ...

    def link_level(self, link: Link) -> FollowLevel:
        """Return the level of a link."""
        ...

    def names(self, ids: tuple[str, ...]) -> bool:
        """Tell whether a person gave one of these ids, which then may simply be wrong."""
        ...

    def findings(self, followed: int) -> list[Finding]:
        """Return findings about a named genre that does not exist, after a crawl.

        `followed` is 0 when the crawl followed nothing.
        """
        ...


class Everything:
    """Scope of a whole source: its own seeds, and all records and links."""

    closed = False
    implies_tracks = False
    credited_in = frozenset[str]()
    by_genre = False
    label = ""
    name = "everything"
    named = None

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """Return the seeds of the source."""
        return source.seeds(access)

    def levels(
        self, page: Page, endpoint: Endpoint, request: Request, parents: Parents
    ) -> list[FollowLevel]:
        """Follow every record."""
        return [FOLLOWED] * len(page.records)

    def link_level(self, link: Link) -> FollowLevel:
        """Follow every link."""
        return FOLLOWED

    def names(self, ids: tuple[str, ...]) -> bool:
        """Return False: no id was named by a person."""
        return False

    def findings(self, followed: int) -> list[Finding]:
        """Return no findings."""
        return []


class FollowNothing:
    """Scope of planned requests: records become known and are not followed."""

    closed = True
    implies_tracks = False
    credited_in = frozenset[str]()
    by_genre = False
    label = ""
    name = ""
    named = None

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """Return no seeds."""
        return []

    def levels(
        self, page: Page, endpoint: Endpoint, request: Request, parents: Parents
    ) -> list[FollowLevel]:
        """Ignore every record."""
        return [IGNORED] * len(page.records)

    def link_level(self, link: Link) -> FollowLevel:
        """Ignore every link."""
        return IGNORED

    def names(self, ids: tuple[str, ...]) -> bool:
        """Return True: the ids come from other sources and may be wrong like those of people."""
        return True

    def findings(self, followed: int) -> list[Finding]:
        """Return no findings."""
        return []


class OfGenre:
    """Scope of the artists of a genre and what belongs to them; "house" includes "deep house"."""

    closed = False
    implies_tracks = False
    credited_in = frozenset[str]()
    by_genre = True
    named = None

    def __init__(self, genre: str) -> None:
        self.genre = genre
        self.name, self.label = f"genre {genre.casefold()}", genre
        self._words = set(genre.casefold().split())
        self._genres_seen: set[str] = set()

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """Return the root, and the genre itself where a source uses names of genres as ids."""
        by_name = "genre_artists" in source.manifest.endpoints and not self._uses_ids(source)
        genres = [Link("genre", self.genre.casefold())] if by_name else []
        return [Link("root", ""), *genres]

    @staticmethod
    def _uses_ids(source: HttpSource) -> bool:
        """Tell whether a source addresses genres by numbers instead of names."""
        endpoint = source.manifest.endpoints["genre_artists"]
        return not any("{id}" in text for text in endpoint.query.values())

    def _matches(self, genre: str | None) -> bool:
        return bool(genre) and self._words <= set(str(genre).casefold().split())

    def link_level(self, link: Link) -> FollowLevel:
        """Follow the root and genres whose name matches; ignore the lists of other genres."""
        if link.kind == "genre":
            return FOLLOWED if self._matches(link.id) else IGNORED
        return FOLLOWED if link.kind == "root" else IGNORED

    def levels(
        self, page: Page, endpoint: Endpoint, request: Request, parents: Parents
    ) -> list[FollowLevel]:
        """Follow artists by their genres where the source gives them, else by their list."""
        levels = zip(page.records, parents.levels(page.records), strict=True)
        return [self._level(record, endpoint, parent) for record, parent in levels]

    def _level(self, record: Record, endpoint: Endpoint, parent: FollowLevel) -> FollowLevel:
        if isinstance(record, Genre):
            name = record.name if isinstance(record.name, str) else record.id
            self._genres_seen.add(name)
            return FOLLOWED if self._matches(name) else IGNORED
        if isinstance(record, Artist) and isinstance(record.genres, list):
            return FOLLOWED if any(map(self._matches, record.genres)) else IGNORED
        if endpoint.role in ROLES_OF_THE_NODE and record.kind == endpoint.item_kind:
            return parent
        return IGNORED

    def names(self, ids: tuple[str, ...]) -> bool:
        """Tell whether the genre itself is among the ids."""
        return self.genre.casefold() in ids

    def findings(self, followed: int) -> list[Finding]:
        """Return a finding with near names when the genre is unknown."""
        if followed:
            return []
        known = [genre.casefold() for genre in self._genres_seen]
        near = get_close_matches(self.genre.casefold(), known, 3, 0.5)
        hint = f"; near: {', '.join(near)}" if near else ""
        return [Finding("unknown_genre", f"{self.genre!r} is no genre here{hint}")]


class Named:
    """Scope of named links, ids, artists by name and playlists by theme.

    `texts` are the names as a person typed them, by link.
    """

    closed = True
    by_genre = False
    label = "named"

    def __init__(
        self,
        links: list[Link],
        with_credits: bool,
        playlists: int | None = None,
        texts: Mapping[Link, str] | None = None,
        implies_tracks: bool = False,
    ) -> None:
        self.implies_tracks, self._with_credits = implies_tracks, with_credits
        self.named = NamedNodes(links, texts or {})
        self.credited_in = self.named.record_kinds if with_credits else frozenset()
        self._ids = {link.id for link in links}
        self._links = set(links)
        keys = sorted(f"{link.kind} {link.id}" for link in self._links)
        self.name = f"named {with_credits} {playlists} {' | '.join(keys)}"
        self._playlists = playlists
        self._chosen: dict[str, dict[str, None]] = {}  # ids of playlists by theme, in order

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """Return the named links."""
        return self.named.links

    def link_level(self, link: Link) -> FollowLevel:
        """Follow a link only when it was named."""
        return FOLLOWED if link in self._links else IGNORED

    def names(self, ids: tuple[str, ...]) -> bool:
        """Tell whether a person gave one of these ids, which then may simply be wrong."""
        return not self._ids.isdisjoint(ids)

    def levels(
        self, page: Page, endpoint: Endpoint, request: Request, parents: Parents
    ) -> list[FollowLevel]:
        """Follow what belongs to a named item; look its credits up when they are wanted."""
        parent_levels = parents.levels(page.records)
        if endpoint.role == "relate" or not any(level == FOLLOWED for level in parent_levels):
            return [IGNORED] * len(page.records)
        if endpoint.subject == "artist_query":
            match = self.named.match_artist(Link("artist_query", request.ids[0]), page)
            return [FOLLOWED if index == match else IGNORED for index in range(len(page.records))]
        self.named.note(page, endpoint, request)
        credits_level = LOOKED_UP if self._with_credits else IGNORED
        followed_kinds = {endpoint.item_kind, "features"}
        levels = [
            IGNORED
            if parent < FOLLOWED
            else (FOLLOWED if record.kind in followed_kinds else credits_level)
            for record, parent in zip(page.records, parent_levels, strict=True)
        ]
        if endpoint.subject == "playlist_query" and self._playlists is not None:
            return self._first_playlists(request.ids[0], page, levels, self._playlists)
        return levels

    def _first_playlists(
        self, theme: str, page: Page, levels: list[FollowLevel], number: int
    ) -> list[FollowLevel]:
        """Follow so many playlists of a theme, in the order of the search.

        A page may be read again by a later run, which chooses the same ones.
        """
        chosen = self._chosen.setdefault(theme, {})
        for record in page.records:
            if record.kind == "playlist" and len(chosen) < number:
                chosen[record.id] = None
        return [
            level if record.kind != "playlist" or record.id in chosen else IGNORED
            for record, level in zip(page.records, levels, strict=True)
        ]

    def findings(self, followed: int) -> list[Finding]:
        """Return no findings: `named` has what was not found."""
        return []
