"""Convert Spotify's objects of one response into records."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from phonofilm.records import (
    ABSENT,
    Album,
    Artist,
    ArtistGenre,
    AudioFeatures,
    Maybe,
    Playlist,
    PlaylistEntry,
    Track,
)
from phonofilm.records.values.dates import in_precision
from phonofilm.records.values.texts import plain_text
from phonofilm.sources.contract import Finding, Link, Page, Request
from phonofilm.sources.record_builder import RecordBuilder, external_id, mapped, without
from phonofilm.sources.spotify import api_types

SOURCE = "spotify"


def _first_url(images: list[api_types.Image]) -> str | None:
    return images[0].url if images else None


def _url(row: Any) -> Maybe[str]:
    return mapped(row.external_urls, lambda urls: urls.spotify)


def _barcode(codes: api_types.Codes) -> Maybe[str]:
    """Return a code, or null when the other codes are present without it."""
    return codes.upc or codes.ean or None


def _isrc(codes: api_types.Codes) -> Maybe[str]:
    return codes.isrc or None


class PageBuilder(RecordBuilder):
    """Builder of the records of one response."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._genres: dict[str, None] = {}

    def artist(self, row: api_types.Artist) -> str | None:
        """Add a full artist; returns its id. Written out flat: searches are made of these."""
        if not row.id:
            self._odd("without_id", f"artist {row.name!r}")
            return None
        genres, followers, images = row.genres, row.followers, row.images
        urls = row.external_urls
        for genre in genres or ():
            self._genres[genre] = None
        self.page.records.append(
            Artist(
                SOURCE,
                row.id,
                name=row.name,
                genres=genres,
                popularity=row.popularity,
                followers=followers.total if isinstance(followers, api_types.Count) else followers,
                image_url=_first_url(images) if isinstance(images, list) else images,
                url=urls.spotify if isinstance(urls, api_types.Urls) else urls,
            )
        )
        return row.id

    def artists_of_genre(self) -> None:
        """Place the artists of a search by genre under it, where the search does not name theirs.

        Artists have no genres at the level `development` since 2026-02-11.
        """
        genre = self.request.ids[0]
        self.page.records += [
            ArtistGenre(SOURCE, f"{record.id}:{genre}", artist_id=record.id, genre_id=genre)
            for record in list(self.page.records)
            if isinstance(record, Artist) and record.genres is ABSENT
        ]

    def related_artist(self, row: api_types.Artist) -> None:
        """Add an artist in its place among those related to the requested one."""
        self.relate(SOURCE, self.artist(row), self.position)

    def category(self, row: api_types.Category) -> None:
        """Add a category, which is no record and can be requested."""
        self.page.links.append(Link("category", row.id))

    def features(self, row: api_types.Features) -> None:
        """Add what was measured in a track."""
        fields = {name: getattr(row, name) for name in row.__struct_fields__ if name != "id"}
        self.page.records.append(AudioFeatures(SOURCE, row.id, **fields))

    def _odd(self, kind: str, detail: str) -> None:
        self.page.findings.append(Finding(kind, detail))

    def _credits(self, rows: list[api_types.Artist | None] | None | UnsetType) -> tuple[Any, Any]:
        """Return ids and names of the artists of something; each becomes a mention."""
        if isinstance(rows, UnsetType) or rows is None:
            return rows, rows
        known = [row for row in rows if row and row.id]
        for row in known:
            key = ("artist", str(row.id))
            if key not in self._mentions:
                self._mentions[key] = Artist(SOURCE, str(row.id), name=row.name, url=_url(row))
        return [row.id for row in known], [row.name for row in known]

    def album(self, row: api_types.Album, keep: bool = False) -> str | None:
        """Add an album; inside tracks it is a mention, with `keep` a record of its own."""
        if not row.id:
            if keep:
                self._odd("without_id", f"album {row.name!r}")
            return None
        key = ("album", row.id)
        if key in self._mentions and not keep:
            return row.id
        ids, names = self._credits(row.artists)
        record = Album(
            SOURCE,
            row.id,
            name=row.name,
            album_type=row.album_type,
            artist_ids=ids,
            artist_names=names,
            release_date=row.release_date,
            release_date_precision=row.release_date_precision,
            total_tracks=row.total_tracks,
            label=row.label,
            upc=mapped(row.external_ids, _barcode),
            genres=row.genres,
            popularity=row.popularity,
            image_url=mapped(row.images, _first_url),
            url=_url(row),
        )
        self._mentions[key] = record
        return row.id

    def listed_album(self, row: api_types.Album) -> str | None:
        """Add an album that a list holds as an item of its own."""
        return self.album(row, keep=True)

    def track_of_album(self, row: api_types.Track) -> str | None:
        """Add a track of the requested album; such lists leave the album out."""
        return self.track(row, self.request.ids[0])

    def track(self, row: api_types.Track, album_id: Maybe[str] = UNSET) -> str | None:
        """Add a track, full or short; local files and episodes are not tracks of the catalogue."""
        if not row.id or _is_episode(row):
            self._odd("no_track", f"{row.type or 'track'} {row.name!r} without an id or no track")
            return None
        album = row.album if isinstance(row.album, api_types.Album) else None
        if row.album is None:
            album_id = None
        if row.linked_from and row.linked_from.id:
            self._redirected(row.linked_from.id, row.id)
        ids, names = self._credits(row.artists)
        if not row.name:
            self.page.findings.append(Finding("track_without_name", row.id))
        self.page.records.append(
            Track(
                SOURCE,
                row.id,
                name=row.name,
                artist_ids=ids,
                artist_names=names,
                album_id=self.album(album) if album else album_id,
                album_name=album.name if album else without(row.album),
                duration_ms=row.duration_ms,
                isrc=mapped(row.external_ids, _isrc),
                explicit=row.explicit,
                track_number=row.track_number,
                disc_number=row.disc_number,
                release_date=_date_of(album) if album else without(row.album),
                popularity=row.popularity,
                preview_url=row.preview_url,
                is_local=row.is_local,
                url=_url(row),
            )
        )
        return row.id

    def _redirected(self, requested: str, now: str) -> None:
        """Add the requested id of a track that another one stands in for, as an external id."""
        self._mentions["external_id", f"track:{now}:{SOURCE}:{requested}"] = external_id(
            SOURCE, "track", now, SOURCE, requested
        )

    def entry(self, row: api_types.Entry | None, playlist: str, position: int) -> None:
        """Add a playlist entry; all keep their position, and unreadable ones have no type."""
        if row and row.track is UNSET and row.item is UNSET:
            self._odd("malformed_item", f"entry {playlist}:{position} has no item and no track")
            row = None
        track = (row.item or row.track) if row else None
        catalogue_track = track if isinstance(track, api_types.Track) else None
        kind = _entry_type(catalogue_track, bool(row.is_local)) if row else None
        self.page.records.append(
            PlaylistEntry(
                SOURCE,
                f"{playlist}:{position}",
                playlist_id=playlist,
                position=position,
                track_id=self.track(catalogue_track)
                if catalogue_track and kind == "track"
                else None,
                entry_type=kind,
                added_at=row.added_at if row else UNSET,
            )
        )

    def playlist(self, row: api_types.Playlist) -> str | None:
        """Add a playlist without its entries."""
        if not row.id:
            self._odd("without_id", f"playlist {row.name!r}")
            return None
        page = row.items or row.tracks
        self.page.records.append(
            Playlist(
                SOURCE,
                row.id,
                name=row.name,
                description=mapped(row.description, plain_text),  # the API escapes it
                owner_id=mapped(row.owner, lambda owner: owner.id),
                owner_name=mapped(row.owner, lambda owner: owner.display_name),
                track_count=mapped(page, lambda paging: paging.total),
                followers=mapped(row.followers, lambda count: count.total),
                # searches say null where look-ups say true: not known, and no news
                public=UNSET if row.public is None else row.public,
                collaborative=row.collaborative,
                snapshot_id=row.snapshot_id,
                image_url=mapped(row.images, _first_url),
                url=_url(row),
            )
        )
        return row.id

    def build(self) -> Page:
        """Return the page, with the genres of its artists as links."""
        self.page.links += [Link("genre", genre) for genre in self._genres]
        return super().build()


def _date_of(album: api_types.Album) -> Maybe[str]:
    """Return the date of an album in the precision that the source states."""
    if not isinstance(album.release_date, str):
        return album.release_date
    stated = album.release_date_precision
    return in_precision(album.release_date, stated if isinstance(stated, str) else None)


def _entry_type(track: api_types.Track | None, is_local: bool) -> str:
    if track is None:
        return "withdrawn"
    if _is_episode(track):
        return "episode"
    if track.id:
        return "track"
    return "local" if is_local or track.is_local else "withdrawn"


def _is_episode(track: api_types.Track) -> bool:
    """Tell an episode by its type, and by its mark where no type is stated."""
    return track.type == "episode" if track.type in ("episode", "track") else bool(track.episode)
