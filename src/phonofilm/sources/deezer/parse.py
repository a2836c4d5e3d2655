"""Deezer's answers as records. Pure: the network is never touched."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records import (
    Album,
    Artist,
    ArtistGenre,
    ArtistRelation,
    AudioFeatures,
    Genre,
    Maybe,
    Playlist,
    PlaylistEntry,
    Record,
    Track,
)
from phonofilm.records.dates import release_date
from phonofilm.records.ids import isrc, upc
from phonofilm.sources.base import (
    Finding,
    Malformed,
    Page,
    Parser,
    Request,
    Response,
    items_of,
    one_of,
)
from phonofilm.sources.deezer import wire

SOURCE = "deezer"
T = TypeVar("T")
V = TypeVar("V")
_EXPIRES = re.compile(r"exp=(\d{9,11})")
_TYPES = {"compile": "compilation"}


def _map(value: T | None | UnsetType, use: Callable[[T], V | None]) -> Maybe[V]:
    """Absent stays absent, null stays null, a value is used."""
    if value is UNSET or isinstance(value, UnsetType):
        return UNSET
    return None if value is None else use(value)


def _blank(text: Maybe[str]) -> Maybe[str]:
    """Deezer writes "" for what it does not have."""
    return None if text == "" else text


def _ms(seconds: int) -> int:
    return seconds * 1000


class Gathered:
    """Records of one answer; a thing mentioned twice is kept once, in its fuller form."""

    def __init__(self) -> None:
        self.page = Page(records=[], links=[], continues=[], findings=[])
        self._mentions: dict[tuple[str, str], Record] = {}

    def artist(self, row: wire.Artist) -> str:
        """An artist as listed or looked up."""
        key = str(row.id)
        self.page.records.append(
            Artist(
                SOURCE, key,
                name=row.name,
                followers=row.nb_fan,
                album_count=row.nb_album,
                image_url=_blank(row.picture_xl),
                url=row.link,
            )
        )  # fmt: skip
        return key

    def _mention(self, row: wire.Artist) -> str:
        key = str(row.id)
        if ("artist", key) not in self._mentions:
            self._mentions["artist", key] = Artist(
                SOURCE, key, name=row.name, image_url=_blank(row.picture_xl), url=row.link
            )
        return key

    def _credits(self, row: wire.Album | wire.Track) -> tuple[Maybe[list[str]], Maybe[list[str]]]:
        people = row.contributors
        if isinstance(people, UnsetType) or people is None:
            if isinstance(row.artist, UnsetType):
                return UNSET, UNSET
            people = [row.artist] if row.artist else []
        return [self._mention(p) for p in people], [p.name or "" for p in people]

    def album(self, row: wire.Album, owner: Maybe[list[str]] = UNSET) -> str:
        """An album as listed or looked up; `owner` fills in what an artist's own list leaves out."""
        key = str(row.id)
        ids, names = self._credits(row)
        held = not isinstance(row.release_date, UnsetType)
        date, precision = release_date(row.release_date or None)
        self.page.records.append(
            Album(
                SOURCE, key,
                name=row.title,
                album_type=_map(row.record_type, lambda t: _TYPES.get(t, t)),
                artist_ids=owner if ids is UNSET else ids,
                artist_names=names,
                release_date=date if held else UNSET,
                release_date_precision=precision if held else UNSET,
                total_tracks=row.nb_tracks,
                label=_blank(row.label),
                upc=_map(row.upc, upc),
                genres=_map(row.genres, lambda g: [genre.name or "" for genre in g.data]),
                fans=row.fans,
                duration_ms=_map(row.duration, _ms),
                image_url=_blank(row.cover_xl),
                url=row.link,
            )
        )  # fmt: skip
        if isinstance(row.genres, wire.Genres) and isinstance(ids, list):
            self._genres(ids, [str(genre.id) for genre in row.genres.data])
        return key

    def _genres(self, artists: list[str], genres: list[str]) -> None:
        self.page.records += [
            ArtistGenre(SOURCE, f"{artist}:{genre}", artist_id=artist, genre_id=genre)
            for artist in artists
            for genre in genres
        ]

    def track(self, row: wire.Track, album_id: Maybe[str] = UNSET) -> str:
        """A track as listed, placed on its album or looked up."""
        key = str(row.id)
        album = row.album if isinstance(row.album, wire.Album) else None
        if album:
            album_id = str(album.id)
            self._mentions.setdefault(
                ("album", album_id),
                Album(SOURCE, album_id, name=album.title, image_url=_blank(album.cover_xl)),
            )
        ids, names = self._credits(row)
        if not row.title:
            self.page.findings.append(Finding("track_without_name", key))
        preview = _blank(row.preview)
        expires = _EXPIRES.search(preview) if isinstance(preview, str) else None
        self.page.records.append(
            Track(
                SOURCE, key,
                name=row.title or None,
                artist_ids=ids,
                artist_names=names,
                album_id=album_id,
                album_name=album.title if album else UNSET,
                duration_ms=_map(row.duration, _ms),
                isrc=_map(row.isrc, isrc),
                explicit=row.explicit_lyrics,
                track_number=row.track_position,
                disc_number=row.disk_number,
                release_date=_map(row.release_date, lambda date: release_date(date)[0]),
                rank=row.rank,
                preview_url=preview,
                preview_expires_at=_map(preview, lambda _: int(expires[1]) if expires else None),
                url=row.link,
            )
        )  # fmt: skip
        return key

    def playlist(self, row: wire.Playlist) -> str:
        """A playlist without its entries."""
        owner = row.user if isinstance(row.creator, UnsetType) else row.creator
        self.page.records.append(
            Playlist(
                SOURCE, str(row.id),
                name=row.title,
                description=row.description,
                owner_id=_map(owner, lambda o: None if o.id is None else str(o.id)),
                owner_name=_map(owner, lambda o: o.name),
                track_count=row.nb_tracks,
                followers=row.fans,
                public=row.public,
                collaborative=row.collaborative,
                snapshot_id=row.checksum,
                image_url=_blank(row.picture_xl),
                url=row.link,
            )
        )  # fmt: skip
        return str(row.id)

    def entry(self, row: wire.Track, playlist: str, position: int) -> None:
        """A track in its place in a playlist."""
        track_id = self.track(row)
        self.page.records.append(
            PlaylistEntry(
                SOURCE,
                f"{playlist}:{position}",
                playlist_id=playlist,
                position=position,
                track_id=track_id,
                entry_type="track",
                added_at=_map(row.time_add, _iso),
            )
        )

    def done(self) -> Page:
        """The page, mentions after what was listed."""
        full = {(record.kind, record.id) for record in self.page.records}
        self.page.records += [r for key, r in self._mentions.items() if key not in full]
        return self.page


def _iso(seconds: int) -> str | None:
    if not 0 < seconds < 253_402_300_800:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _continues(request: Request, page: Any, count: int) -> list[Request]:
    """The next page by our own index: `next` only says that there is one."""
    if not page.next or not count:
        return []
    return [Request(request.endpoint, request.ids, request.offset + count)]


def _artists(request: Request, response: Response) -> Page:
    gathered = Gathered()
    found, rows, odd = items_of(response.body, wire.ArtistPage, wire.Artist, ["data"])
    for row in rows:
        gathered.artist(row)
    page = gathered.done()
    page.findings += odd
    if found:
        page.total, page.continues = found.total, _continues(request, found, len(rows))
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
            SOURCE, f"{owner}:{r.id}", artist_id=owner, related_id=r.id,
            position=request.offset + place,
        )
        for place, r in enumerate(list(page.records))
    ]  # fmt: skip
    return page


def _listing(item: Any, use: Callable[[Gathered, Any, Request], Any]) -> Parser:
    """A parser of an index page of something."""

    def parse(request: Request, response: Response) -> Page:
        gathered = Gathered()
        found = one_of(response.body, wire.Page)
        for row in _converted(found.data, item, gathered.page):
            use(gathered, row, request)
        page = gathered.done()
        page.total, page.continues = found.total, _continues(request, found, len(found.data))
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


def _use_genre(gathered: Gathered, row: wire.Genre, request: Request) -> None:
    gathered.page.records.append(Genre(SOURCE, str(row.id), name=row.name))


def _use_album(gathered: Gathered, row: wire.Album, request: Request) -> None:
    gathered.album(row)


def _use_own_album(gathered: Gathered, row: wire.Album, request: Request) -> None:
    gathered.album(row, owner=[request.ids[0]])


def _use_track(gathered: Gathered, row: wire.Track, request: Request) -> None:
    gathered.track(row)


def _use_album_track(gathered: Gathered, row: wire.Track, request: Request) -> None:
    gathered.track(row, request.ids[0])


def _use_playlist(gathered: Gathered, row: wire.Playlist, request: Request) -> None:
    gathered.playlist(row)


def _artist(request: Request, response: Response) -> Page:
    gathered = Gathered()
    gathered.artist(one_of(response.body, wire.Artist))
    return gathered.done()


def _album(request: Request, response: Response) -> Page:
    gathered = Gathered()
    row = one_of(response.body, wire.Album)
    key = gathered.album(row)
    if isinstance(row.tracks, wire.Listed):
        for track in _converted(row.tracks.data, wire.Track, gathered.page):
            gathered.track(track, key)
    return gathered.done()


def _track(request: Request, response: Response) -> Page:
    gathered = Gathered()
    row = one_of(response.body, wire.Track)
    key = gathered.track(row)
    gathered.page.records.append(
        AudioFeatures(
            SOURCE, key,
            # 0 is what Deezer writes when nobody measured.
            tempo=_map(row.bpm, lambda bpm: bpm or None),
            gain_db=_map(row.gain, lambda gain: gain or None),
            duration_ms=_map(row.duration, _ms),
        )
    )  # fmt: skip
    return gathered.done()


def _playlist(request: Request, response: Response) -> Page:
    gathered = Gathered()
    row = one_of(response.body, wire.Playlist)
    key = gathered.playlist(row)
    if isinstance(row.tracks, wire.Listed):
        for place, element in enumerate(row.tracks.data):
            for track in _converted([element], wire.Track, gathered.page):
                gathered.entry(track, key, place)
    return gathered.done()


PARSERS: dict[str, Parser] = {
    "genres": _listing(wire.Genre, _use_genre),
    "genre_artists": _genre_artists,
    "chart_artists": _genre_artists,
    "chart_tracks": _listing(wire.Track, _use_track),
    "chart_albums": _listing(wire.Album, _use_album),
    "chart_playlists": _listing(wire.Playlist, _use_playlist),
    "search_artist": _artists,
    "search_album": _listing(wire.Album, _use_album),
    "search_track": _listing(wire.Track, _use_track),
    "search_playlist": _listing(wire.Playlist, _use_playlist),
    "artist": _artist,
    "related": _related,
    "artist_albums": _listing(wire.Album, _use_own_album),
    "top_tracks": _listing(wire.Track, _use_track),
    "album": _album,
    "album_tracks": _listing(wire.Track, _use_album_track),
    "track": _track,
    "playlist": _playlist,
}
__all__ = ["PARSERS", "Malformed"]
