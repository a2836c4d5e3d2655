"""Convert Deezer's objects of one response into records."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from phonofilm.records import (
    Album,
    Artist,
    ArtistGenre,
    AudioFeatures,
    Genre,
    Maybe,
    Playlist,
    PlaylistEntry,
    Track,
)
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

    def related_artist(self, row: api_types.Artist) -> None:
        """Add an artist in its place among those related to the requested one."""
        self.relate(SOURCE, self.artist(row), self.request.offset + self.position)

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
            if row.artist is None:
                return None, None
            people = [row.artist]
        return [self._mention(p) for p in people], [p.name or None for p in people]

    def album(self, row: api_types.Album, owner: Maybe[list[str]] = UNSET) -> str:
        """Add an album as listed or looked up; `owner` fills in the artist of an artist's list."""
        key = str(row.id)
        ids, names = self._credits(row)
        self.page.records.append(
            Album(
                SOURCE,
                key,
                name=row.title,
                album_type=mapped(row.record_type, lambda t: _TYPES.get(t, t)),
                artist_ids=owner if ids is UNSET else ids,
                artist_names=names,
                release_date=row.release_date,
                total_tracks=row.nb_tracks,
                label=_blank(row.label),
                upc=row.upc,
                genres=mapped(row.genres, lambda g: [genre.name for genre in g.data if genre.name]),
                fans=row.fans,
                duration_ms=mapped(row.duration, milliseconds),
                image_url=_blank(row.cover_xl),
                url=row.link,
            )
        )
        if isinstance(row.genres, api_types.Genres):
            genres = [self._mention_genre(genre) for genre in row.genres.data]
            self._genres(ids if isinstance(ids, list) else [], genres)
        return key

    def _mention_genre(self, row: api_types.Genre) -> str:
        """Mention a genre with its name, which only the response of the album has."""
        key = str(row.id)
        self._mentions.setdefault(("genre", key), Genre(SOURCE, key, name=row.name))
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

    def _mention_album(self, row: api_types.Album) -> str:
        key = str(row.id)
        self._mentions.setdefault(
            ("album", key), Album(SOURCE, key, name=row.title, image_url=_blank(row.cover_xl))
        )
        return key

    def track(self, row: api_types.Track, album_id: Maybe[str] = UNSET) -> str:
        """Add a track as listed, placed on its album or looked up."""
        key = str(row.id)
        album = row.album if isinstance(row.album, api_types.Album) else None
        if row.album is None:
            album_id = None
        elif album:
            album_id = self._mention_album(album)
        ids, names = self._credits(row)
        if not row.title:
            self.page.findings.append(Finding("track_without_name", key))
        preview = _blank(row.preview)
        expires = _EXPIRES.search(preview) if isinstance(preview, str) else None
        self.page.records.append(
            Track(
                SOURCE,
                key,
                name=row.title,
                artist_ids=ids,
                artist_names=names,
                album_id=album_id,
                album_name=album.title if album else None if row.album is None else UNSET,
                duration_ms=mapped(row.duration, milliseconds),
                isrc=row.isrc,
                explicit=row.explicit_lyrics,
                track_number=row.track_position,
                disc_number=row.disk_number,
                release_date=row.release_date,
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
                tempo=row.bpm,
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

    def entry(self, row: api_types.Track | None, playlist: str, position: int) -> None:
        """Add a track in its place in a playlist; one that cannot be read leaves its place.

        Uploads of the owner have negative ids, the artist 0 and the album 0: they are local files.
        On an album of the catalogue such an id is odd, and costs the track alone.
        """
        is_local = row is not None and _is_upload(row)
        self.page.records.append(
            PlaylistEntry(
                SOURCE,
                f"{playlist}:{position}",
                playlist_id=playlist,
                position=position,
                track_id=self.track(row) if row and not is_local else None,
                entry_type="local" if is_local else "track" if row else None,
                added_at=mapped(row.time_add, _iso) if row else UNSET,
            )
        )


def _is_upload(row: api_types.Track) -> bool:
    return row.id <= 0 and not (isinstance(row.album, api_types.Album) and row.album.id > 0)


def _iso(seconds: int) -> str | None:
    """Return an instant in ISO 8601; null for 0, and what is no instant as it came."""
    if not 0 < seconds < 253_402_300_800:
        return str(seconds) if seconds else None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
