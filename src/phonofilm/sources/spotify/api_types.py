"""Spotify's objects as they come over the wire; what may be missing or null is typed so."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

Absent = UnsetType
Id = Annotated[str, msgspec.Meta(min_length=1)]


class Urls(msgspec.Struct, gc=False):
    """URLs of an object, as Spotify sends it."""

    spotify: str | None | Absent = UNSET


class Image(msgspec.Struct, gc=False):
    """Picture of an object, as Spotify sends it."""

    url: str | None = None


class Count(msgspec.Struct, gc=False):
    """Counter inside an object, as Spotify sends it."""

    total: int | None | Absent = UNSET


class Artist(msgspec.Struct, gc=False):
    """Artist, as Spotify sends it."""

    id: str | None = None
    name: str | None | Absent = UNSET
    external_urls: Urls | None | Absent = UNSET
    genres: list[str] | None | Absent = UNSET
    popularity: int | None | Absent = UNSET
    followers: Count | None | Absent = UNSET
    images: list[Image] | None | Absent = UNSET


class Codes(msgspec.Struct, gc=False):
    """External codes of a track or album, as Spotify sends it."""

    isrc: str | None | Absent = UNSET
    upc: str | None | Absent = UNSET
    ean: str | None | Absent = UNSET


class Album(msgspec.Struct, gc=False):
    """Album, as Spotify sends it."""

    id: str | None = None
    name: str | None | Absent = UNSET
    external_urls: Urls | None | Absent = UNSET
    album_type: str | None | Absent = UNSET
    artists: list[Artist | None] | None | Absent = UNSET
    release_date: str | None | Absent = UNSET
    release_date_precision: str | None | Absent = UNSET
    total_tracks: int | None | Absent = UNSET
    label: str | None | Absent = UNSET
    external_ids: Codes | None | Absent = UNSET
    genres: list[str] | None | Absent = UNSET
    popularity: int | None | Absent = UNSET
    images: list[Image] | None | Absent = UNSET
    tracks: Paging | None | Absent = UNSET


class Linked(msgspec.Struct, gc=False):
    """Reference to the requested track, as Spotify sends it."""

    id: str | None = None


class Track(msgspec.Struct, gc=False):
    """Track, as Spotify sends it."""

    id: str | None = None
    name: str | None | Absent = UNSET
    artists: list[Artist | None] | None | Absent = UNSET
    album: Album | None | Absent = UNSET
    external_urls: Urls | None | Absent = UNSET
    external_ids: Codes | None | Absent = UNSET
    duration_ms: int | None | Absent = UNSET
    explicit: bool | None | Absent = UNSET
    disc_number: int | None | Absent = UNSET
    track_number: int | None | Absent = UNSET
    popularity: int | None | Absent = UNSET
    preview_url: str | None | Absent = UNSET
    is_local: bool | None | Absent = UNSET
    uri: str | None = None
    type: str | None = None
    episode: bool | None = None
    # The track that was requested, where another one plays in its place.
    linked_from: Linked | None = None


class Paging(msgspec.Struct, gc=False):
    """An offset page; its items are decoded by their own type."""

    items: list[Any] | None = None
    total: int | None = None
    limit: int | None = None
    offset: int | None = None
    next: str | None = None


class Entry(msgspec.Struct, gc=False):
    """Playlist entry, as Spotify sends it."""

    added_at: str | None | Absent = UNSET
    is_local: bool | None = None
    # 2026-02: `track` became `item`; while both come, `item` is read first.
    item: Track | None | Absent = UNSET
    track: Track | None | Absent = UNSET


class Owner(msgspec.Struct, gc=False):
    """Owner of a playlist, as Spotify sends it."""

    id: str | None | Absent = UNSET
    display_name: str | None | Absent = UNSET


class Playlist(msgspec.Struct, gc=False):
    """Playlist, as Spotify sends it."""

    id: str | None = None
    name: str | None | Absent = UNSET
    external_urls: Urls | None | Absent = UNSET
    description: str | None | Absent = UNSET
    owner: Owner | None | Absent = UNSET
    tracks: Paging | None | Absent = UNSET
    items: Paging | None | Absent = UNSET
    followers: Count | None | Absent = UNSET
    public: bool | None | Absent = UNSET
    collaborative: bool | None | Absent = UNSET
    snapshot_id: str | None | Absent = UNSET
    images: list[Image] | None | Absent = UNSET


class Features(msgspec.Struct, gc=False):
    """Audio features of a track, as Spotify sends it."""

    id: Id
    danceability: float | None | Absent = UNSET
    energy: float | None | Absent = UNSET
    key: int | None | Absent = UNSET
    loudness: float | None | Absent = UNSET
    mode: int | None | Absent = UNSET
    speechiness: float | None | Absent = UNSET
    acousticness: float | None | Absent = UNSET
    instrumentalness: float | None | Absent = UNSET
    liveness: float | None | Absent = UNSET
    valence: float | None | Absent = UNSET
    tempo: float | None | Absent = UNSET
    time_signature: int | None | Absent = UNSET
    duration_ms: int | None | Absent = UNSET


class Category(msgspec.Struct, gc=False):
    """Browse category, as Spotify sends it."""

    id: str
    name: str | None = None


class ArtistPage(msgspec.Struct, gc=False):
    """A list of full artists: related, batch."""

    artists: list[Artist | None]


class ArtistPaging(msgspec.Struct, gc=False):
    """Page of artists, as Spotify sends it."""

    items: list[Artist | None]
    total: int | None = None
    limit: int | None = None
    offset: int | None = None
    next: str | None = None


class ArtistSearch(msgspec.Struct, gc=False):
    """Search result with artists, as Spotify sends it."""

    artists: ArtistPaging
