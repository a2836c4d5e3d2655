"""Parsers of lists: read the envelope, convert each item, request the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from msgspec import UNSET

from phonofilm.sources.contract import ODD_VALUES, Page, Parser, Request, Response
from phonofilm.sources.decode import malformed_item
from phonofilm.sources.record_builder import RecordBuilder

B = TypeVar("B", bound=RecordBuilder)


class Listing(NamedTuple):
    """One page of a list: typed items, announced total, next requests, and its own offset.

    An item that was dropped is UNSET, so that the others keep their positions.
    """

    items: Iterable[Any]
    total: int | None = None
    continues: tuple[Request, ...] = ()
    offset: int | None = None


Read = Callable[[Request, Response, Page], Listing]
"""Read the envelope of a list; findings go into the page."""


def list_parser(
    builder: Callable[[Request], B],
    read: Read,
    use: Callable[[B, Any], object],
    after: Callable[[B], object] | None = None,
) -> Parser:
    """Make a parser of a list.

    `use` adds one item to the records, `after` what all items of the page mean together.
    """

    def parse(request: Request, response: Response) -> Page:
        records = builder(request)
        listing = read(request, response, records.page)
        use_each(listing.items, use, records)
        if after:
            after(records)
        page = records.build()
        describe(page, listing)
        return page

    return parse


def describe(page: Page, listing: Listing) -> None:
    """Set the total, the own offset and the next requests of a page."""
    if listing.total is not None:
        page.total = listing.total
    if listing.offset is not None:
        page.offset = listing.offset
    page.continues += listing.continues


def use_each(items: Iterable[Any], use: Callable[[B, Any], object], records: B) -> None:
    """Add items to the records; null and UNSET ones leave their positions empty.

    An item with a value that no record can hold becomes a finding.
    """
    for records.position, item in enumerate(items):
        if item is None or item is UNSET:
            continue
        try:
            use(records, item)
        except ODD_VALUES as error:
            records.page.findings.append(malformed_item(error))
