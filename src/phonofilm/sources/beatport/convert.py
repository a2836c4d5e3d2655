"""Beatport's objects as records."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from phonofilm.records import (
    Album,
    Artist,
    AudioFeatures,
    ChartEntry,
    Genre,
    Label,
    Maybe,
    Record,
    Track,
)
from phonofilm.sources.beatport import api_types
from phonofilm.sources.contract import Finding
from phonofilm.sources.musical_keys import key_or_text
from phonofilm.sources.record_builder import RecordBuilder, mapped, whole, without

SOURCE = "beatport"
_PAGES = "https://www.beatport.com"


def picture(image: api_types.Image | None | UnsetType) -> Maybe[str]:
    """Return the address of a picture that is one."""
    return mapped(mapped(image, lambda row: row.uri), _genuine)


def _genuine(uri: str) -> str | None:
    return None if not uri or any(mark in uri for mark in api_types.PLACEHOLDERS) else uri


def page(kind: str, slug: str | None, key: str) -> str:
    """Return the page to link back to."""
    return f"{_PAGES}/{kind}/{slug or '-'}/{key}"


def key_of(row: Any) -> str:
    """Return an id as text; empty when there is none."""
    return "" if row is None or row.id is None else str(row.id)


class PageBuilder(RecordBuilder):
    """Builder of the records of one response."""

    def _mention(self, record: Record) -> None:
        self._mentions.setdefault((record.kind, record.id), record)

    def artist(self, row: api_types.Named) -> Artist | None:
        """Add an artist or remixer."""
        key = key_of(row)
        if not key:
            return None
        return Artist(
            SOURCE,
            key,
            name=row.name or None,
            image_url=picture(row.image),
            url=page("artist", row.slug, key),
        )

    def listed_artist(self, row: api_types.Named) -> None:
        """Add an artist of a list or a look-up."""
        if record := self.artist(row):
            self.page.records.append(record)
        else:
            self.page.findings.append(Finding("malformed_item", "an artist without an id"))

    def people(self, rows: Any) -> tuple[Maybe[list[str]], Maybe[list[str | None]]]:
        """Return ids and names in order, each once: some are listed twice."""
        if isinstance(rows, UnsetType):
            return UNSET, UNSET
        names_by_id: dict[str, str | None] = {}
        for row in rows or ():
            if artist := self.artist(row):
                self._mention(artist)
                names_by_id.setdefault(artist.id, row.name or None)
            else:
                self.page.findings.append(Finding("without_id", f"artist {row.name!r}"))
        return list(names_by_id), list(names_by_id.values())

    def genre(self, row: api_types.Named) -> None:
        """Add a genre: names change, ids stay."""
        if key := key_of(row):
            self.page.records.append(Genre(SOURCE, key, name=row.name))
        else:
            self.page.findings.append(Finding("malformed_item", "a genre without an id"))

    def label(self, row: api_types.Named) -> None:
        """Add a label of a look-up."""
        if record := _label(row):
            self.page.records.append(record)

    def release(self, row: api_types.Release) -> None:
        """Add a release of a list or a look-up."""
        key = key_of(row)
        if not key:
            self.page.findings.append(Finding("malformed_item", "a release without an id"))
            return
        self.page.records.append(self._release(key, row))

    def _release(self, key: str, row: api_types.Release) -> Album:
        label = row.label if isinstance(row.label, api_types.Named) else None
        if label and (record := _label(label)):
            self._mention(record)
        elif label:
            self.page.findings.append(Finding("without_id", f"label {label.name!r}"))
        ids, names = self.people(row.artists)
        published = (
            row.new_release_date if isinstance(row.new_release_date, str) else row.publish_date
        )
        return Album(
            SOURCE,
            key,
            name=mapped(row.name, _filled),
            artist_ids=ids,
            artist_names=names,
            album_type=mapped(row.type, lambda kind: (kind.name or "").lower() or None),
            label=UNSET if isinstance(row.label, UnsetType) else label.name if label else None,
            upc=row.upc,
            total_tracks=mapped(row.track_count, whole),
            release_date=published,
            image_url=picture(row.image),
            url=page("release", row.slug, key),
        )

    def track(self, row: api_types.Track) -> str:
        """Add a track, its measures, and what it is on; its id, empty when it has none."""
        key = key_of(row)
        if not key:
            self.page.findings.append(Finding("malformed_item", "a track without an id"))
            return ""
        if row.name == "":
            self.page.findings.append(Finding("empty_name", f"track {key}"))
        release = row.release if isinstance(row.release, api_types.Release) else None
        if release and (release_key := key_of(release)):
            self._mention(self._release(release_key, release))
        for genre in (row.genre, row.sub_genre, row.subgenre):
            if isinstance(genre, api_types.Named) and key_of(genre):
                self._mention(Genre(SOURCE, key_of(genre), name=genre.name))
        self.page.records.append(self._track(key, row, release))
        self.page.records.append(_measures(key, row))
        return key

    def _track(self, key: str, row: api_types.Track, release: api_types.Release | None) -> Track:
        ids, names = self.people(row.artists)
        remixers, remixer_names = self.people(row.remixers)
        on_label = release.label if release else without(row.release)
        label = on_label if isinstance(on_label, api_types.Named) else None
        published = (
            row.new_release_date if isinstance(row.new_release_date, str) else row.publish_date
        )
        return Track(
            SOURCE,
            key,
            name=mapped(row.name, _filled),
            artist_ids=ids,
            artist_names=names,
            mix_name=mapped(row.mix_name, _filled),
            remixer_ids=remixers,
            remixer_names=remixer_names,
            album_id=(key_of(release) or None) if release else without(row.release),
            album_name=mapped(release.name, _filled) if release else without(row.release),
            duration_ms=mapped(row.length_ms, whole),
            isrc=row.isrc,
            explicit=row.is_explicit,
            track_number=mapped(row.number, whole),
            release_date=published,
            genres=_genres(row),
            label=label.name if label else without(on_label),
            label_id=(key_of(label) or None) if label else without(on_label),
            catalog_number=mapped(row.catalog_number, _filled),
            preview_url=mapped(row.sample_url, _filled),
            preview_expires_at=UNSET if isinstance(row.sample_url, UnsetType) else None,
            image_url=picture(release.image) if release else without(row.release),
            waveform_url=picture(row.image),
            url=page("track", row.slug, key),
        )

    def flat(self, row: api_types.Flat) -> None:
        """Add a row of the search service."""
        people = [api_types.Named(p.get("artist_id"), p.get("artist_name")) for p in row.artists]
        remixing = [p.get("artist_type_name") == "Remixer" for p in row.artists]
        label, release = row.label or {}, row.release or {}
        self.track(
            api_types.Track(
                row.track_id,
                row.track_name,
                row.mix_name,
                None,
                [p for p, remixes in zip(people, remixing, strict=True) if not remixes],
                [p for p, remixes in zip(people, remixing, strict=True) if remixes],
                api_types.Release(
                    release.get("release_id"),
                    release.get("release_name"),
                    label=api_types.Named(label.get("label_id"), label.get("label_name")),
                ),
                genre=_first_genre(row),
                bpm=row.bpm,
                key=api_types.Key(row.key_name),
                length_ms=row.length,
                isrc=row.isrc,
                catalog_number=row.catalog_number,
                new_release_date=row.release_date,
            )
        )

    def charted(self, row: api_types.Track, chart: str, day: str | None) -> None:
        """Add a track in its place in the chart of a day."""
        track, position = self.track(row), self.request.offset + self.position + 1
        if not track or not day:
            return
        self.later.append(
            ChartEntry(
                SOURCE,
                f"{chart}:{day}:{position}",
                chart_id=chart,
                day=day,
                position=position,
                track_id=track,
            )
        )


def _filled(text: str) -> str | None:
    return text or None


def _label(row: api_types.Named) -> Label | None:
    key = key_of(row)
    if not key:
        return None
    return Label(
        SOURCE, key, name=row.name, image_url=picture(row.image), url=page("label", row.slug, key)
    )


def _genres(row: api_types.Track) -> Maybe[list[str]]:
    if isinstance(row.genre, UnsetType):
        return UNSET
    genres = (row.genre, row.sub_genre, row.subgenre)
    return [genre.name for genre in genres if isinstance(genre, api_types.Named) and genre.name]


def _first_genre(row: api_types.Flat) -> api_types.Named | None:
    first = (row.genre or [{}])[0]
    return api_types.Named(first.get("genre_id"), first.get("genre_name")) if first else None


def _measures(key: str, row: api_types.Track) -> AudioFeatures:
    """Return tempo and key; the tempo is whole and may be half or double."""
    name = mapped(row.key, lambda key: key.name)
    pitch, mode = (UNSET, UNSET) if isinstance(name, UnsetType) else key_or_text(name)
    return AudioFeatures(
        SOURCE,
        key,
        tempo=row.bpm,
        key=pitch,
        mode=mode,
        key_name=name,
        duration_ms=mapped(row.length_ms, whole),
    )
