"""Parse ReccoBeats' responses into records; unknown ids are left out, so rows name theirs."""

from __future__ import annotations

import re
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records import AudioFeatures, Record, Track
from phonofilm.sources.contract import Page, Parser, Request, Response
from phonofilm.sources.decode import items_of
from phonofilm.sources.record_builder import external_id, mapped

SOURCE = "reccobeats"
_TRACK = re.compile(r"open\.spotify\.com/track/([0-9A-Za-z]{22})")
Id = Annotated[str, msgspec.Meta(min_length=1)]
Number = float | None | UnsetType


T = TypeVar("T")


class _Content(msgspec.Struct, Generic[T]):
    content: list[T]


class _Features(msgspec.Struct):
    id: Id
    href: str | None = None
    isrc: str | None | UnsetType = UNSET
    acousticness: Number = UNSET
    danceability: Number = UNSET
    energy: Number = UNSET
    instrumentalness: Number = UNSET
    key: int | None | UnsetType = UNSET
    liveness: Number = UNSET
    loudness: Number = UNSET
    mode: int | None | UnsetType = UNSET
    speechiness: Number = UNSET
    tempo: Number = UNSET
    valence: Number = UNSET


class _Name(msgspec.Struct):
    name: str | None = None


class _Track(msgspec.Struct, rename="camel"):
    id: Id
    track_title: str | None | UnsetType = UNSET
    artists: list[_Name] | None | UnsetType = UNSET
    duration_ms: int | None | UnsetType = UNSET
    isrc: str | None | UnsetType = UNSET
    href: str | None = None
    popularity: int | None | UnsetType = UNSET


def _codes(key: str, href: str | None) -> list[Record]:
    """Return Spotify's id of the recording, the end of its URL."""
    match = _TRACK.search(href or "")
    return [external_id(SOURCE, "track", key, "spotify", match[1])] if match else []


def _rows(response: Response, content: Any, item: Any) -> tuple[list[Any], Page]:
    """Return the rows, without those that do not fit, and an empty page."""
    page = Page(records=[], links=[], continues=[], findings=[])
    _, rows = items_of(response.body, content, item, ["content"], page)
    return [row for row in rows if row is not UNSET], page


def _features(request: Request, response: Response) -> Page:
    rows, page = _rows(response, _Content[_Features], _Features)
    for row in rows:
        page.records.append(
            AudioFeatures(
                SOURCE,
                row.id,
                danceability=row.danceability,
                energy=row.energy,
                key=row.key,
                loudness=row.loudness,
                mode=row.mode,
                speechiness=row.speechiness,
                acousticness=row.acousticness,
                instrumentalness=row.instrumentalness,
                liveness=row.liveness,
                valence=row.valence,
                tempo=row.tempo,
            )
        )
        page.records.append(Track(SOURCE, row.id, isrc=row.isrc, url=row.href))
        page.records += _codes(row.id, row.href)
    return page


def _tracks(request: Request, response: Response) -> Page:
    rows, page = _rows(response, _Content[_Track], _Track)
    for row in rows:
        page.records.append(
            Track(
                SOURCE,
                row.id,
                name=row.track_title,
                artist_names=mapped(row.artists, lambda people: [person.name for person in people]),
                duration_ms=row.duration_ms,
                isrc=row.isrc,
                popularity=row.popularity,
                url=row.href,
            )
        )
        page.records += _codes(row.id, row.href)
    return page


PARSERS: dict[str, Parser] = {"audio_features": _features, "tracks": _tracks}
