"""Spotify's answers as records. Pure: the network is never touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from phonofilm.records import ArtistRelation, AudioFeatures, Genre, Record
from phonofilm.sources.contract import Finding, Link, Malformed, Page, Parser, Request, Response
from phonofilm.sources.decode import items_of, one_of, plain
from phonofilm.sources.spotify import api_types
from phonofilm.sources.spotify.convert import SOURCE, PageBuilder


def _continues(request: Request, page: Any, count: int) -> list[Request]:
    """The next page by our own offset: `next` only says that there is one (facts of 2026)."""
    if not page.next or not count:
        return []
    step = page.limit if page.limit and page.limit >= count else count
    return [Request(request.endpoint, request.ids, request.offset + step)]


def _artist(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    gathered.artist(one_of(response.body, api_types.Artist))
    return gathered.build()


def _artist_list(request: Request, response: Response) -> Page:
    """Batch gets and related artists: full artists, null for ids nobody has."""
    gathered = PageBuilder()
    _, rows, odd = items_of(
        response.body, api_types.ArtistPage, api_types.Artist | None, ["artists"]
    )
    gathered.page.findings += odd
    for place, row in enumerate(rows):
        if row is None:
            asked = request.ids[place] if place < len(request.ids) else "?"
            gathered.page.findings.append(Finding("unknown_id", asked))
        else:
            gathered.artist(row)
    return gathered.build()


def _related(request: Request, response: Response) -> Page:
    page = _artist_list(request, response)
    owner = request.ids[0]
    relations: list[Record] = [
        ArtistRelation(
            SOURCE, f"{owner}:{r.id}", artist_id=owner, related_id=r.id, position=position
        )
        for position, r in enumerate(page.records)
    ]
    page.records += relations
    return page


def _artist_search(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    found, rows, odd = items_of(
        response.body, api_types.ArtistSearch, api_types.Artist | None, ["artists", "items"]
    )
    for row in rows:
        if row is None:
            gathered.page.findings.append(Finding("null_item", "an element of a page is null"))
        else:
            gathered.artist(row)
    paging = found.artists if found else _loose_paging(response.body, "artists")
    page = gathered.build()
    page.findings += odd
    page.total, page.continues = paging.total, _continues(request, paging, len(rows))
    return page


def _mixed_search(request: Request, response: Response) -> Page:
    """Artists, albums and tracks of one query: the total is that of the artists."""
    gathered = PageBuilder()
    uses: list[tuple[str, Any, Callable[[PageBuilder, Any, Request], Any]]] = [
        ("artists", api_types.Artist, _use_artist),
        ("tracks", api_types.Track, _use_track),
        ("albums", api_types.Album, _use_album),
    ]
    total, goes_on = None, False
    for name, item, use in uses:
        paging = _loose_paging(response.body, name)
        for row in _converted(paging.items, item, gathered.page):
            use(gathered, row, request)
        total = paging.total if name == "artists" else total
        goes_on = goes_on or bool(_continues(request, paging, len(paging.items or ())))
        step = paging.limit or 0
    page = gathered.build()
    page.total = total
    if goes_on and step:
        page.continues = [Request(request.endpoint, request.ids, request.offset + step)]
    return page


def _use_artist(gathered: PageBuilder, row: api_types.Artist, request: Request) -> None:
    gathered.artist(row)


def _loose_paging(body: bytes, *path: str) -> api_types.Paging:
    found = plain(body)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    try:
        return msgspec.convert(found, api_types.Paging, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def _listing(
    item: Any, path: tuple[str, ...], use: Callable[[PageBuilder, Any, Request], Any]
) -> Parser:
    """A parser of an offset page of something, wrapped in `path`."""

    def parse(request: Request, response: Response) -> Page:
        gathered = PageBuilder()
        paging = _loose_paging(response.body, *path)
        rows = _converted(paging.items, item, gathered.page)
        for row in rows:
            use(gathered, row, request)
        page = gathered.build()
        page.total = paging.total
        page.continues = _continues(request, paging, len(paging.items or ()))
        return page

    return parse


def _converted(items: Iterable[Any] | None, item: Any, page: Page) -> list[Any]:
    if items is None:
        raise Malformed("a page without items")
    rows = []
    for element in items:
        if element is None:
            page.findings.append(Finding("null_item", "an element of a page is null"))
            continue
        try:
            rows.append(msgspec.convert(element, item, strict=False))
        except (msgspec.ValidationError, RecursionError) as error:
            page.findings.append(Finding("malformed_item", str(error)))
    return rows


def _use_track(gathered: PageBuilder, row: api_types.Track, request: Request) -> None:
    gathered.track(row)


def _use_album_track(gathered: PageBuilder, row: api_types.Track, request: Request) -> None:
    gathered.track(row, request.ids[0])


def _use_album(gathered: PageBuilder, row: api_types.Album, request: Request) -> None:
    gathered.album(row, keep=True)


def _use_playlist(gathered: PageBuilder, row: api_types.Playlist, request: Request) -> None:
    gathered.playlist(row)


def _use_category(gathered: PageBuilder, row: api_types.Category, request: Request) -> None:
    gathered.page.links.append(Link("category", row.id))


def _track(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    gathered.track(one_of(response.body, api_types.Track))
    return gathered.build()


def _batch(
    name: str, item: Any, use: Callable[[PageBuilder, Any], Any], null: str = "unknown_id"
) -> Parser:
    """A parser of a batch get: in the order of the ids; `null` is the finding for a null one."""

    def parse(request: Request, response: Response) -> Page:
        gathered = PageBuilder()
        body = plain(response.body)
        rows = body.get(name) if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise Malformed(f"no list called {name}")
        for place, element in enumerate(rows):
            if element is None:
                asked = request.ids[place] if place < len(request.ids) else "?"
                gathered.page.findings.append(Finding(null, asked))
        if null != "null_item":
            gathered.page.findings += [Finding(null, asked) for asked in request.ids[len(rows) :]]
        for row in _converted([e for e in rows if e is not None], item, gathered.page):
            use(gathered, row)
        return gathered.build()

    return parse


def _whole_album(gathered: PageBuilder, row: api_types.Album) -> None:
    key = gathered.album(row, keep=True)
    paging = row.tracks
    if key is None or not isinstance(paging, api_types.Paging) or paging.items is None:
        gathered.page.findings.append(Finding("malformed_item", f"album {key} without its tracks"))
        return
    for track in _converted(paging.items, api_types.Track, gathered.page):
        gathered.track(track, key)
    rest = Request("album_tracks", (key,))
    gathered.page.continues += _continues(rest, paging, len(paging.items or ()))


def _album(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    _whole_album(gathered, one_of(response.body, api_types.Album))
    return gathered.build()


def _playlist(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    row = one_of(response.body, api_types.Playlist)
    key = gathered.playlist(row)
    paging = row.items or row.tracks
    if key and isinstance(paging, api_types.Paging) and paging.items is not None:
        _entries_of(gathered, paging, key, 0)
        rest = Request("playlist_tracks", (key,))
        gathered.page.continues = _continues(rest, paging, len(paging.items))
    return gathered.build()


def _entries_of(gathered: PageBuilder, paging: api_types.Paging, playlist: str, first: int) -> None:
    for place, element in enumerate(paging.items or ()):
        for row in _converted([element], api_types.Entry, gathered.page):
            gathered.entry(row, playlist, first + place)


def _playlist_tracks(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    paging = _loose_paging(response.body)
    if paging.items is None:
        raise Malformed("a page without items")
    _entries_of(gathered, paging, request.ids[0], request.offset)
    page = gathered.build()
    page.total, page.continues = paging.total, _continues(request, paging, len(paging.items or ()))
    return page


def _features(gathered: PageBuilder, row: api_types.Features) -> None:
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name != "id"}
    gathered.page.records.append(AudioFeatures(SOURCE, row.id, **fields))


def _genre_seeds(request: Request, response: Response) -> Page:
    body = plain(response.body)
    names = body.get("genres") if isinstance(body, dict) else None
    if not isinstance(names, list):
        raise Malformed("no list called genres")
    records: list[Record] = [Genre(SOURCE, n, name=n) for n in names if isinstance(n, str) and n]
    odd = [n for n in names if not isinstance(n, str) or not n]
    return Page(records=records, findings=[Finding("malformed_item", repr(n)) for n in odd])


PARSERS: dict[str, Parser] = {
    "genre_seeds": _genre_seeds,
    "categories": _listing(api_types.Category, ("categories",), _use_category),
    "new_releases": _listing(api_types.Album, ("albums",), _use_album),
    "category_playlists": _listing(api_types.Playlist, ("playlists",), _use_playlist),
    "genre_artists": _artist_search,
    "genre_tracks": _listing(api_types.Track, ("tracks",), _use_track),
    "search_artist": _artist_search,
    "search_word": _mixed_search,
    "search_slice": _mixed_search,
    "search_album": _listing(api_types.Album, ("albums",), _use_album),
    "search_track": _listing(api_types.Track, ("tracks",), _use_track),
    "search_playlist": _listing(api_types.Playlist, ("playlists",), _use_playlist),
    "artist": _artist,
    "artists": _artist_list,
    "related": _related,
    "artist_albums": _listing(api_types.Album, (), _use_album),
    "top_tracks": _batch("tracks", api_types.Track, PageBuilder.track, "null_item"),
    "album": _album,
    "albums": _batch("albums", api_types.Album, _whole_album),
    "album_tracks": _listing(api_types.Track, (), _use_album_track),
    "track": _track,
    "tracks": _batch("tracks", api_types.Track, PageBuilder.track),
    "audio_features": _batch("audio_features", api_types.Features, _features, "not_measured"),
    "playlist": _playlist,
    "playlist_tracks": _playlist_tracks,
}
