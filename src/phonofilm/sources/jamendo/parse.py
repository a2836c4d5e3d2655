"""Parse Jamendo's responses into records; missing values are "", and numbers may be text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records import Album, Artist, Tag, Track
from phonofilm.records.values.texts import plain_text
from phonofilm.sources.contract import Page, Parser, Request, Response
from phonofilm.sources.decode import items_of
from phonofilm.sources.lists import Listing, list_parser
from phonofilm.sources.record_builder import RecordBuilder, mapped, without

SOURCE = "jamendo"
Id = Annotated[str, msgspec.Meta(min_length=1)]


class _Headers(msgspec.Struct):
    results_count: int = 0
    results_fullcount: int | None = None


class _Tags(msgspec.Struct):
    genres: list[str] = []
    instruments: list[str] = []
    vartags: list[str] = []


class _MusicInfo(msgspec.Struct):
    tags: _Tags | list[Any] | None = None  # a list when there are none


class _Stats(msgspec.Struct):
    rate_listened_total: int | None = None


class _Artist(msgspec.Struct):
    id: Id
    name: str | None
    image: str = ""
    shareurl: str = ""


class _Album(msgspec.Struct):
    id: Id
    name: str | None
    artist_id: str = ""
    artist_name: str | None = None
    releasedate: str = ""
    image: str = ""
    shareurl: str = ""


class _Track(msgspec.Struct):
    id: Id
    name: str | None
    artist_id: str = ""
    artist_name: str | None = None
    album_id: str = ""
    album_name: str = ""
    duration: int | str = 0
    position: int | str = 0
    releasedate: str = ""
    license_ccurl: str = ""
    album_image: str = ""
    audio: str = ""
    audiodownload: str = ""
    audiodownload_allowed: bool = True
    shareurl: str = ""
    musicinfo: _MusicInfo | None | UnsetType = UNSET
    stats: _Stats | None | UnsetType = UNSET


T = TypeVar("T")


class _Answer(msgspec.Struct, Generic[T]):
    results: list[T]
    headers: _Headers | None = None


def _number(value: int | str) -> Any:
    """Return a number that may be text; null for "", and another text as it came."""
    text = str(value)
    return int(text) if re.fullmatch("[0-9]{1,15}", text) else value or None


def _name(text: str | None) -> str | None:
    """Return a name without the HTML entities that the API writes."""
    return plain_text(text) if text else None


class _Gathered(RecordBuilder):
    def artist(self, row: _Artist) -> None:
        self.page.records.append(
            Artist(
                SOURCE,
                row.id,
                name=_name(row.name),
                image_url=row.image or None,
                url=row.shareurl or None,
            )
        )

    def _mention(self, key: str, name: str | None) -> None:
        if key:
            self._mentions.setdefault(("artist", key), Artist(SOURCE, key, name=_name(name)))

    def album(self, row: _Album) -> None:
        self._mention(row.artist_id, row.artist_name)
        self.page.records.append(
            Album(
                SOURCE,
                row.id,
                name=_name(row.name),
                artist_ids=[row.artist_id] if row.artist_id else [],
                artist_names=[_name(row.artist_name)],
                release_date=row.releasedate,
                image_url=row.image or None,
                url=row.shareurl or None,
            )
        )

    def track(self, row: _Track) -> None:
        self._mention(row.artist_id, row.artist_name)
        if row.album_id:
            album = Album(
                SOURCE, row.album_id, name=_name(row.album_name), image_url=row.album_image or None
            )
            self._mentions.setdefault(("album", row.album_id), album)
        tags = row.musicinfo.tags if row.musicinfo else None
        genres = tags.genres if isinstance(tags, _Tags) else None
        seconds = _number(row.duration)
        self.page.records.append(
            Track(
                SOURCE,
                row.id,
                name=_name(row.name),
                artist_ids=[row.artist_id] if row.artist_id else [],
                artist_names=[_name(row.artist_name)],
                album_id=row.album_id or None,
                album_name=_name(row.album_name),
                duration_ms=seconds * 1000 if isinstance(seconds, int) else seconds,
                track_number=_number(row.position),
                release_date=row.releasedate,
                genres=genres if row.musicinfo else without(row.musicinfo),
                listens=mapped(row.stats, lambda stats: stats.rate_listened_total),
                licence_url=row.license_ccurl or None,
                audio_url=row.audiodownload or None if row.audiodownload_allowed else None,
                preview_url=row.audio or None,
                preview_expires_at=None,
                url=row.shareurl or None,
            )
        )
        if isinstance(tags, _Tags):
            self._tags(row.id, tags)

    def _tags(self, key: str, tags: _Tags) -> None:
        for name in dict.fromkeys([*tags.genres, *tags.instruments, *tags.vartags]):
            self.page.records.append(
                Tag(
                    SOURCE,
                    f"track:{key}:{name}",
                    of_kind="track",
                    of_id=key,
                    name=name,
                    is_genre=name in tags.genres,
                    licence=None,
                )
            )


def _list_of(item: Any, use: Callable[[_Gathered, Any], object], turns: bool = True) -> Parser:
    """Make a parser of a list; after a full page comes another."""

    def read(request: Request, response: Response, page: Page) -> Listing:
        answer, rows = items_of(response.body, _Answer[item], item, ["results"], page)
        headers = answer.headers
        goes_on = turns and len(rows) >= _PAGE
        reached = request.offset + len(rows)
        further = (Request(request.endpoint, request.ids, reached),) if goes_on else ()
        return Listing(rows, headers.results_fullcount if headers else None, further)

    return list_parser(_Gathered, read, use)


_PAGE = 200
_TRACKS = _list_of(_Track, _Gathered.track)
_ARTISTS = _list_of(_Artist, _Gathered.artist)
PARSERS: dict[str, Parser] = {
    "popular_artists": _ARTISTS,
    "popular_tracks": _TRACKS,
    "genre_artists": _TRACKS,
    "search_artist": _ARTISTS,
    "search_album": _list_of(_Album, _Gathered.album),
    "search_track": _TRACKS,
    "artist": _list_of(_Artist, _Gathered.artist, turns=False),
    "artist_albums": _list_of(_Album, _Gathered.album),
    "artist_tracks": _TRACKS,
    "track": _list_of(_Track, _Gathered.track, turns=False),
}
