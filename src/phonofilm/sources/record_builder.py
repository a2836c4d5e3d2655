"""Build records from the objects of one response."""

from __future__ import annotations

import math
import typing
from collections.abc import Callable
from typing import TypeVar

from msgspec import UNSET, UnsetType

from phonofilm.records import ArtistRelation, ExternalId, Maybe, Record
from phonofilm.sources.contract import Page, Request

T = TypeVar("T")
V = TypeVar("V")


def mapped(value: T | None | UnsetType, use: Callable[[T], Maybe[V]]) -> Maybe[V]:
    """Map a value; absent stays absent and null stays null."""
    if value is UNSET or isinstance(value, UnsetType):
        return UNSET
    return None if value is None else use(value)


def without(part: object) -> None | UnsetType:
    """Return what the fields of a missing part are: null when it is null, else absent."""
    return None if part is None else UNSET


def whole(number: float) -> int:
    """Return a counter that came as 42.0; NaN and infinities stay, to be reported as odd."""
    is_fraction = isinstance(number, float) and math.isfinite(number)
    return int(number) if is_fraction else typing.cast(int, number)


def external_id(source: str, kind: str, key: str, scheme: str, value: str) -> ExternalId:
    """Make the record of an id that an entity has elsewhere, or had before."""
    return ExternalId(
        source,
        f"{kind}:{key}:{scheme}:{value}",
        of_kind=kind,
        of_id=key,
        scheme=scheme,
        value=value,
    )


class RecordBuilder:
    """Records of one response; an object mentioned twice gives one record, the fuller one.

    A source derives its own builder, with a method per kind of object. `position` is that of the
    item in its list, dropped items counted; `later` are records that come after all others.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.position = 0
        self.later: list[Record] = []
        self.page = Page(records=[], links=[], continues=[], findings=[])
        self._mentions: dict[tuple[str, str], Record] = {}

    def relate(self, source: str, other: str | None, position: int) -> None:
        """Add an artist to those related to the requested one, unless it has no id."""
        artist = self.request.ids[0]
        if other:
            self.later.append(
                ArtistRelation(
                    source,
                    f"{artist}:{other}",
                    artist_id=artist,
                    related_id=other,
                    position=position,
                )
            )

    def build(self) -> Page:
        """Return the page; mentions come after the records that were listed."""
        if self._mentions:
            full = {(record.kind, record.id) for record in self.page.records}
            self.page.records += [r for key, r in self._mentions.items() if key not in full]
        self.page.records += self.later
        return self.page
