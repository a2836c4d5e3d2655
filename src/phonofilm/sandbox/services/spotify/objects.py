"""Spotify's objects over a world, with the fields that an access level still shows."""

from __future__ import annotations

from typing import Any

from phonofilm.sandbox.worlds.hashing import base62, from_base62, mix
from phonofilm.sandbox.worlds.world import World

KINDS = {"artist": 1, "album": 2, "track": 3, "playlist": 4, "category": 5}
_MARKETS = ["DE", "ES", "FR", "GB", "JP", "NL", "SE", "US"]
_PRECISION = {4: "year", 7: "month", 10: "day"}


class Objects:
    """Builds the objects of one access level; `base` is the address that links start with."""

    def __init__(self, world: World, access: str) -> None:
        self.world = world
        self.access = access
        self.small = access == "development"
        self.previews = access == "extended-legacy"
        self.base = ""
        self._native = {
            kind: {text: index for index, text in enumerate(ids)}
            for kind, ids in world.native_ids.items()
        }

    def id_of(self, kind: str, index: int) -> str:
        """Return the id that this source gives a record."""
        native = self.world.native_ids.get(kind)
        return native[index] if native else base62(KINDS[kind], index)

    def index_of(self, kind: str, text: str) -> int | None:
        """Return the index of an id, or None."""
        if kind in self._native:
            return self._native[kind].get(text)
        index = from_base62(text, KINDS[kind])
        return index if index is not None and index < self.world.counts[kind + "s"] else None

    def _head(self, kind: str, index: int, name: str) -> dict[str, Any]:
        key = self.id_of(kind, index)
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{key}"},
            "href": f"{self.base}/v1/{kind}s/{key}",
            "id": key,
            "name": name,
            "type": kind,
            "uri": f"spotify:{kind}:{key}",
        }

    def _images(self, kind: str, index: int) -> list[dict[str, Any]]:
        picture = f"{mix(KINDS[kind], index):016x}"
        return [
            {"url": f"{self.base}/image/{picture}{size:04x}", "height": size, "width": size}
            for size in (640, 320, 160)
        ]

    def artist_short(self, index: int) -> dict[str, Any]:
        """Return the artist inside other objects."""
        return self._head("artist", index, self.world.artist(index).name)

    def artist(self, index: int) -> dict[str, Any]:
        """Return the full artist; short of genres, popularity and followers in development mode."""
        row = self.world.artist(index)
        body = self._head("artist", index, row.name)
        body["images"] = self._images("artist", index)
        if not self.small:
            body["followers"] = {"href": None, "total": row.followers}
            body["genres"] = list(row.genres)
            body["popularity"] = row.popularity
        return body

    def album_short(self, index: int, of: int | None = None) -> dict[str, Any]:
        """Return the album inside tracks and lists; `of` is the artist whose list it stands in."""
        row = self.world.album(index)
        body = self._head("album", index, row.name)
        body |= {
            "album_type": row.album_type,
            "artists": [self.artist_short(a) for a in row.artists],
            "images": self._images("album", index),
            "release_date": row.release_date,
            "release_date_precision": _PRECISION.get(len(row.release_date or ""), "day"),
            "total_tracks": row.total_tracks,
        }
        if not self.small:
            body["available_markets"] = _MARKETS
            if of is not None:
                own = row.artists[:1] == (of,)
                body["album_group"] = row.album_type if own else "appears_on"
        return body

    def album(self, index: int) -> dict[str, Any]:
        """Return the full album, its first 50 tracks embedded."""
        row = self.world.album(index)
        tracks = self.world.tracks_of(index)
        body = self.album_short(index)
        href = f"{self.base}/v1/albums/{body['id']}/tracks"
        body |= {
            "tracks": page([self.track_short(t) for t in tracks[:50]], len(tracks), 0, 50, href),
            "copyrights": [{"text": f"(C) {row.label}", "type": "C"}],
            "external_ids": {"upc": row.upc} if row.upc else {},
            "genres": [],
        }
        if not self.small:
            body |= {"label": row.label, "popularity": row.popularity}
        return body

    def track_short(self, index: int) -> dict[str, Any]:
        """Return the track inside albums: no ISRC, no popularity."""
        row = self.world.track(index)
        body = self._head("track", index, row.name or "")
        body |= {
            "artists": [self.artist_short(a) for a in row.artists],
            "disc_number": row.disc_number,
            "duration_ms": row.duration_ms,
            "explicit": row.explicit,
            "is_local": False,
            "preview_url": self._preview(index),
            "track_number": row.track_number,
        }
        if not self.small:
            body["available_markets"] = _MARKETS
        return body

    def track(self, index: int) -> dict[str, Any]:
        """Return the full track."""
        row = self.world.track(index)
        body = self.track_short(index)
        body["album"] = self.album_short(row.album)
        body["external_ids"] = {"isrc": row.isrc} if row.isrc else {}
        if not self.small:
            body["popularity"] = row.popularity
        return body

    def _preview(self, index: int) -> str | None:
        if not self.previews or mix(index, 5) % 4 == 0:
            return None
        return f"{self.base}/mp3-preview/{mix(index, 6):016x}"

    def features(self, index: int) -> dict[str, Any] | None:
        """Return audio features, or null for the few tracks without any."""
        row = self.world.track(index)
        if row.features is None:
            return None
        key = self.id_of("track", index)
        return {
            **row.features,
            "type": "audio_features",
            "id": key,
            "uri": f"spotify:track:{key}",
            "track_href": f"{self.base}/v1/tracks/{key}",
            "analysis_url": f"{self.base}/v1/audio-analysis/{key}",
            "duration_ms": row.duration_ms,
        }

    def playlist_short(self, index: int) -> dict[str, Any]:
        """Return the playlist in lists: its entries only counted."""
        row = self.world.playlist(index)
        body = self._head("playlist", index, row.name)
        word = "items" if self.small else "tracks"
        count = {"href": f"{body['href']}/{word}", "total": row.size}
        body |= {
            "collaborative": False,
            "description": row.description,
            "images": self._images("playlist", index) if index % 12 else None,
            "owner": self.owner(row.owner),
            "primary_color": None,
            "public": None,
            "snapshot_id": f"{mix(index, 8):016x}",
            word: count,
        }
        if not self.small:
            # 2026-02: `tracks` became `items`; beyond development mode both come.
            body["items"] = count
        return body

    def owner(self, name: str) -> dict[str, Any]:
        """Return a listener."""
        return {
            "display_name": name,
            "external_urls": {"spotify": f"https://open.spotify.com/user/{name}"},
            "href": f"{self.base}/v1/users/{name}",
            "id": name,
            "type": "user",
            "uri": f"spotify:user:{name}",
        }

    def playlist(self, index: int) -> dict[str, Any]:
        """Return the playlist with its first 100 entries; metadata only in development mode."""
        row = self.world.playlist(index)
        body = self.playlist_short(index)
        body["public"] = True
        if self.small:
            body.pop("items")
            return body
        body["followers"] = {"href": None, "total": row.followers}
        href = f"{body['href']}/tracks"
        tracks = self.world.tracks_in(index)
        items = [self.entry(index, position) for position in range(min(100, len(tracks)))]
        body["tracks"] = body["items"] = page(items, len(tracks), 0, 100, href)
        return body

    def entry(self, playlist: int, position: int) -> dict[str, Any]:
        """Return one entry of a playlist."""
        row = self.world.playlist(playlist)
        track = self.track(self.world.tracks_in(playlist)[position]) | {
            "episode": False,
            "track": True,
        }
        return {
            "added_at": f"20{15 + position % 11:02d}-0{1 + position % 9}-11T08:30:00Z",
            "added_by": self.owner(row.owner) if position % 6 else None,
            "is_local": False,
            "primary_color": None,
            "item": track,
            "track": track,
            "video_thumbnail": {"url": None},
        }


def page(
    items: list[Any], total: int, offset: int, limit: int, href: str, query: str = ""
) -> dict[str, Any]:
    """Return an offset page; `next` and `previous` are absolute, on the stand-in's own host."""

    def link(at: int) -> str:
        return f"{href}?{query}{'&' if query else ''}offset={at}&limit={limit}&locale=en-US"

    return {
        "href": link(offset),
        "items": items,
        "limit": limit,
        "next": link(offset + limit) if offset + limit < total else None,
        "offset": offset,
        "previous": link(max(0, offset - limit)) if offset else None,
        "total": total,
    }
