"""The common language: typed rows from which tables, columns and the data dictionary derive."""

from phonofilm.records.base import (
    ABSENT,
    Column,
    Maybe,
    Record,
    bit_of,
    columns,
    core_fields,
    holder,
    holds_all,
)
from phonofilm.records.music import (
    Album,
    Artist,
    ArtistGenre,
    ArtistRelation,
    AudioFeatures,
    Genre,
    Playlist,
    PlaylistEntry,
    Track,
)

RECORDS: tuple[type[Record], ...] = (
    Artist,
    Album,
    Track,
    AudioFeatures,
    Playlist,
    PlaylistEntry,
    Genre,
    ArtistGenre,
    ArtistRelation,
)
BY_KIND: dict[str, type[Record]] = {cls.kind: cls for cls in RECORDS}
BY_PLURAL: dict[str, type[Record]] = {cls.plural: cls for cls in RECORDS}

__all__ = [
    "ABSENT",
    "BY_KIND",
    "BY_PLURAL",
    "RECORDS",
    "Album",
    "Artist",
    "ArtistGenre",
    "ArtistRelation",
    "AudioFeatures",
    "Column",
    "Genre",
    "Maybe",
    "Playlist",
    "PlaylistEntry",
    "Record",
    "Track",
    "bit_of",
    "columns",
    "core_fields",
    "holder",
    "holds_all",
]
