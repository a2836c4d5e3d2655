"""MusicBrainz's answers as records. Pure: the network is never touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from phonofilm.records import Genre
from phonofilm.sources.contract import Finding, Malformed, Page, Parser, Request, Response
from phonofilm.sources.decode import one_of
from phonofilm.sources.musicbrainz import api_types
from phonofilm.sources.musicbrainz.convert import SOURCE, PageBuilder


def _each(items: list[Any], item: Any, page: Page) -> list[Any]:
    rows = []
    for element in items:
        try:
            rows.append(msgspec.convert(element, item, strict=False))
        except (msgspec.ValidationError, RecursionError) as error:
            page.findings.append(Finding("malformed_item", str(error)))
    return rows


def _listing(name: str, item: Any, use: Callable[[PageBuilder, Any], Any]) -> Parser:
    """A parser of a list. Pages are counted by what came: a release page may be cut short."""

    def parse(request: Request, response: Response) -> Page:
        gathered = PageBuilder()
        found = one_of(response.body, api_types.Found)
        items = getattr(found, name)
        if items is None:
            raise Malformed(f"no {name}")
        for row in _each(items, item, gathered.page):
            use(gathered, row)
        page = gathered.build()
        page.total = found.total
        reached = request.offset + len(items)
        if items and page.total is not None and reached < page.total:
            page.continues = [Request(request.endpoint, request.ids, reached)]
        return page

    return parse


def _use_genre(gathered: PageBuilder, row: api_types.Genre) -> None:
    """Genres are asked for by name, so that the name is what identifies them."""
    gathered.page.records.append(Genre(SOURCE, row.name, name=row.name))


def _artist(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    gathered.artist(one_of(response.body, api_types.Artist), request.ids[0])
    return gathered.build()


def _release(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    gathered.release(one_of(response.body, api_types.Release), request.ids[0])
    return gathered.build()


def _recording(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    gathered.recording(one_of(response.body, api_types.Recording), asked=request.ids[0])
    return gathered.build()


def _addresses(request: Request, response: Response) -> Page:
    """One address answers as itself, several as a list; those not known are left out."""
    gathered = PageBuilder()
    found = one_of(response.body, api_types.Found)
    if found.urls is None and found.resource is None:
        raise Malformed("no urls")
    alone = [{"resource": found.resource, "relations": found.relations}]
    for row in _each(alone if found.urls is None else found.urls, api_types.Address, gathered.page):
        gathered.address(row)
    return gathered.build()


PARSERS: dict[str, Parser] = {
    "genres": _listing("genres", api_types.Genre, _use_genre),
    "genre_artists": _listing("artists", api_types.Artist, PageBuilder.artist),
    "search_artist": _listing("artists", api_types.Artist, PageBuilder.artist),
    "search_album": _listing("releases", api_types.Release, PageBuilder.release),
    "search_track": _listing("recordings", api_types.Recording, PageBuilder.recording),
    "isrc": _listing("recordings", api_types.Recording, PageBuilder.recording),
    "address": _addresses,
    "artist": _artist,
    "artist_releases": _listing("releases", api_types.Release, PageBuilder.release),
    "artist_recordings": _listing("recordings", api_types.Recording, PageBuilder.recording),
    "release": _release,
    "recording": _recording,
}
