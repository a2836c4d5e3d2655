"""Parse ListenBrainz's responses into records; ids are MusicBrainz's."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records import Artist, ArtistRelation, Tag, Track
from phonofilm.sources.contract import Finding, Page, Parser, Request, Response
from phonofilm.sources.decode import items_of
from phonofilm.sources.musicbrainz.convert import TAG_LICENCE
from phonofilm.sources.musicbrainz.other_catalogues import elsewhere
from phonofilm.sources.record_builder import external_id

SOURCE = "listenbrainz"
Id = Annotated[str, msgspec.Meta(min_length=1)]


class _Tag(msgspec.Struct):
    tag: Id
    count: int | None = None
    genre_mbid: str | None = None


class _Tags(msgspec.Struct):
    artist: list[_Tag] | None = None


class _Artist(msgspec.Struct):
    artist_mbid: Id
    name: str | None = None
    type: str | None = None
    begin_year: int | None = None
    rels: dict[str, Any] = {}
    tag: _Tags | None = None


class _Counted(msgspec.Struct):
    artist_mbid: str = ""
    recording_mbid: str = ""
    total_listen_count: int | None = None
    total_user_count: int | None = None


class _Similar(msgspec.Struct):
    artist_mbid: str | None = None
    name: str | None = None
    comment: str | None = None
    type: str | None = None


class _Top(msgspec.Struct):
    recording_mbid: Id
    recording_name: str | None = None
    artist_mbids: list[str] | None | UnsetType = UNSET
    artist_name: str | None = None
    release_mbid: str | None = None
    release_name: str | None = None
    length: int | None = None
    total_listen_count: int | None = None
    total_user_count: int | None = None


def _rows(response: Response, item: Any) -> tuple[list[Any], Page]:
    """Return the rows, without those that do not fit, and an empty page."""
    page = Page(records=[], links=[], continues=[], findings=[])
    _, rows = items_of(response.body, list[item], item, [], page)
    return [row for row in rows if row is not UNSET], page


def _metadata(request: Request, response: Response) -> Page:
    rows, page = _rows(response, _Artist)
    for row in rows:
        key = row.artist_mbid
        page.records.append(
            Artist(
                SOURCE,
                key,
                name=row.name,
                artist_type=row.type.lower() if row.type else None,
                begin_date=str(row.begin_year) if row.begin_year else None,
            )
        )
        page.records += [
            Tag(
                SOURCE,
                f"artist:{key}:{tag.tag}",
                of_kind="artist",
                of_id=key,
                name=tag.tag,
                votes=tag.count,
                is_genre=tag.genre_mbid is not None,
                licence=TAG_LICENCE,
            )
            for tag in ((row.tag.artist if row.tag else None) or ())
        ]
        external_ids = [
            elsewhere(url, "artist") for url in row.rels.values() if isinstance(url, str)
        ]
        page.records += [
            external_id(SOURCE, "artist", key, *known)
            for known in dict.fromkeys(external_ids)
            if known
        ]
    return page


def _artist_popularity(request: Request, response: Response) -> Page:
    rows, page = _rows(response, _Counted)
    page.records += [
        Artist(
            SOURCE, row.artist_mbid, listeners=row.total_user_count, listens=row.total_listen_count
        )
        for row in _counted(rows, "artist_mbid", page)
    ]
    return page


def _track_popularity(request: Request, response: Response) -> Page:
    rows, page = _rows(response, _Counted)
    page.records += [
        Track(
            SOURCE,
            row.recording_mbid,
            listeners=row.total_user_count,
            listens=row.total_listen_count,
        )
        for row in _counted(rows, "recording_mbid", page)
    ]
    return page


def _counted(rows: list[Any], name: str, page: Page) -> list[Any]:
    """Return the rows that count something.

    An id that is not known, or without a listener, is answered with its own id and null
    counts, which are no record of it.
    """
    rows = _with_id(rows, name, page)
    page.answered_ids += [getattr(row, name) for row in rows]
    return [row for row in rows if (row.total_listen_count, row.total_user_count) != (None, None)]


def _with_id(rows: list[Any], name: str, page: Page) -> list[Any]:
    """Return the rows with an id; the others are findings of the page."""
    known = [row for row in rows if getattr(row, name)]
    if len(known) < len(rows):
        page.findings.append(Finding("without_id", f"{len(rows) - len(known)} rows without {name}"))
    return known


def _similar(request: Request, response: Response) -> Page:
    page = Page(records=[], links=[], continues=[], findings=[])
    _, rows = items_of(response.body, list[_Similar], _Similar, [], page)
    places = [(rank, row) for rank, row in enumerate(rows) if row is not UNSET and row.artist_mbid]
    _with_id([row for row in rows if row is not UNSET], "artist_mbid", page)
    owner = request.ids[0]
    page.records += [
        Artist(
            SOURCE,
            row.artist_mbid,
            name=row.name,
            artist_type=row.type.lower() if row.type else None,
            disambiguation=row.comment or None,
        )
        for _, row in places
    ]
    page.records += [
        ArtistRelation(
            SOURCE,
            f"{owner}:{row.artist_mbid}",
            artist_id=owner,
            related_id=row.artist_mbid,
            position=rank,
        )
        for rank, row in places
    ]
    return page


def _top_tracks(request: Request, response: Response) -> Page:
    rows, page = _rows(response, _Top)
    page.records += [
        Track(
            SOURCE,
            row.recording_mbid,
            name=row.recording_name,
            artist_ids=row.artist_mbids,
            artist_names=[row.artist_name],
            album_id=row.release_mbid,
            album_name=row.release_name,
            duration_ms=row.length,
            listeners=row.total_user_count,
            listens=row.total_listen_count,
        )
        for row in rows
    ]
    return page


PARSERS: dict[str, Parser] = {
    "artist_metadata": _metadata,
    "artist_popularity": _artist_popularity,
    "track_popularity": _track_popularity,
    "similar": _similar,
    "top_tracks": _top_tracks,
}
