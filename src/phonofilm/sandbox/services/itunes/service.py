"""The iTunes Search API over a world: no codes, one genre of everything, previews that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from phonofilm.sandbox.kernel.media import media_file
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.worlds.hashing import mix
from phonofilm.sandbox.worlds.ids import Numbering
from phonofilm.sandbox.worlds.spelling import SourceSpelling
from phonofilm.sandbox.worlds.world import Catalogue, Track

_STORE = "https://music.apple.com/us"
_MOST = 200
_IDS = {kind: Numbering(f"itunes {kind}") for kind in ("artists", "albums", "tracks")}
_ENTITIES = {"musicArtist": "artists", "album": "albums", "song": "tracks"}


class ItunesService:
    """The stand-in; too many calls are refused with 403 and a time to wait."""

    name = "itunes"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access != "open":
            raise ValueError("itunes has one access level: open")
        self.catalogue, self.access, self.world = catalogue, access, catalogue.world
        self.house = SourceSpelling(self.world, 1501, covers=0.9, slips=0.02, guests=True)
        self._base = ""
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request."""
        self._base = request.base
        endpoint = request.path.strip("/")
        if endpoint.startswith(("image/thumb/", "preview/")):
            return media_file(endpoint.split("/", 1 + endpoint.startswith("image"))[-1])
        if endpoint not in ("search", "lookup"):
            return json_response("unknown", {"error": "Not Found"}, 404)
        wait = self._rate.admit() or self._quota.admit()
        if wait:
            return json_response(endpoint, {}, 403, {"Retry-After": str(wait)})
        rows = self._search(request.query) if endpoint == "search" else self._lookup(request.query)
        answer = json_response(endpoint, {"resultCount": len(rows), "results": rows})
        headers = {"Content-Type": "text/javascript; charset=utf-8"}
        return answer._replace(headers=answer.headers | headers)

    def _limit(self, query: dict[str, str]) -> int:
        text = query.get("limit", "50")
        return min(_MOST, int(text)) if text.isdecimal() else 50

    def _search(self, query: dict[str, str]) -> list[dict[str, Any]]:
        entity, term = query.get("entity", "song"), query.get("term", "")
        people = [a for a in self.catalogue.named(term) if self.house.has(a)]
        kind, limit = _ENTITIES.get(entity, "tracks"), self._limit(query)
        if kind == "artists":
            return [self.artist(a) for a in people[:limit]]
        if kind == "albums":
            return [self.album(a) for p in people for a in self.world.albums_of(p)][:limit]
        tracks: Sequence[int] = [t for p in people for t in self._tracks_of(p)]
        if not tracks:
            tracks = [t for t in self.catalogue.titled(term)[:2000] if self._has_track(t)]
        return [self.track(t) for t in tracks[:limit]]

    def _has_track(self, track: int) -> bool:
        return self.house.has_track(self.world.track(track))

    def _tracks_of(self, artist: int) -> list[int]:
        world = self.world
        return [t for album in world.albums_of(artist) for t in world.tracks_of(album)]

    def _lookup(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Return the objects of ids; with an entity, their contents too."""
        rows: list[dict[str, Any]] = []
        entity, limit = query.get("entity", ""), self._limit(query)
        for text in filter(None, query.get("upc", "").split(",")):
            rows += [self.album(album) for album in self._by_barcode.get(text, ())]
        for text in query.get("id", "").split(","):
            rows += self._one(text, entity, limit)
        return rows

    @cached_property
    def _by_barcode(self) -> dict[str, list[int]]:
        """Albums by barcode; editions of one album share one."""
        albums: dict[str, list[int]] = {}
        for index in self._known("albums"):
            if code := self.world.album(index).upc:
                albums.setdefault(code, []).append(index)
        return albums

    def _one(self, key: str, entity: str, limit: int) -> list[dict[str, Any]]:
        kind, index = _meant(key)
        if index is None or index >= self.world.counts[kind]:
            return []
        if kind == "artists" and self.house.has(index):
            more = {
                "album": [self.album(a) for a in self.world.albums_of(index)],
                "song": [self.track(t) for t in self._tracks_of(index)],
            }.get(entity, [])
            return [self.artist(index), *more[:limit]]
        if kind == "albums" and self.world.album(index).artists:
            songs = self.world.tracks_of(index) if entity == "song" else ()
            return [self.album(index), *[self.track(t) for t in songs][:limit]]
        return [self.track(index)] if kind == "tracks" and self._has_track(index) else []

    def _genre(self, artist: int) -> str:
        person = self.world.artist(artist)
        return self.world.parents.get(person.main_genre, person.main_genre).title()

    def artist(self, index: int) -> dict[str, Any]:
        """Return the artist of searches and look-ups."""
        key, person = key_of("artists", index), self.world.artist(index)
        genre = (
            {"primaryGenreName": self._genre(index), "primaryGenreId": 7} if person.genres else {}
        )
        return {
            "wrapperType": "artist",
            "artistType": "Artist",
            "artistName": self.house.artist(person),
            "artistLinkUrl": f"{_STORE}/artist/{key}?uo=4",
            "artistId": key,
            **genre,
        }

    def _maker(self, index: int) -> dict[str, Any]:
        return {
            "artistId": key_of("artists", index),
            "artistName": self.house.artist(self.world.artist(index)),
            "artistViewUrl": f"{_STORE}/artist/{key_of('artists', index)}?uo=4",
        }

    def album(self, index: int) -> dict[str, Any]:
        """Return the album of searches and look-ups."""
        row, key = self.world.album(index), key_of("albums", index)
        return self._maker(row.artists[0]) | {
            "wrapperType": "collection",
            "collectionType": "Album",
            "collectionId": key,
            "collectionName": row.name,
            "collectionCensoredName": row.name,
            "collectionViewUrl": f"{_STORE}/album/{key}?uo=4",
            "artworkUrl100": self._art(index),
            "trackCount": row.total_tracks,
            "country": "USA",
            "currency": "USD",
            "releaseDate": _moment(row.release_date),
            "primaryGenreName": self._genre(row.artists[0]),
        }

    def track(self, index: int) -> dict[str, Any]:
        """Return the song of searches and look-ups; the preview is there for most."""
        row, key = self.world.track(index), key_of("tracks", index)
        album = self.world.album(row.album)
        title, length = self.house.title(row), self.house.duration_ms(row)
        body = self._maker(row.artists[0]) | {
            "wrapperType": "track",
            "kind": "song",
            "trackId": key,
            "trackName": title,
            "trackCensoredName": title,
            "collectionId": key_of("albums", row.album),
            "collectionName": album.name,
            "trackViewUrl": f"{_STORE}/album/{key_of('albums', row.album)}?i={key}&uo=4",
            "collectionViewUrl": f"{_STORE}/album/{key_of('albums', row.album)}?uo=4",
            "artworkUrl100": self._art(row.album),
            "releaseDate": _moment(album.release_date),
            "trackExplicitness": "explicit" if row.explicit else "notExplicit",
            "discCount": 1,
            "discNumber": row.disc_number,
            "trackCount": album.total_tracks,
            "trackNumber": row.track_number,
            "country": "USA",
            "isStreamable": True,
            "primaryGenreName": self._genre(row.artists[0]),
        }
        body |= {"trackTimeMillis": length} if length else {}
        if not _silent(row):
            body["previewUrl"] = f"{self._base}/preview/{mix(key, 1504):016x}.m4a"
        return body

    def _art(self, album: int) -> str:
        return f"{self._base}/image/thumb/{mix(album, 1503):016x}/100x100bb.jpg"

    def _known(self, kind: str) -> Iterator[int]:
        world = self.world
        has: dict[str, Callable[[int], bool]] = {
            "artists": self.house.has,
            "tracks": self._has_track,
            "albums": lambda a: (
                bool(world.album(a).artists) and self.house.has(world.album(a).artists[0])
            ),
        }
        return (i for i in range(world.counts[kind]) if has[kind](i)) if kind in has else iter(())

    def visible(self) -> dict[str, int]:
        """Count the visible records by kind."""
        kinds = ("artists", "albums", "tracks")
        return self.world.counts | {kind: sum(1 for _ in self._known(kind)) for kind in kinds}

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        return list(self.true_ids(kind))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its record in the world."""
        real = self.world.track if kind == "tracks" else None
        return {str(key_of(kind, i)): real(i).recording if real else i for i in self._known(kind)}


def key_of(kind: str, index: int) -> int:
    """Return an id; artists, albums and songs never share one."""
    return _IDS[kind].id_of(kind, index)


def _meant(key: str) -> tuple[str, int | None]:
    """Return the kind and index behind an id that says neither."""
    indices = ((kind, ids.index_of(kind, key)) for kind, ids in _IDS.items())
    return next(((kind, index) for kind, index in indices if index is not None), ("", None))


def _silent(row: Track) -> bool:
    return mix(row.recording, 1502) % 20 == 0


def _moment(date: str | None) -> str:
    return (date or "2000") + {4: "-01-01", 7: "-01"}.get(len(date or "2000"), "") + "T07:00:00Z"
