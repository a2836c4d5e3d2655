"""What gathering the objects of an answer into records has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import UNSET, UnsetType

from phonofilm.records import Maybe, Record
from phonofilm.sources.contract import Page

T = TypeVar("T")
V = TypeVar("V")


def mapped(value: T | None | UnsetType, use: Callable[[T], Maybe[V]]) -> Maybe[V]:
    """Absent stays absent, null stays null, a value is used."""
    if value is UNSET or isinstance(value, UnsetType):
        return UNSET
    return None if value is None else use(value)


class RecordBuilder:
    """Records of one answer; a thing mentioned twice is kept once, in its fuller form."""

    def __init__(self) -> None:
        self.page = Page(records=[], links=[], continues=[], findings=[])
        self._mentions: dict[tuple[str, str], Record] = {}

    def build(self) -> Page:
        """The page, mentions after what was listed."""
        if self._mentions:
            full = {(record.kind, record.id) for record in self.page.records}
            self.page.records += [r for key, r in self._mentions.items() if key not in full]
        return self.page
