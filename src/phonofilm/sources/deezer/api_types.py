"""Deezer's objects as they come over the wire; what may be missing or null is typed so."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Absent = UnsetType


class Artist(msgspec.Struct, gc=False):
    """Artist, as Deezer sends it."""

    id: int
    name: str | None | Absent = UNSET
    link: str | None | Absent = UNSET
    picture_xl: str | None | Absent = UNSET
    nb_album: int | None | Absent = UNSET
    nb_fan: int | None | Absent = UNSET


class Genre(msgspec.Struct, gc=False):
    """Genre, as Deezer sends it."""

    id: int
    name: str | None = None


class Genres(msgspec.Struct, gc=False):
    """List of genres, as Deezer sends it."""

    data: list[Genre]


class Listed(msgspec.Struct, gc=False):
    """A list inside an object; its items are decoded by their own type."""

    data: list[Any]


class Album(msgspec.Struct, gc=False):
    """Album, as Deezer sends it."""

    id: int
    title: str | None | Absent = UNSET
    link: str | None | Absent = UNSET
    cover_xl: str | None | Absent = UNSET
    artist: Artist | None | Absent = UNSET
    contributors: list[Artist] | None | Absent = UNSET
    genre_id: int | None | Absent = UNSET
    genres: Genres | None | Absent = UNSET
    record_type: str | None | Absent = UNSET
    release_date: str | None | Absent = UNSET
    fans: int | None | Absent = UNSET
    label: str | None | Absent = UNSET
    upc: str | None | Absent = UNSET
    nb_tracks: int | None | Absent = UNSET
    duration: int | None | Absent = UNSET
    tracks: Listed | None | Absent = UNSET


class Track(msgspec.Struct, gc=False):
    """Track, as Deezer sends it."""

    id: int
    title: str | None | Absent = UNSET
    link: str | None | Absent = UNSET
    artist: Artist | None | Absent = UNSET
    contributors: list[Artist] | None | Absent = UNSET
    album: Album | None | Absent = UNSET
    isrc: str | None | Absent = UNSET
    duration: int | None | Absent = UNSET
    explicit_lyrics: bool | None | Absent = UNSET
    track_position: int | None | Absent = UNSET
    disk_number: int | None | Absent = UNSET
    release_date: str | None | Absent = UNSET
    rank: int | None | Absent = UNSET
    preview: str | None | Absent = UNSET
    bpm: float | None | Absent = UNSET
    gain: float | None | Absent = UNSET
    time_add: int | None | Absent = UNSET


class Owner(msgspec.Struct, gc=False):
    """Owner of a playlist, as Deezer sends it."""

    id: int | str | None = None
    name: str | None = None


class Playlist(msgspec.Struct, gc=False):
    """Playlist, as Deezer sends it."""

    id: int
    title: str | None | Absent = UNSET
    link: str | None | Absent = UNSET
    picture_xl: str | None | Absent = UNSET
    description: str | None | Absent = UNSET
    nb_tracks: int | None | Absent = UNSET
    fans: int | None | Absent = UNSET
    public: bool | None | Absent = UNSET
    collaborative: bool | None | Absent = UNSET
    checksum: str | None | Absent = UNSET
    creator: Owner | None | Absent = UNSET
    user: Owner | None | Absent = UNSET
    tracks: Listed | None | Absent = UNSET


class Page(msgspec.Struct, gc=False):
    """An index page; keys are absent, not null, at the ends."""

    data: list[Any]
    total: Any = None  # a claim that nothing depends on
    next: str | None = None


class ArtistPage(msgspec.Struct, gc=False):
    """Page of artists, as Deezer sends it."""

    data: list[Artist]
    total: Any = None  # a claim that nothing depends on
    next: str | None = None
