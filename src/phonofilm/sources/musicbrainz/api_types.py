"""MusicBrainz's objects as they come over the wire; empty means null, "" or [] there."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

Absent = UnsetType
Id = Annotated[str, msgspec.Meta(min_length=1)]


class _Wire(msgspec.Struct, gc=False, rename="kebab"):
    pass


class Alias(_Wire):
    """Alias of an artist, as MusicBrainz sends it."""

    name: str | None = None


class Tag(_Wire):
    """Tag, as MusicBrainz sends it."""

    name: Id
    count: int | None = None


class Url(_Wire):
    """URL of a relation, as MusicBrainz sends it."""

    resource: str = ""


class Target(_Wire):
    """Target of a relation, as MusicBrainz sends it."""

    id: Id
    name: str | None = None
    title: str | None = None
    disambiguation: str | None | Absent = UNSET


class Relation(_Wire):
    """Relation to another entity, as MusicBrainz sends it."""

    url: Url | None = None
    ended: bool | None = None
    artist: Target | None = None
    release: Target | None = None
    recording: Target | None = None


class LifeSpan(_Wire):
    """Begin and end of an artist, as MusicBrainz sends it."""

    begin: str | None = None


class Artist(_Wire):
    """Artist, as MusicBrainz sends it."""

    id: Id
    name: str | None | Absent = UNSET
    type: str | None | Absent = UNSET
    country: str | None | Absent = UNSET
    disambiguation: str | None | Absent = UNSET
    life_span: LifeSpan | None | Absent = UNSET
    aliases: list[Alias] | None | Absent = UNSET
    genres: list[Tag] | None | Absent = UNSET
    tags: list[Tag] | None | Absent = UNSET
    relations: list[Relation] | None | Absent = UNSET


class Credit(_Wire):
    """Part of an artist credit, as MusicBrainz sends it."""

    artist: Artist
    name: str | None = None


class Label(_Wire):
    """Label, as MusicBrainz sends it."""

    name: str | None = None


class LabelInfo(_Wire):
    """Label and catalogue number of a release, as MusicBrainz sends it."""

    label: Label | None = None


class Group(_Wire):
    """Release group, as MusicBrainz sends it."""

    id: Id
    primary_type: str | None = None
    secondary_types: list[str] | None = None


class Recording(_Wire):
    """Recording, as MusicBrainz sends it."""

    id: Id
    title: str | None | Absent = UNSET
    length: int | None | Absent = UNSET
    isrcs: list[str] | None | Absent = UNSET
    artist_credit: list[Credit] | None | Absent = UNSET
    releases: list[Release] | None | Absent = UNSET
    first_release_date: str | None | Absent = UNSET
    disambiguation: str | None | Absent = UNSET
    genres: list[Tag] | None | Absent = UNSET
    tags: list[Tag] | None | Absent = UNSET


class Track(_Wire):
    """Track, as MusicBrainz sends it."""

    recording: Recording | None = None
    position: int | None = None
    title: str | None = None
    length: int | None = None


class Medium(_Wire):
    """Medium of a release, as MusicBrainz sends it."""

    position: int | None = None
    track_count: int | None = None
    tracks: list[Track] | None = None


class Release(_Wire):
    """Release, as MusicBrainz sends it."""

    id: Id
    title: str | None | Absent = UNSET
    date: str | None | Absent = UNSET
    barcode: str | None | Absent = UNSET
    track_count: int | None | Absent = UNSET
    label_info: list[LabelInfo] | None | Absent = UNSET
    release_group: Group | None | Absent = UNSET
    artist_credit: list[Credit] | None | Absent = UNSET
    media: list[Medium] | None | Absent = UNSET
    disambiguation: str | None | Absent = UNSET
    genres: list[Tag] | None | Absent = UNSET
    tags: list[Tag] | None | Absent = UNSET


class Genre(_Wire):
    """Genre, as MusicBrainz sends it."""

    name: Id


class Address(_Wire):
    """URL with its relations, as MusicBrainz sends it."""

    resource: str
    relations: list[Relation] | None = None


class Found(_Wire):
    """Any list; what it lists stands under its own name, and so does its length."""

    artists: list[Any] | None = None
    releases: list[Any] | None = None
    recordings: list[Any] | None = None
    genres: list[Any] | None = None
    urls: list[Any] | None = None
    count: int | None = None
    artist_count: int | None = None
    release_count: int | None = None
    recording_count: int | None = None
    genre_count: int | None = None
    offset: int | None = None
    artist_offset: int | None = None
    release_offset: int | None = None
    recording_offset: int | None = None
    genre_offset: int | None = None
    resource: str | None = None
    relations: list[Any] | None = None

    @property
    def own_offset(self) -> int | None:
        """Offset of the page by its own word."""
        offsets = (
            self.offset,
            self.artist_offset,
            self.release_offset,
            self.recording_offset,
            self.genre_offset,
        )
        return next((offset for offset in offsets if offset is not None), None)

    @property
    def total(self) -> int | None:
        """Announced total of the list."""
        totals = (
            self.count,
            self.artist_count,
            self.release_count,
            self.recording_count,
            self.genre_count,
        )
        return next((number for number in totals if number is not None), None)
