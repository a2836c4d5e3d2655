"""Deezer's answers as records. Pure: the network is never touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from phonofilm.records import ArtistGenre, ArtistRelation, AudioFeatures, Genre
from phonofilm.sources.contract import Finding, Page, Parser, Request, Response
from phonofilm.sources.decode import items_of, one_of
from phonofilm.sources.deezer import api_types
from phonofilm.sources.deezer.convert import SOURCE, PageBuilder, milliseconds
from phonofilm.sources.record_builder import mapped


def _continues(request: Request, page: Any, count: int) -> list[Request]:
    """The next page by our own index: `next` only says that there is one."""
    if not page.next or not count:
        return []
    return [Request(request.endpoint, request.ids, request.offset + count)]


def _count(total: Any) -> int | None:
    return total if isinstance(total, int) else None


def _artists(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    found, rows, odd = items_of(response.body, api_types.ArtistPage, api_types.Artist, ["data"])
    for row in rows:
        gathered.artist(row)
    page = gathered.build()
    page.findings += odd
    paging = found or one_of(response.body, api_types.Page)
    listed = len(paging.data)
    page.total, page.continues = _count(paging.total), _continues(request, paging, listed)
    return page


def _genre_artists(request: Request, response: Response) -> Page:
    page = _artists(request, response)
    genre = request.ids[0]
    if genre != "0":  # genre 0 is "all"
        page.records += [
            ArtistGenre(SOURCE, f"{r.id}:{genre}", artist_id=r.id, genre_id=genre)
            for r in list(page.records)
        ]
    return page


def _related(request: Request, response: Response) -> Page:
    page = _artists(request, response)
    owner = request.ids[0]
    page.records += [
        ArtistRelation(
            SOURCE,
            f"{owner}:{r.id}",
            artist_id=owner,
            related_id=r.id,
            position=request.offset + place,
        )
        for place, r in enumerate(list(page.records))
    ]
    return page


def _listing(item: Any, use: Callable[[PageBuilder, Any, Request], Any]) -> Parser:
    """A parser of an index page of something."""

    def parse(request: Request, response: Response) -> Page:
        gathered = PageBuilder()
        found = one_of(response.body, api_types.Page)
        for row in _converted(found.data, item, gathered.page):
            use(gathered, row, request)
        page = gathered.build()
        page.total, page.continues = (
            _count(found.total),
            _continues(request, found, len(found.data)),
        )
        return page

    return parse


def _converted(items: list[Any], item: Any, page: Page) -> list[Any]:
    rows = []
    for element in items:
        try:
            rows.append(msgspec.convert(element, item, strict=False))
        except (msgspec.ValidationError, RecursionError) as error:
            page.findings.append(Finding("malformed_item", str(error)))
    return rows


def _use_genre(gathered: PageBuilder, row: api_types.Genre, request: Request) -> None:
    gathered.page.records.append(Genre(SOURCE, str(row.id), name=row.name))


def _use_album(gathered: PageBuilder, row: api_types.Album, request: Request) -> None:
    gathered.album(row)


def _use_own_album(gathered: PageBuilder, row: api_types.Album, request: Request) -> None:
    gathered.album(row, owner=[request.ids[0]])


def _use_track(gathered: PageBuilder, row: api_types.Track, request: Request) -> None:
    gathered.track(row)


def _use_album_track(gathered: PageBuilder, row: api_types.Track, request: Request) -> None:
    gathered.track(row, request.ids[0])


def _use_playlist(gathered: PageBuilder, row: api_types.Playlist, request: Request) -> None:
    gathered.playlist(row)


def _artist(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    gathered.artist(one_of(response.body, api_types.Artist))
    return gathered.build()


def _album(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    row = one_of(response.body, api_types.Album)
    key = gathered.album(row)
    if isinstance(row.tracks, api_types.Listed):
        for track in _converted(row.tracks.data, api_types.Track, gathered.page):
            gathered.track(track, key)
    return gathered.build()


def _track(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    row = one_of(response.body, api_types.Track)
    key = gathered.track(row)
    gathered.page.records.append(
        AudioFeatures(
            SOURCE,
            key,
            # 0 is what Deezer writes when nobody measured.
            tempo=mapped(row.bpm, lambda bpm: bpm or None),
            gain_db=mapped(row.gain, lambda gain: gain or None),
            duration_ms=mapped(row.duration, milliseconds),
        )
    )
    return gathered.build()


def _playlist(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    row = one_of(response.body, api_types.Playlist)
    key = gathered.playlist(row)
    if isinstance(row.tracks, api_types.Listed):
        for place, element in enumerate(row.tracks.data):
            for track in _converted([element], api_types.Track, gathered.page):
                gathered.entry(track, key, place)
        here = len(row.tracks.data)
        if isinstance(row.nb_tracks, int) and 0 < here < row.nb_tracks:
            gathered.page.continues = [Request("playlist_tracks", (key,), here)]
    return gathered.build()


def _playlist_tracks(request: Request, response: Response) -> Page:
    gathered = PageBuilder()
    found = one_of(response.body, api_types.Page)
    for place, element in enumerate(found.data):
        for track in _converted([element], api_types.Track, gathered.page):
            gathered.entry(track, request.ids[0], request.offset + place)
    page = gathered.build()
    page.total, page.continues = _count(found.total), _continues(request, found, len(found.data))
    return page


PARSERS: dict[str, Parser] = {
    "genres": _listing(api_types.Genre, _use_genre),
    "genre_artists": _genre_artists,
    "chart_artists": _genre_artists,
    "chart_tracks": _listing(api_types.Track, _use_track),
    "chart_albums": _listing(api_types.Album, _use_album),
    "chart_playlists": _listing(api_types.Playlist, _use_playlist),
    "search_artist": _artists,
    "search_album": _listing(api_types.Album, _use_album),
    "search_track": _listing(api_types.Track, _use_track),
    "search_playlist": _listing(api_types.Playlist, _use_playlist),
    "artist": _artist,
    "related": _related,
    "artist_albums": _listing(api_types.Album, _use_own_album),
    "top_tracks": _listing(api_types.Track, _use_track),
    "album": _album,
    "album_tracks": _listing(api_types.Track, _use_album_track),
    "track": _track,
    "isrc": _track,
    "playlist": _playlist,
    "playlist_tracks": _playlist_tracks,
}
