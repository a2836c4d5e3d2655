"""SoundCloud's objects as they come: of the official API and of the one behind its pages.

Both shapes are read by one class each; what only one of them has is absent in the other. Only an id
is required: every counter may be null (quiet mode), and recorded answers hold null nearly anywhere.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Text = str | None | UnsetType
Number = int | float | None | UnsetType
Flag = bool | None | UnsetType


class Visual(msgspec.Struct):
    """A picture behind a profile."""

    visual_url: str | None = None


class Visuals(msgspec.Struct):
    """Pictures behind a profile."""

    visuals: list[Visual] | None = None


class User(msgspec.Struct):
    """An account; in tracks and comments a part of it."""

    id: int | str | None = None
    urn: str | None = None
    username: Text = UNSET
    permalink: Text = UNSET
    permalink_url: Text = UNSET
    avatar_url: Text = UNSET
    city: Text = UNSET
    country: Text = UNSET
    country_code: Text = UNSET
    description: Text = UNSET
    followers_count: Number = UNSET
    followings_count: Number = UNSET
    track_count: Number = UNSET
    playlist_count: Number = UNSET
    created_at: Text = UNSET
    visuals: Visuals | None | UnsetType = UNSET


class Publisher(msgspec.Struct):
    """Metadata of a track from its distributor."""

    artist: Text = UNSET
    isrc: Text = UNSET
    explicit: Flag = UNSET
    album_title: Text = UNSET
    p_line: Text = UNSET


class Track(msgspec.Struct):
    """An upload."""

    id: int | str | None = None
    urn: str | None = None
    title: Text = UNSET
    user: User | None | UnsetType = UNSET
    user_id: int | str | None = None
    duration: Number = UNSET
    full_duration: Number = UNSET
    description: Text = UNSET
    genre: Text = UNSET
    tag_list: Text = UNSET
    bpm: Number = UNSET
    key_signature: Text = UNSET
    isrc: Text = UNSET
    label_name: Text = UNSET
    metadata_artist: Text = UNSET
    publisher_metadata: Publisher | None | UnsetType = UNSET
    release_date: Text = UNSET
    release_year: Number = UNSET
    release_month: Number = UNSET
    release_day: Number = UNSET
    created_at: Text = UNSET
    license: Text = UNSET
    favoritings_count: Number = UNSET
    likes_count: Number = UNSET
    reposts_count: Number = UNSET
    playback_count: Number = UNSET
    comment_count: Number = UNSET
    download_count: Number = UNSET
    downloadable: Flag = UNSET
    download_url: Text = UNSET
    access: Text = UNSET
    policy: Text = UNSET
    artwork_url: Text = UNSET
    waveform_url: Text = UNSET
    permalink_url: Text = UNSET
    reveal_stats: Flag = UNSET


class Playlist(msgspec.Struct):
    """A set: a list of tracks, an album among them."""

    id: int | str | None = None
    urn: str | None = None
    title: Text = UNSET
    description: Text = UNSET
    user: User | None | UnsetType = UNSET
    track_count: Number = UNSET
    likes_count: Number = UNSET
    sharing: Text = UNSET
    last_modified: Text = UNSET
    artwork_url: Text = UNSET
    permalink_url: Text = UNSET
    tracks: list[Any] | None | UnsetType = UNSET  # each a Track, if it is one


class Comment(msgspec.Struct):
    """A comment; `timestamp` is milliseconds, as a number, as text, or null in old ones."""

    id: int | str | None = None
    urn: str | None = None
    self: dict[str, Any] | None = None
    body: Text = UNSET
    created_at: Text = UNSET
    timestamp: int | float | str | None | UnsetType = UNSET
    track_id: int | str | None = None
    track_urn: str | None = None
    user_id: int | str | None = None
    user_urn: str | None = None
    user: User | None = None


class WebProfile(msgspec.Struct):
    """A link on a profile."""

    id: int | str | None = None
    urn: str | None = None
    service: str | None = None
    network: str | None = None
    title: Text = UNSET
    url: Text = UNSET
    username: Text = UNSET


class Listing(msgspec.Struct):
    """A page of a list; the key of the next link may be absent."""

    collection: list[Any]
    next_href: str | None = None
    total_results: int | None = None


def tail(*names: int | str | None) -> str:
    """Return the id that a URN or a number ends in; a number rather than a word, else empty.

    URNs replace numbers since 2025 and numbers still resolve: the tail is the same in both.
    """
    word = ""
    for name in names:
        if name is not None:
            text = name if name.__class__ is str else str(name)
            text = text[text.rfind(":") + 1 :]
            if text.isdigit():
                return text
            word = word or text
    return word
