"""What a person wants: which kinds, how many, of which part of the world."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Protocol

import msgspec

from phonofilm.errors import UsageError
from phonofilm.records import BY_PLURAL, Artist, Genre, Record
from phonofilm.records.kinds import PLURALS, WANTED
from phonofilm.records.names import plain_name
from phonofilm.sources.contract import Finding, Link, Page, Request
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint

# How far a node is followed: not at all, only looked up itself, or to all that belongs to it.
IGNORED, LOOKED_UP, FOLLOWED = 0, 1, 2


class Goal(msgspec.Struct):
    """Wanted kinds with how many of each; None is as many as there are.

    `until` is a coverage of all of them that is enough.
    """

    wants: dict[str, int | None]
    max_calls: int | None = None
    max_seconds: float | None = None
    until: float | None = None

    def less(self, calls: int, seconds: float) -> Goal:
        """What is left of the goal after a part of it."""
        left = None if self.max_calls is None else max(1, self.max_calls - calls)
        time_left = None if self.max_seconds is None else max(0.1, self.max_seconds - seconds)
        return Goal(self.wants, left, time_left, self.until)

    def open_ended(self) -> bool:
        """Whether some kind is wanted without a number."""
        return any(number is None for number in self.wants.values())


def parse_want(text: str) -> tuple[str, int | None]:
    """`artists`, `artists=100` or `artists=all` as kind and number; UsageError otherwise."""
    plural, _, number = text.partition("=")
    cls = BY_PLURAL.get(plural.strip().lower())
    if cls is None or cls.kind not in WANTED:
        near = get_close_matches(plural, [PLURALS[k] for k in WANTED], 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"There is nothing called {plural!r} to want.{hint}",
            next_step=f"Kinds: {', '.join(PLURALS[k] for k in WANTED)}.",
        )
    if number in ("", "all"):
        return cls.kind, None
    if not number.isascii() or not number.isdigit() or int(number) < 1:
        raise UsageError(
            f"--want {text}: {number!r} is not a number of {plural}.",
            next_step=f"Say --want {plural}=100 or --want {plural}=all.",
        )
    return cls.kind, int(number)


def parse_until(text: str) -> float | None:
    """`coverage=0.9` as a fraction; None for nothing; UsageError otherwise."""
    if not text:
        return None
    name, _, share = text.partition("=")
    try:
        fraction = float(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
    except ValueError:
        fraction = 0.0
    if name.strip() != "coverage" or not 0 < fraction <= 1:
        raise UsageError(f"--until {text} is no coverage.", next_step="Say --until coverage=0.9.")
    return fraction


class Scope(Protocol):
    """Which part of the world is followed. `levels` answers for the records of a page in order."""

    closed: bool
    name: str  # tells scopes apart in a data folder

    def seeds(self, source: HttpSource, access: str) -> list[Link]: ...
    def levels(
        self, page: Page, endpoint: Endpoint, request: Request, parent: int
    ) -> list[int]: ...
    def link_level(self, link: Link) -> int: ...
    def names(self, ids: tuple[str, ...]) -> bool: ...
    def findings(self, followed: int) -> list[Finding]: ...


class Everything:
    """No seed at all: the source's own lists, and all that follows."""

    closed = False
    name = "everything"

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """The source's own."""
        return source.seeds(access)

    def levels(self, page: Page, endpoint: Endpoint, request: Request, parent: int) -> list[int]:
        """Everything is followed."""
        return [FOLLOWED] * len(page.records)

    def link_level(self, link: Link) -> int:
        """Everything is followed."""
        return FOLLOWED

    def names(self, ids: tuple[str, ...]) -> bool:
        """No id was named by a person."""
        return False

    def findings(self, followed: int) -> list[Finding]:
        """Nothing to say."""
        return []


class OfGenre:
    """Artists of a genre and what belongs to them; "house" takes "deep house" in."""

    closed = False

    def __init__(self, genre: str) -> None:
        self.genre = genre
        self.name = f"genre {genre.casefold()}"
        self._words = set(genre.casefold().split())
        self._seen: set[str] = set()

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """The genre by name where names are ids, and the lists in which it may be found."""
        by_name = "genre_artists" in source.manifest.endpoints and not self._numbered(source)
        named = [Link("genre", self.genre.casefold())] if by_name else []
        return [Link("root", ""), *named]

    @staticmethod
    def _numbered(source: HttpSource) -> bool:
        endpoint = source.manifest.endpoints["genre_artists"]
        return not any("{id}" in text for text in endpoint.query.values())

    def _is_it(self, name: str | None) -> bool:
        return bool(name) and self._words <= set(str(name).casefold().split())

    def link_level(self, link: Link) -> int:
        """Genres of the right name, and where seeds are; not other genres' lists."""
        if link.kind == "genre":
            return FOLLOWED if self._is_it(link.id) else IGNORED
        return FOLLOWED if link.kind == "root" else IGNORED

    def levels(self, page: Page, endpoint: Endpoint, request: Request, parent: int) -> list[int]:
        """Artists by their genres where the source tells them, else by the list they stand in."""
        return [self._level(record, endpoint, parent) for record in page.records]

    def _level(self, record: Record, endpoint: Endpoint, parent: int) -> int:
        if isinstance(record, Genre):
            name = record.name if isinstance(record.name, str) else record.id
            self._seen.add(name)
            return FOLLOWED if self._is_it(name) else IGNORED
        if isinstance(record, Artist) and isinstance(record.genres, list):
            level = FOLLOWED if any(map(self._is_it, record.genres)) else IGNORED
        elif (
            endpoint.role in ("contain", "detail", "measure") and record.kind == endpoint.item_kind
        ):
            level = parent
        else:
            level = IGNORED
        return level

    def names(self, ids: tuple[str, ...]) -> bool:
        """The genre itself was named by a person."""
        return self.genre.casefold() in ids

    def findings(self, followed: int) -> list[Finding]:
        """An unknown genre, with near ones."""
        if followed:
            return []
        near = get_close_matches(self.genre.casefold(), [g.casefold() for g in self._seen], 3, 0.5)
        hint = f"; near: {', '.join(near)}" if near else ""
        return [Finding("unknown_genre", f"{self.genre!r} is no genre here{hint}")]


class Named:
    """The things a person named: links, ids, artists by name, playlists by theme."""

    closed = True

    def __init__(self, links: list[Link], with_credits: bool, playlists: int | None = None) -> None:
        self._links = list(dict.fromkeys(links))
        self._ids = {link.id for link in links}
        self._named = set(links)
        told = [f"{link.kind} {link.id}" for link in self._links]
        self.name = f"named {with_credits} {playlists} {' | '.join(sorted(told))}"
        self._with_credits = with_credits
        self._playlists_left = playlists
        self._found: set[str] = set()
        self._near: dict[str, list[str]] = {}

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """The named things themselves."""
        return self._links

    def link_level(self, link: Link) -> int:
        """Only what was named."""
        return FOLLOWED if link in self._named else IGNORED

    def names(self, ids: tuple[str, ...]) -> bool:
        """Whether a person gave these ids: they may simply be wrong."""
        return not self._ids.isdisjoint(ids)

    def levels(self, page: Page, endpoint: Endpoint, request: Request, parent: int) -> list[int]:
        """What belongs to a named thing is followed; its credits are looked up when wanted."""
        if parent < FOLLOWED or endpoint.role == "relate":
            return [IGNORED] * len(page.records)
        if endpoint.subject == "artist_query":
            chosen = self._choose(request.ids[0], page)
            return [FOLLOWED if place == chosen else IGNORED for place in range(len(page.records))]
        if endpoint.role == "relate" or parent < FOLLOWED:
            return [IGNORED] * len(page.records)
        credits_level = LOOKED_UP if self._with_credits else IGNORED
        own = {endpoint.item_kind, "features"}
        levels = [FOLLOWED if r.kind in own else credits_level for r in page.records]
        return self._first_playlists(levels) if endpoint.subject == "playlist_query" else levels

    def _first_playlists(self, levels: list[int]) -> list[int]:
        """As many playlists of a theme as are wanted, in the order of the search."""
        if self._playlists_left is None:
            return levels
        taken = min(self._playlists_left, len(levels))
        self._playlists_left -= taken
        return levels[:taken] + [IGNORED] * (len(levels) - taken)

    def _choose(self, name: str, page: Page) -> int | None:
        """The place of the artist of that very name, the first when there are several."""
        plain = plain_name(name)
        for place, record in enumerate(page.records):
            if isinstance(record, Artist) and plain_name(str(record.name)) == plain:
                self._found.add(name)
                return place
        self._near[name] = [str(r.name) for r in page.records[:3] if isinstance(r, Artist)]
        return None

    def findings(self, followed: int) -> list[Finding]:
        """Artists that were not found, with near names."""
        missing = sorted(self._near.keys() - self._found)
        return [Finding("unknown_artist", self._not_found(name)) for name in missing]

    def _not_found(self, name: str) -> str:
        near = self._near.get(name)
        return f"{name!r} was not found{'; near: ' + ', '.join(near) if near else ''}"
