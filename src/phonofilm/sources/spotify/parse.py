"""Parse Spotify's responses into records, without I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from phonofilm.records import Genre, Record
from phonofilm.sources.contract import Finding, Malformed, Page, Parser, Request, Response
from phonofilm.sources.decode import each, items_of, one_of, plain
from phonofilm.sources.fitting import fit
from phonofilm.sources.lists import Listing, describe, list_parser, use_each
from phonofilm.sources.spotify import api_types
from phonofilm.sources.spotify.convert import SOURCE, PageBuilder

# Pages have 50 or 100 items; a larger limit than this is none.
_LIMIT_MAX = 1000
Use = Callable[[PageBuilder, Any], object]


def _continues(request: Request, paging: Any, count: int) -> tuple[Request, ...]:
    """Return the next page by our own offset; `next` only says that one exists (seen 2026).

    An empty page between full ones was reported, too, so only the announced total ends a list.
    """
    step = paging.limit if paging.limit and count <= paging.limit <= _LIMIT_MAX else count
    following = request.offset + step
    if not paging.next or not step or (not count and following >= (paging.total or 0)):
        return ()
    return (Request(request.endpoint, request.ids, following),)


def _listing(items: Iterable[Any], paging: api_types.Paging, request: Request) -> Listing:
    continues = _continues(request, paging, len(paging.items or ()))
    return Listing(items, paging.total, continues, paging.offset)


def _present(items: Iterable[Any] | None, item: Any, page: Page) -> list[Any]:
    """Convert the items of a page; null ones, which some pages hold, are findings."""
    rows = list(items or ())
    null = Finding("null_item", "an element of a page is null")
    page.findings += [null for row in rows if row is None]
    return each(rows, item | None, page)


def _paging(body: bytes, page: Page, *path: str) -> api_types.Paging:
    """Decode the page at a path of names; its items stay as they came."""
    tree = plain(body)
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    try:
        return fit(tree, api_types.Paging, page)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def _whole_paging(body: bytes, page: Page, *path: str) -> api_types.Paging:
    """Return the same, of a page that must have items."""
    paging = _paging(body, page, *path)
    if paging.items is None:
        raise Malformed("a page without items")
    return paging


def _list_of(item: Any, path: tuple[str, ...], use: Use) -> Parser:
    """Make a parser of an offset page of items, wrapped in `path`."""

    def read(request: Request, response: Response, page: Page) -> Listing:
        paging = _whole_paging(response.body, page, *path)
        return _listing(_present(paging.items, item, page), paging, request)

    return list_parser(PageBuilder, read, use)


def _one(item: Any, use: Use) -> Parser:
    """Make a parser of a single object."""

    def parse(request: Request, response: Response) -> Page:
        builder = PageBuilder(request)
        use(builder, one_of(response.body, item, builder.page))
        return builder.build()

    return parse


def _read_artists(request: Request, response: Response, page: Page) -> Listing:
    """Read batches and related artists: full artists, null for unknown ids."""
    shape = api_types.Artist | None
    _, rows = items_of(response.body, api_types.ArtistPage, shape, ["artists"], page)
    return Listing(rows)


def _read_search(request: Request, response: Response, page: Page) -> Listing:
    """Read a search for artists in one pass: genres are collected by them."""
    shape = api_types.Artist | None
    search, rows = items_of(
        response.body, api_types.ArtistSearch, shape, ["artists", "items"], page
    )
    paging = search.artists
    null = Finding("null_item", "an element of a page is null")
    page.findings += [null for row in rows if row is None]
    return Listing(rows, paging.total, _continues(request, paging, len(rows)), paging.offset)


_MIXED: tuple[tuple[str, Any, Use], ...] = (
    ("artists", api_types.Artist, PageBuilder.artist),
    ("tracks", api_types.Track, PageBuilder.track),
    ("albums", api_types.Album, PageBuilder.listed_album),
)


def _mixed_search(request: Request, response: Response) -> Page:
    """Return artists, albums and tracks of one query: the total is that of the artists."""
    builder = PageBuilder(request)
    pages = [_whole_paging(response.body, builder.page, name) for name, _, _ in _MIXED]
    for paging, (_, item, use) in zip(pages, _MIXED, strict=True):
        use_each(_present(paging.items, item, builder.page), use, builder)
    page = builder.build()
    page.total, page.offset = pages[0].total, pages[0].offset
    goes_on = any(_continues(request, paging, len(paging.items or ())) for paging in pages)
    if goes_on and (step := pages[-1].limit):
        page.continues = [Request(request.endpoint, request.ids, request.offset + step)]
    return page


def _batch(name: str, item: Any, use: Use, null: str = "") -> Parser:
    """Make a parser of a batch, in the order of the ids, with null for unknown ones.

    Where null means something else, `null` is the finding for it, and the id is answered.
    """

    def read(request: Request, response: Response, page: Page) -> Listing:
        body = plain(response.body)
        rows = body.get(name) if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise Malformed(f"no list called {name}")
        if null:
            nulls = [id_ for id_, row in zip(request.ids, rows, strict=False) if row is None]
            page.findings += [Finding(null, id_) for id_ in nulls]
            page.answered_ids += nulls
        return Listing(each(rows, item | None, page))

    return list_parser(PageBuilder, read, use)


def _whole_album(builder: PageBuilder, row: api_types.Album) -> None:
    """Add an album with the tracks that it embeds; the page after them continues it."""
    key = builder.album(row, keep=True)
    paging = row.tracks
    if not isinstance(paging, api_types.Paging) or paging.items is None:
        builder.page.findings.append(Finding("malformed_item", f"album {key} without its tracks"))
        return
    for track in _present(paging.items, api_types.Track, builder.page):
        if track:
            builder.track(track, UNSET if key is None else key)
    if key is not None:
        rest = Request("album_tracks", (key,))
        builder.page.continues += _continues(rest, paging, len(paging.items))


def _whole_playlist(builder: PageBuilder, row: api_types.Playlist) -> None:
    """Add a playlist with the entries that it embeds; the page after them continues it.

    Where it embeds none, they are read from their first page. In development mode a playlist of
    somebody else shows none (2026-02), and has no such page.
    """
    key = builder.playlist(row) or next(iter(builder.request.ids), None)
    paging = row.items or row.tracks
    if not key:
        return
    start = Request("playlist_tracks", (key,))
    if isinstance(paging, api_types.Paging) and paging.items is not None:
        _entries_of(builder, paging, key, 0)
        builder.page.continues += _continues(start, paging, len(paging.items))
    else:
        builder.page.continues.append(start)


def _entries_of(builder: PageBuilder, paging: api_types.Paging, playlist: str, first: int) -> None:
    rows = _present(paging.items, api_types.Entry, builder.page)
    for position, row in enumerate(rows, first):
        builder.entry(row or None, playlist, position)


def _playlist_tracks(request: Request, response: Response) -> Page:
    builder = PageBuilder(request)
    paging = _whole_paging(response.body, builder.page)
    _entries_of(builder, paging, request.ids[0], request.offset)
    page = builder.build()
    describe(page, _listing((), paging, request))
    return page


def _genre_seeds(request: Request, response: Response) -> Page:
    body = plain(response.body)
    names = body.get("genres") if isinstance(body, dict) else None
    if not isinstance(names, list):
        raise Malformed("no list called genres")
    records: list[Record] = [Genre(SOURCE, n, name=n) for n in names if isinstance(n, str) and n]
    odd = [n for n in names if not isinstance(n, str) or not n]
    return Page(records=records, findings=[Finding("malformed_item", repr(n)) for n in odd])


_ARTISTS = list_parser(PageBuilder, _read_artists, PageBuilder.artist)
_RELATED = list_parser(PageBuilder, _read_artists, PageBuilder.related_artist)
_SEARCH = list_parser(PageBuilder, _read_search, PageBuilder.artist)
_OF_GENRE = list_parser(
    PageBuilder, _read_search, PageBuilder.artist, after=PageBuilder.artists_of_genre
)
PARSERS: dict[str, Parser] = {
    "genre_seeds": _genre_seeds,
    "categories": _list_of(api_types.Category, ("categories",), PageBuilder.category),
    "new_releases": _list_of(api_types.Album, ("albums",), PageBuilder.listed_album),
    "category_playlists": _list_of(api_types.Playlist, ("playlists",), PageBuilder.playlist),
    "genre_artists": _OF_GENRE,
    "genre_tracks": _list_of(api_types.Track, ("tracks",), PageBuilder.track),
    "search_artist": _SEARCH,
    "search_word": _mixed_search,
    "search_slice": _mixed_search,
    "search_album": _list_of(api_types.Album, ("albums",), PageBuilder.listed_album),
    "search_track": _list_of(api_types.Track, ("tracks",), PageBuilder.track),
    "search_playlist": _list_of(api_types.Playlist, ("playlists",), PageBuilder.playlist),
    "artist": _one(api_types.Artist, PageBuilder.artist),
    "artists": _ARTISTS,
    "related": _RELATED,
    "artist_albums": _list_of(api_types.Album, (), PageBuilder.listed_album),
    "top_tracks": _batch("tracks", api_types.Track, PageBuilder.track, "null_item"),
    "album": _one(api_types.Album, _whole_album),
    "albums": _batch("albums", api_types.Album, _whole_album),
    "album_tracks": _list_of(api_types.Track, (), PageBuilder.track_of_album),
    "track": _one(api_types.Track, PageBuilder.track),
    "tracks": _batch("tracks", api_types.Track, PageBuilder.track),
    "audio_features": _batch(
        "audio_features", api_types.Features, PageBuilder.features, "not_measured"
    ),
    "playlist": _one(api_types.Playlist, _whole_playlist),
    "playlist_tracks": _playlist_tracks,
}
