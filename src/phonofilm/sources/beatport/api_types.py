"""Beatport's objects as they come (API v4; recorded 2022 to 2026). Only an id is required."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Text = str | None | UnsetType
Number = int | float | None | UnsetType
Flag = bool | None | UnsetType


class Image(msgspec.Struct):
    """A picture; in one size, and with places for others."""

    uri: Text = UNSET


class Named(msgspec.Struct):
    """A label, genre, type: an id and a name."""

    id: int | str | None = None
    name: str | None = None
    slug: str | None = None
    image: Image | None | UnsetType = UNSET


class Key(msgspec.Struct):
    """A musical key."""

    name: Text = UNSET


class Release(msgspec.Struct):
    """A release as a track shows it, or as it is looked up itself."""

    id: int | str | None = None
    name: Text = UNSET
    slug: str | None = None
    image: Image | None | UnsetType = UNSET
    label: Named | None | UnsetType = UNSET
    artists: list[Named] | None | UnsetType = UNSET
    upc: Text = UNSET
    track_count: Number = UNSET
    catalog_number: Text = UNSET
    publish_date: Text = UNSET
    new_release_date: Text = UNSET
    type: Named | None | UnsetType = UNSET


class Track(msgspec.Struct):
    """A track; `sub_genre` was `subgenre` on older pages."""

    id: int | str | None = None
    name: Text = UNSET
    mix_name: Text = UNSET
    slug: str | None = None
    artists: list[Named] | None | UnsetType = UNSET
    remixers: list[Named] | None | UnsetType = UNSET
    release: Release | None | UnsetType = UNSET
    genre: Named | None | UnsetType = UNSET
    sub_genre: Named | None | UnsetType = UNSET
    subgenre: Named | None | UnsetType = UNSET
    bpm: Number = UNSET
    key: Key | None | UnsetType = UNSET
    length_ms: Number = UNSET
    isrc: Text = UNSET
    is_explicit: Flag = UNSET
    number: Number = UNSET
    catalog_number: Text = UNSET
    publish_date: Text = UNSET
    new_release_date: Text = UNSET
    sample_url: Text = UNSET
    image: Image | None | UnsetType = UNSET


class Flat(msgspec.Struct):
    """A row of the search service, as it stands in saved pages."""

    track_id: int
    track_name: str | None = None
    mix_name: str | None = None
    artists: list[dict[str, Any]] = []
    bpm: Number = None
    key_name: str | None = None
    length: Number = None
    isrc: str | None = None
    genre: list[dict[str, Any]] | None = None
    label: dict[str, Any] | None = None
    release: dict[str, Any] | None = None
    release_date: str | None = None
    catalog_number: str | None = None


# Keys that tracks were seen with (a count over 107,795 of them up to 2026-10-07). Others appear
# without notice, as `is_dj_version` did in 2026: they are reported, and cost nothing.
TRACK_KEYS = frozenset(
    (
        *Track.__struct_fields__,
        "artist",
        "audio_format",
        "available_worldwide",
        "bsrc_remixer",
        "current_status",
        "desc",
        "enabled",
        "encode_status",
        "encoded_date",
        "exclusive",
        "exclusive_period",
        "free_download_end_date",
        "free_download_start_date",
        "free_downloads",
        "hidden",
        "is_available_for_streaming",
        "is_classic",
        "is_dj_edit",
        "is_dj_version",
        "is_hype",
        "is_ugc_remix",
        "label_track_identifier",
        "length",
        "pre_order",
        "pre_order_date",
        "price",
        "publish_status",
        "purchase_date",
        "sale_type",
        "sample_end_ms",
        "sample_start_ms",
        "territories",
        "url",
        "was_ever_exclusive",
    )
)
# Pictures that stand for none: of artists, of labels, of covers.
PLACEHOLDERS = (
    "0dc61986-bccf-49d4-8fad-6b147ea8f327",
    "cda9862c-cf92",
    "ab2d1d04-233d-4b08-8234-9782b34dcab8",
)
