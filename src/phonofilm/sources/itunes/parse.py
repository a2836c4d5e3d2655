"""Parse iTunes' responses into records: one list, and each row names its type."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records import Album, Artist, Maybe, Track
from phonofilm.sources.contract import Finding, Page, Parser, Request, Response
from phonofilm.sources.decode import items_of
from phonofilm.sources.lists import Listing, list_parser
from phonofilm.sources.record_builder import RecordBuilder, mapped

SOURCE = "itunes"
Absent = UnsetType
_LARGE = "600x600bb"


class _Row(msgspec.Struct, rename="camel", gc=False):
    wrapper_type: str = ""
    kind: str = ""
    artist_id: int | None = None
    collection_id: int | None = None
    track_id: int | None = None
    artist_name: str | None = None
    collection_name: str | None = None
    track_name: str | None = None
    artist_link_url: str | None = None
    artist_view_url: str | None = None
    collection_view_url: str | None = None
    track_view_url: str | None = None
    artwork_url100: str | None = None
    preview_url: str | None | Absent = UNSET
    release_date: str | None | Absent = UNSET
    primary_genre_name: str | None | Absent = UNSET
    track_time_millis: int | None | Absent = UNSET
    track_explicitness: str | None | Absent = UNSET
    track_count: int | None | Absent = UNSET
    track_number: int | None | Absent = UNSET
    disc_number: int | None | Absent = UNSET


class _Found(msgspec.Struct):
    results: list[_Row]


class _Gathered(RecordBuilder):
    def row(self, row: _Row) -> None:
        """Add a row as what it says it is; others (videos, books) are left out."""
        if row.wrapper_type == "artist" and row.artist_id:
            self.page.records.append(
                Artist(
                    SOURCE,
                    str(row.artist_id),
                    name=row.artist_name,
                    genres=_genres(row),
                    url=row.artist_link_url or row.artist_view_url,
                )
            )
        elif row.wrapper_type == "collection" and row.collection_id:
            self._album(row)
        elif row.wrapper_type == "track" and row.kind == "song" and row.track_id:
            self._track(row)
        else:
            kind = row.kind or row.wrapper_type or "unnamed"
            self.page.findings.append(Finding("not_music", kind))

    def _credit(self, row: _Row) -> tuple[list[str], list[str | None]]:
        if not row.artist_id:
            return [], [row.artist_name]
        key = str(row.artist_id)
        person = Artist(SOURCE, key, name=row.artist_name, url=row.artist_view_url)
        self._mentions.setdefault(("artist", key), person)
        return [key], [row.artist_name]

    def _album(self, row: _Row) -> None:
        ids, names = self._credit(row)
        self.page.records.append(
            Album(
                SOURCE,
                str(row.collection_id),
                name=row.collection_name,
                artist_ids=ids,
                artist_names=names,
                release_date=_date(row),
                total_tracks=row.track_count,
                genres=_genres(row),
                image_url=_cover(row),
                url=row.collection_view_url,
            )
        )

    def _track(self, row: _Row) -> None:
        ids, names = self._credit(row)
        album = str(row.collection_id) if row.collection_id else None
        if album:
            self._mentions.setdefault(
                ("album", album),
                Album(
                    SOURCE,
                    album,
                    name=row.collection_name,
                    image_url=_cover(row),
                    url=row.collection_view_url,
                ),
            )
        preview: Maybe[str] = None if row.preview_url is UNSET else row.preview_url
        self.page.records.append(
            Track(
                SOURCE,
                str(row.track_id),
                name=row.track_name,
                artist_ids=ids,
                artist_names=names,
                album_id=album,
                album_name=row.collection_name,
                duration_ms=row.track_time_millis,
                explicit=mapped(row.track_explicitness, lambda text: text == "explicit"),
                track_number=row.track_number,
                disc_number=row.disc_number,
                release_date=_date(row),
                genres=_genres(row),
                preview_url=preview,
                preview_expires_at=None,
                url=row.track_view_url,
            )
        )


def _genres(row: _Row) -> Maybe[list[str]]:
    """Return the genre as a list; a row without one has no genre."""
    return [row.primary_genre_name] if isinstance(row.primary_genre_name, str) else None


def _date(row: _Row) -> Maybe[str]:
    """Return a day; the time of day behind it is the store's opening somewhere."""
    return mapped(row.release_date, lambda text: text.partition("T")[0])


def _cover(row: _Row) -> str | None:
    return row.artwork_url100.replace("100x100bb", _LARGE) if row.artwork_url100 else None


def _read(request: Request, response: Response, page: Page) -> Listing:
    _, rows = items_of(response.body, _Found, _Row, ["results"], page)
    return Listing(rows)


PARSERS: dict[str, Parser] = dict.fromkeys(
    (
        "search_artist",
        "search_album",
        "search_track",
        "artist",
        "artist_albums",
        "artist_tracks",
        "album",
        "upc",
    ),
    list_parser(_Gathered, _read, _Gathered.row),
)
