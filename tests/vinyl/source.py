"""Vinyl: one list of artists, two to a page."""

from __future__ import annotations

import msgspec

from phonofilm.records import Artist
from phonofilm.sources.contract import Page, Request, Response
from phonofilm.sources.decode import each, one_of
from phonofilm.sources.http import HttpSource
from phonofilm.sources.lists import Listing, list_parser
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.record_builder import RecordBuilder


class _Artist(msgspec.Struct):
    id: int
    name: str
    country: str | None = None


class _Artists(msgspec.Struct):
    artists: list[object]
    total: int


class _Builder(RecordBuilder):
    def artist(self, row: _Artist) -> None:
        """Add an artist."""
        self.page.records.append(Artist("vinyl", str(row.id), name=row.name, country=row.country))


def _read(request: Request, response: Response, page: Page) -> Listing:
    envelope = one_of(response.body, _Artists)
    reached = request.offset + len(envelope.artists)
    further = (request._replace(offset=reached),) if reached < envelope.total else ()
    return Listing(each(envelope.artists, _Artist, page), envelope.total, further)


class Vinyl(HttpSource):
    """The open catalogue."""

    parsers = {"artists": list_parser(_Builder, _read, _Builder.artist)}  # noqa: RUF012


SOURCE = Vinyl(load_manifest(__package__))
