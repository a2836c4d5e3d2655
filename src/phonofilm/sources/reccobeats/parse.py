"""Parse ReccoBeats' responses into records; unknown ids are left out, so rows name theirs."""

from __future__ import annotations

import re
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records import AudioFeatures, ExternalId, Record, Track
from phonofilm.records.values.codes import isrc
from phonofilm.sources.contract import Page, Parser, Request, Response
from phonofilm.sources.decode import items_of
from phonofilm.sources.record_builder import mapped

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
    track_title: str | None = None
    artists: list[_Name] = []
    duration_ms: int | None = None
    isrc: str | None = None
    href: str | None = None
    popularity: int | None = None


def _codes(key: str, href: str | None) -> list[Record]:
    """Return Spotify's id of the recording, the end of its URL."""
    match = _TRACK.search(href or "")
    if not match:
        return []
    return [
        ExternalId(
            SOURCE,
            f"track:{key}:spotify:{match[1]}",
            of_kind="track",
            of_id=key,
            scheme="spotify",
            value=match[1],
        )
    ]


def _features(request: Request, response: Response) -> Page:
    _, rows, odd = items_of(response.body, _Content[_Features], _Features, ["content"])
    page = Page(records=[], links=[], continues=[], findings=list(odd))
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
                tempo=mapped(row.tempo, lambda tempo: tempo or None),
            )
        )
        page.records.append(Track(SOURCE, row.id, isrc=mapped(row.isrc, isrc), url=row.href))
        page.records += _codes(row.id, row.href)
    return page


def _tracks(request: Request, response: Response) -> Page:
    _, rows, odd = items_of(response.body, _Content[_Track], _Track, ["content"])
    page = Page(records=[], links=[], continues=[], findings=list(odd))
    for row in rows:
        page.records.append(
            Track(
                SOURCE,
                row.id,
                name=row.track_title,
                artist_names=[person.name for person in row.artists],
                duration_ms=row.duration_ms,
                isrc=isrc(row.isrc),
                popularity=row.popularity,
                url=row.href,
            )
        )
        page.records += _codes(row.id, row.href)
    return page


PARSERS: dict[str, Parser] = {"audio_features": _features, "tracks": _tracks}
