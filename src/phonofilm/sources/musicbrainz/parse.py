"""Parse MusicBrainz's responses into records, without I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UnsetType

from phonofilm.sources.contract import Malformed, Page, Parser, Request, Response
from phonofilm.sources.decode import each, one_of
from phonofilm.sources.lists import Listing, list_parser
from phonofilm.sources.musicbrainz import api_types
from phonofilm.sources.musicbrainz.convert import PageBuilder


def _list_of(name: str, item: Any, use: Callable[[PageBuilder, Any], object]) -> Parser:
    """Make a parser of a list; offsets count the items, because a page may be cut short."""

    def read(request: Request, response: Response, page: Page) -> Listing:
        envelope = one_of(response.body, api_types.Found, page)
        items = getattr(envelope, name)
        if items is None:
            raise Malformed(f"no {name}")
        total, reached = envelope.total, request.offset + len(items)
        goes_on = items and total is not None and reached < total
        further = (Request(request.endpoint, request.ids, reached),) if goes_on else ()
        return Listing(each(items, item, page), total, further, envelope.own_offset)

    return list_parser(PageBuilder, read, use)


def _artist(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    builder.artist(one_of(response.body, api_types.Artist, builder.page))
    return builder.build()


def _release(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    builder.release(one_of(response.body, api_types.Release, builder.page))
    return builder.build()


def _recording(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    builder.recording(one_of(response.body, api_types.Recording, builder.page))
    return builder.build()


def _addresses(request: Request, response: Response) -> Page:
    """Parse one address as an object, several as a list; unknown ones are left out."""
    builder = PageBuilder(request)
    addresses = one_of(response.body, api_types.Found, builder.page)
    if addresses.urls is None and addresses.resource is None:
        raise Malformed("no urls")
    alone = [{"resource": addresses.resource, "relations": addresses.relations}]
    for row in each(
        alone if addresses.urls is None else addresses.urls, api_types.Address, builder.page
    ):
        if isinstance(row, UnsetType):
            continue
        builder.address(row)
        if isinstance(row.resource, str):
            builder.page.answered_ids.append(row.resource)
    return builder.build()


PARSERS: dict[str, Parser] = {
    "genres": _list_of("genres", api_types.Genre, PageBuilder.genre),
    "genre_artists": _list_of("artists", api_types.Artist, PageBuilder.artist),
    "search_artist": _list_of("artists", api_types.Artist, PageBuilder.artist),
    "search_album": _list_of("releases", api_types.Release, PageBuilder.release),
    "search_track": _list_of("recordings", api_types.Recording, PageBuilder.recording),
    "isrc": _list_of("recordings", api_types.Recording, PageBuilder.recording),
    "address": _addresses,
    "artist": _artist,
    "artist_releases": _list_of("releases", api_types.Release, PageBuilder.release),
    "artist_recordings": _list_of("recordings", api_types.Recording, PageBuilder.recording),
    "release": _release,
    "recording": _recording,
}
