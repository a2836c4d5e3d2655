"""Parse Deezer's responses into records, without I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import UnsetType

from phonofilm.sources.contract import Page, Parser, Request, Response
from phonofilm.sources.decode import each, items_of, one_of
from phonofilm.sources.deezer import api_types
from phonofilm.sources.deezer.convert import PageBuilder
from phonofilm.sources.lists import Listing, describe, list_parser

_DIGITS = 12  # more make no index


def _listing(items: Any, paging: Any, count: int, request: Request) -> Listing:
    """Describe an index page; its `next` names the index of the next one, and the page size.

    A page may hold fewer items than that, where some are hidden.
    """
    total = paging.total if isinstance(paging.total, int) else None
    if not paging.next:
        return Listing(items, total)
    link = _parameters(paging.next)
    size = _number(link.get("limit")) or count
    index = _number(link.get("index"))
    following = request.offset + size if index is None else index
    if not size or (not count and following >= (total or 0)):
        return Listing(items, total)
    own_offset = None if index is None else index - size
    further = Request(request.endpoint, request.ids, max(following, request.offset + 1))
    return Listing(items, total, (further,), own_offset)


def _parameters(link: str) -> dict[str, str]:
    """Return the query of a link; none of what is no link, which still says that a page follows."""
    try:
        return dict(parse_qsl(urlsplit(link).query))
    except ValueError:
        return {}


def _number(text: str | None) -> int | None:
    """Return a number of a link; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def _read_artists(request: Request, response: Response, page: Page) -> Listing:
    """Read a page of artists in one pass: searches and lists of genres are made of them."""
    paging, rows = items_of(response.body, api_types.ArtistPage, api_types.Artist, ["data"], page)
    return _listing(rows, paging, len(rows), request)


def _list_of(item: Any, use: Callable[[PageBuilder, Any], object]) -> Parser:
    """Make a parser of an index page of items."""

    def read(request: Request, response: Response, page: Page) -> Listing:
        paging = one_of(response.body, api_types.Page, page)
        return _listing(each(paging.data, item, page), paging, len(paging.data), request)

    return list_parser(PageBuilder, read, use)


def _artist(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    builder.artist(one_of(response.body, api_types.Artist, builder.page))
    return builder.build()


def _album(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    row = one_of(response.body, api_types.Album, builder.page)
    key = builder.album(row)
    if isinstance(row.tracks, api_types.Listed):
        for track in each(row.tracks.data, api_types.Track, builder.page):
            if not isinstance(track, UnsetType):
                builder.track(track, key)
    return builder.build()


def _track(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    builder.measured_track(one_of(response.body, api_types.Track, builder.page))
    return builder.build()


def _playlist(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    row = one_of(response.body, api_types.Playlist, builder.page)
    key, here = builder.playlist(row), 0
    is_listed = isinstance(row.tracks, api_types.Listed)
    if isinstance(row.tracks, api_types.Listed):
        _entries(builder, row.tracks.data, key)
        here = len(row.tracks.data)
    # A list that could not be read is requested from its start; an empty one is empty.
    if isinstance(row.nb_tracks, int) and here < row.nb_tracks and (here or not is_listed):
        builder.page.continues = [Request("playlist_tracks", (key,), here)]
    return builder.build()


def _entries(builder: PageBuilder, items: list[Any], playlist: str, first: int = 0) -> None:
    """Add the entries of a playlist, all in their places."""
    for position, track in enumerate(each(items, api_types.Track, builder.page), first):
        builder.entry(track or None, playlist, position)


def _playlist_tracks(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    paging = one_of(response.body, api_types.Page, builder.page)
    _entries(builder, paging.data, request.ids[0], request.offset)
    page = builder.build()
    describe(page, _listing((), paging, len(paging.data), request))
    return page


_ARTISTS = list_parser(PageBuilder, _read_artists, PageBuilder.artist)
_OF_GENRE = list_parser(
    PageBuilder, _read_artists, PageBuilder.artist, after=PageBuilder.artists_of_genre
)
_RELATED = list_parser(PageBuilder, _read_artists, PageBuilder.related_artist)
_TRACKS = _list_of(api_types.Track, PageBuilder.track)
_ALBUMS = _list_of(api_types.Album, PageBuilder.album)
_PLAYLISTS = _list_of(api_types.Playlist, PageBuilder.playlist)
PARSERS: dict[str, Parser] = {
    "genres": _list_of(api_types.Genre, PageBuilder.genre),
    "genre_artists": _OF_GENRE,
    "chart_artists": _OF_GENRE,
    "chart_tracks": _TRACKS,
    "chart_albums": _ALBUMS,
    "chart_playlists": _PLAYLISTS,
    "search_artist": _ARTISTS,
    "search_album": _ALBUMS,
    "search_track": _TRACKS,
    "search_playlist": _PLAYLISTS,
    "artist": _artist,
    "related": _RELATED,
    "artist_albums": _list_of(api_types.Album, PageBuilder.album_of_artist),
    "top_tracks": _TRACKS,
    "album": _album,
    "album_tracks": _list_of(api_types.Track, PageBuilder.track_of_album),
    "track": _track,
    "isrc": _track,
    "playlist": _playlist,
    "playlist_tracks": _playlist_tracks,
}
