"""What became of the names, links and ids that a person gave: found, not found, or ambiguous."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import UNSET

from phonofilm.records import Artist, Record
from phonofilm.records.names import are_same_artist_names
from phonofilm.sources.contract import Finding, Link, Page, Request
from phonofilm.sources.manifest import Endpoint

_NEAR_MAX = 3


class NotFound(msgspec.Struct, frozen=True):
    """A name, link or id as a person gave it, to which nothing belongs at the source.

    `near` are the first names that the search gave instead. It was not `requested` where no request
    about it brings what is wanted.
    """

    name: str
    kind: str
    near: list[str] = []
    requested: bool = True

    @property
    def finding(self) -> Finding:
        """The finding that reports it."""
        if not self.requested:
            detail = f"{self.name!r} was not requested: nothing about it brings what is wanted"
            return Finding("not_requested", detail)
        near = f"; near: {', '.join(self.near)}" if self.near else ""
        kind = "unknown_artist" if self.kind == "artist_query" else "not_found"
        return Finding(kind, f"{self.name!r} was not found{near}")


class Namesakes(msgspec.Struct, frozen=True):
    """A name that several artists have: the id that was taken, and those of the others."""

    name: str
    taken: str
    others: list[str]

    @property
    def finding(self) -> Finding:
        """The finding that reports it."""
        others = ", ".join(self.others)
        return Finding("namesakes", f"{self.name!r}: took {self.taken}; also called so: {others}")


class NamedNodes:
    """Nodes that a person named, and what responses said of them.

    `texts` are the names as they were typed, by link. Responses may be read more than once.
    """

    def __init__(self, links: Sequence[Link], texts: Mapping[Link, str]) -> None:
        self.links = list(dict.fromkeys(links))
        self._texts = texts
        self._kinds = {link.kind for link in self.links}
        self._found: set[Link] = set()
        self._near: dict[str, list[str]] = {}
        self._namesakes: dict[str, Namesakes] = {}

    @property
    def record_kinds(self) -> frozenset[str]:
        """Kinds of the records that the names, links and ids are of."""
        return frozenset(map(_record_kind, self._kinds))

    def note(self, page: Page, endpoint: Endpoint, request: Request) -> None:
        """Note which of the named nodes a response has something of.

        A record without any value is nothing: some services answer with the ids they were given.
        """
        if endpoint.subject not in self._kinds:
            return
        records = [record for record in page.records if _says_something(record)]
        if not records:
            return
        ids = request.ids
        if endpoint.batch > 1:  # a batch may leave out some of its ids
            values = {value for record in records for value in _texts_of(record)}
            ids = tuple(id_ for id_ in ids if id_ in values)
        self._found.update(Link(endpoint.subject, id_) for id_ in ids)

    def match_artist(self, link: Link, page: Page) -> int | None:
        """Return the index of the artist of a name, spelled so if possible; None without one."""
        artists = [(i, r) for i, r in enumerate(page.records) if isinstance(r, Artist)]
        equal = [(i, r) for i, r in artists if are_same_artist_names(str(r.name), link.id)]
        if not equal:
            self._near[link.id] = [str(record.name) for _, record in artists[:_NEAR_MAX]]
            return None
        spelled_so = (row for row in equal if str(row[1].name).casefold() == link.id.casefold())
        index, artist = next(spelled_so, equal[0])
        self._found.add(link)
        others = [record.id for _, record in equal if record.id != artist.id]
        if others:
            self._namesakes[link.id] = Namesakes(link.id, artist.id, list(dict.fromkeys(others)))
        return index

    def not_found(self, is_settled: Callable[[Link], bool]) -> list[NotFound]:
        """Return what was requested and is not there; `is_settled` says what was requested."""
        return [
            NotFound(self._texts.get(link, link.id), link.kind, self._near.get(link.id, []))
            for link in self.links
            if link not in self._found and is_settled(link)
        ]

    def not_requested(self, is_known: Callable[[Link], bool]) -> list[NotFound]:
        """Return what a crawl that is done passed over; `is_known` says what was requested."""
        return [
            NotFound(self._texts.get(link, link.id), link.kind, requested=False)
            for link in self.links
            if link not in self._found and not is_known(link)
        ]

    def shares_found(self, not_found: Sequence[NotFound]) -> dict[str, float]:
        """Return the share of the named nodes that are there, by the kind of record they name."""
        named = Counter(_record_kind(link.kind) for link in self.links)
        missing = Counter(_record_kind(row.kind) for row in not_found)
        return {kind: 1 - missing[kind] / count for kind, count in named.items()}

    def namesakes(self) -> list[Namesakes]:
        """Return the names that several artists have."""
        return list(self._namesakes.values())


def _record_kind(kind: str) -> str:
    """Return the kind of the records that a name or an address is of."""
    return kind.removesuffix("_query").removesuffix("_link")


def _texts_of(record: Record) -> list[str]:
    """Return all texts of a record: nodes such as codes are named by another field than the id."""
    return [value for value in msgspec.structs.astuple(record) if isinstance(value, str)]


def _says_something(record: Record) -> bool:
    """Tell whether a record has a value besides its source and its id."""
    return any(value not in (None, UNSET, []) for value in msgspec.structs.astuple(record)[2:])
