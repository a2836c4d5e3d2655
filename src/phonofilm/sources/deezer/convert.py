"""Convert Deezer's objects of one response into records."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from phonofilm.records import (
    Album,
    Artist,
    ArtistGenre,
    ArtistRelation,
    AudioFeatures,
    Genre,
    Maybe,
    Playlist,
    PlaylistEntry,
    Track,
)
from phonofilm.records.values.codes import isrc, upc
from phonofilm.records.values.dates import release_date
from phonofilm.sources.contract import Finding
from phonofilm.sources.deezer import api_types
from phonofilm.sources.record_builder import RecordBuilder, mapped

SOURCE = "deezer"
_EXPIRES = re.compile(r"exp=(\d{9,11})")
_TYPES = {"compile": "compilation"}


def _blank(text: Maybe[str]) -> Maybe[str]:
    """Return null for "", which Deezer sends for missing values."""
    return None if text == "" else text


def milliseconds(seconds: int) -> int:
    """Convert seconds to milliseconds."""
    return seconds * 1000


class PageBuilder(RecordBuilder):
    """Builder of the records of one response."""

    def artist(self, row: api_types.Artist) -> str:
        """Add an artist as listed or looked up."""
        key = str(row.id)
        self.page.records.append(
            Artist(
                SOURCE,
                key,
                name=row.name,
                followers=row.nb_fan,
                album_count=row.nb_album,
                image_url=_blank(row.picture_xl),
                url=row.link,
            )
        )
        return key

    def artists_of_genre(self) -> None:
        """Place the artists of the page under the genre that was requested; 0 is all genres."""
        genre = self.request.ids[0]
        if genre != "0":
            self._genres([record.id for record in self.page.records], [genre])

    def related_artists(self) -> None:
        """Relate the artists of the page to the one that was requested, in their order."""
        artist = self.request.ids[0]
        self.page.records += [
            ArtistRelation(
                SOURCE,
                f"{artist}:{record.id}",
                artist_id=artist,
                related_id=record.id,
                position=self.request.offset + position,
            )
            for position, record in enumerate(list(self.page.records))
        ]

    def genre(self, row: api_types.Genre) -> None:
        """Add a genre of the source's own list."""
        self.page.records.append(Genre(SOURCE, str(row.id), name=row.name))

    def _mention(self, row: api_types.Artist) -> str:
        key = str(row.id)
        if ("artist", key) not in self._mentions:
            self._mentions["artist", key] = Artist(
                SOURCE, key, name=row.name, image_url=_blank(row.picture_xl), url=row.link
            )
        return key

    def _credits(
        self, row: api_types.Album | api_types.Track
    ) -> tuple[Maybe[list[str]], Maybe[list[str | None]]]:
        people = row.contributors
        if isinstance(people, UnsetType) or people is None:
            if isinstance(row.artist, UnsetType):
                return UNSET, UNSET
            people = [row.artist] if row.artist else []
        return [self._mention(p) for p in people], [p.name for p in people]

    def album(self, row: api_types.Album, owner: Maybe[list[str]] = UNSET) -> str:
        """Add an album as listed or looked up; `owner` fills in the artist of an artist's list."""
        key = str(row.id)
        ids, names = self._credits(row)
        has_date = not isinstance(row.release_date, UnsetType)
        date, precision = release_date(row.release_date or None)
        self.page.records.append(
            Album(
                SOURCE,
                key,
                name=row.title,
                album_type=mapped(row.record_type, lambda t: _TYPES.get(t, t)),
                artist_ids=owner if ids is UNSET else ids,
                artist_names=names,
                release_date=date if has_date else UNSET,
                release_date_precision=precision if has_date else UNSET,
                total_tracks=row.nb_tracks,
                label=_blank(row.label),
                upc=mapped(row.upc, upc),
                genres=mapped(row.genres, lambda g: [genre.name or "" for genre in g.data]),
                fans=row.fans,
                duration_ms=mapped(row.duration, milliseconds),
                image_url=_blank(row.cover_xl),
                url=row.link,
            )
        )
        if isinstance(row.genres, api_types.Genres) and isinstance(ids, list):
            self._genres(ids, [str(genre.id) for genre in row.genres.data])
        return key

    def album_of_artist(self, row: api_types.Album) -> str:
        """Add an album of the requested artist; such lists leave the artist out."""
        return self.album(row, owner=[self.request.ids[0]])

    def _genres(self, artists: list[str], genres: list[str]) -> None:
        self.page.records += [
            ArtistGenre(SOURCE, f"{artist}:{genre}", artist_id=artist, genre_id=genre)
            for artist in artists
            for genre in genres
        ]

    def track(self, row: api_types.Track, album_id: Maybe[str] = UNSET) -> str:
        """Add a track as listed, placed on its album or looked up."""
        key = str(row.id)
        album = row.album if isinstance(row.album, api_types.Album) else None
        if album:
            album_id = str(album.id)
            self._mentions.setdefault(
                ("album", album_id),
                Album(SOURCE, album_id, name=album.title, image_url=_blank(album.cover_xl)),
            )
        ids, names = self._credits(row)
        if not row.title:
            self.page.findings.append(Finding("track_without_name", key))
        preview = _blank(row.preview)
        expires = _EXPIRES.search(preview) if isinstance(preview, str) else None
        self.page.records.append(
            Track(
                SOURCE,
                key,
                name=row.title or None,
                artist_ids=ids,
                artist_names=names,
                album_id=album_id,
                album_name=album.title if album else UNSET,
                duration_ms=mapped(row.duration, milliseconds),
                isrc=mapped(row.isrc, isrc),
                explicit=row.explicit_lyrics,
                track_number=row.track_position,
                disc_number=row.disk_number,
                release_date=mapped(row.release_date, lambda date: release_date(date)[0]),
                rank=row.rank,
                preview_url=preview,
                preview_expires_at=mapped(preview, lambda _: int(expires[1]) if expires else None),
                url=row.link,
            )
        )
        return key

    def track_of_album(self, row: api_types.Track) -> str:
        """Add a track of the requested album; such lists leave the album out."""
        return self.track(row, self.request.ids[0])

    def measured_track(self, row: api_types.Track) -> None:
        """Add a track with its tempo and gain; 0 is what Deezer writes when it measured neither."""
        key = self.track(row)
        self.page.records.append(
            AudioFeatures(
                SOURCE,
                key,
                tempo=mapped(row.bpm, lambda bpm: bpm or None),
                gain_db=mapped(row.gain, lambda gain: gain or None),
                duration_ms=mapped(row.duration, milliseconds),
            )
        )

    def playlist(self, row: api_types.Playlist) -> str:
        """Add a playlist without its entries."""
        owner = row.user if isinstance(row.creator, UnsetType) else row.creator
        self.page.records.append(
            Playlist(
                SOURCE,
                str(row.id),
                name=row.title,
                description=row.description,
                owner_id=mapped(owner, lambda o: None if o.id is None else str(o.id)),
                owner_name=mapped(owner, lambda o: o.name),
                track_count=row.nb_tracks,
                followers=row.fans,
                public=row.public,
                collaborative=row.collaborative,
                snapshot_id=row.checksum,
                image_url=_blank(row.picture_xl),
                url=row.link,
            )
        )
        return str(row.id)

    def entry(self, row: api_types.Track, playlist: str, position: int) -> None:
        """Add a track in its place in a playlist."""
        track_id = self.track(row)
        self.page.records.append(
            PlaylistEntry(
                SOURCE,
                f"{playlist}:{position}",
                playlist_id=playlist,
                position=position,
                track_id=track_id,
                entry_type="track",
                added_at=mapped(row.time_add, _iso),
            )
        )


def _iso(seconds: int) -> str | None:
    if not 0 < seconds < 253_402_300_800:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
