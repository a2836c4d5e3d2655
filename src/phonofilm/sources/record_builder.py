"""Build records from the objects of one response."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import UNSET, UnsetType

from phonofilm.records import Maybe, Record
from phonofilm.sources.contract import Page, Request

T = TypeVar("T")
V = TypeVar("V")


def mapped(value: T | None | UnsetType, use: Callable[[T], Maybe[V]]) -> Maybe[V]:
    """Map a value; absent stays absent and null stays null."""
    if value is UNSET or isinstance(value, UnsetType):
        return UNSET
    return None if value is None else use(value)


class RecordBuilder:
    """Records of one response; an object mentioned twice gives one record, the fuller one.

    A source derives its own builder, with a method per kind of object.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.page = Page(records=[], links=[], continues=[], findings=[])
        self._mentions: dict[tuple[str, str], Record] = {}

    def build(self) -> Page:
        """Return the page; mentions come after the records that were listed."""
        if self._mentions:
            full = {(record.kind, record.id) for record in self.page.records}
            self.page.records += [r for key, r in self._mentions.items() if key not in full]
        return self.page
