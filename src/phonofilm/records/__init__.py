"""The common language: typed rows from which tables, columns and the data dictionary derive."""

from phonofilm.records.base import (
    ABSENT,
    Column,
    Maybe,
    Record,
    bit_of,
    columns,
    core_fields,
    field_mask_of,
    has_all,
)
from phonofilm.records.film import Aka, Credit, Episode, Person, Rating, Title, TitleGenre
from phonofilm.records.media import Media, Sound
from phonofilm.records.music import (
    Album,
    Artist,
    ArtistGenre,
    ArtistRelation,
    AudioFeatures,
    ChartEntry,
    ExternalId,
    Genre,
    Label,
    Playlist,
    PlaylistEntry,
    Tag,
    Track,
)
from phonofilm.records.people import Comment, WebProfile

MUSIC: tuple[type[Record], ...] = (
    Artist,
    Album,
    Track,
    AudioFeatures,
    Playlist,
    PlaylistEntry,
    Genre,
    ArtistGenre,
    ArtistRelation,
    Tag,
    ExternalId,
    Sound,
    Comment,
    WebProfile,
    Label,
    ChartEntry,
    Media,
)
FILM: tuple[type[Record], ...] = (Title, Person, Credit, TitleGenre, Rating, Aka, Episode)
RECORDS = (*MUSIC, *FILM)
BY_KIND: dict[str, type[Record]] = {cls.kind: cls for cls in RECORDS}
BY_PLURAL: dict[str, type[Record]] = {cls.plural: cls for cls in RECORDS}

__all__ = [
    "ABSENT",
    "BY_KIND",
    "BY_PLURAL",
    "FILM",
    "MUSIC",
    "RECORDS",
    "Aka",
    "Album",
    "Artist",
    "ArtistGenre",
    "ArtistRelation",
    "AudioFeatures",
    "ChartEntry",
    "Column",
    "Comment",
    "Credit",
    "Episode",
    "ExternalId",
    "Genre",
    "Label",
    "Maybe",
    "Media",
    "Person",
    "Playlist",
    "PlaylistEntry",
    "Rating",
    "Record",
    "Sound",
    "Tag",
    "Title",
    "TitleGenre",
    "Track",
    "WebProfile",
    "bit_of",
    "columns",
    "core_fields",
    "field_mask_of",
    "has_all",
]
