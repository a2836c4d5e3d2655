"""Spotify's endpoints over a world."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from phonofilm.sandbox.kernel.service import HttpRequest
from phonofilm.sandbox.services.spotify.objects import Objects, page
from phonofilm.sandbox.services.spotify.search import REACH, Search
from phonofilm.sandbox.worlds.hashing import base62, mix
from phonofilm.sandbox.worlds.world import Catalogue

_SPOKEN = ("show", "episode", "audiobook")
_BATCH = {"artists": 50, "albums": 20, "tracks": 50}


class Refusal(Exception):  # noqa: N818 - an answer of the service, not a fault of ours
    """An answer with an error body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Endpoints:
    """One method per endpoint; the service decides which of them exist."""

    def __init__(self, catalogue: Catalogue, access: str) -> None:
        self.catalogue, self.access = catalogue, access
        self.objects = Objects(catalogue.world, access)
        self.search = Search(catalogue)
        self._genres = catalogue.world.genres
        self._categories = sorted(set(catalogue.world.parents.values()))

    def _index(self, kind: str, key: str) -> int:
        index = self.objects.index_of(kind, key)
        if index is None:
            raise (
                Refusal(404, "Resource not found")
                if len(key) == 22
                else Refusal(400, "Invalid base62 id")
            )
        return index

    def _span(self, request: HttpRequest, most: int = 50, default: int = 20) -> tuple[int, int]:
        limit, offset = _whole(request, "limit", default), _whole(request, "offset", 0)
        if not 1 <= limit <= most:
            raise Refusal(400, "Invalid limit")
        if offset < 0:
            raise Refusal(400, "Invalid offset")
        return offset, limit

    def _search(self, request: HttpRequest, _: str) -> Any:
        small = self.access == "development"
        offset, limit = self._span(request, *((10, 5) if small else (50, 20)))
        # A page's own `next` says `query` where a person says `q`.
        text = request.query.get("q") or request.query.get("query", "")
        kinds = request.query.get("type", "").split(",")
        if not text:
            raise Refusal(400, "No search query")
        if offset + limit > REACH:
            raise Refusal(400, "Invalid offset")
        return {kind + "s": self._result_page(request, kind, text, offset, limit) for kind in kinds}

    def _result_page(
        self, request: HttpRequest, kind: str, text: str, offset: int, limit: int
    ) -> Any:
        if kind in _SPOKEN:  # the world has nothing of them
            query = f"query={quote(text, safe='')}&type={kind}"
            return page([], 0, offset, limit, f"{request.base}/v1/search", query)
        if kind not in ("artist", "album", "track", "playlist"):
            raise Refusal(400, "Bad search type field " + kind)
        matches = self.search.matches(kind, text)
        build = {
            "artist": self.objects.artist,
            "album": self.objects.album_short,
            "track": self.objects.track,
            "playlist": self.objects.playlist_short,
        }[kind]
        items: list[Any] = [build(i) for i in matches[offset : offset + limit]]
        if kind == "playlist" and len(items) > 3 and mix(offset, len(text)) % 5 == 0:
            items[3] = None  # playlist searches hold null items
        # The stated total drifts from page to page, as the real one does.
        total = min(REACH, len(matches)) if len(matches) < REACH else REACH + mix(offset, 3) % 7
        query = f"query={quote(text, safe='')}&type={kind}"
        found_page = page(items, total, offset, limit, f"{request.base}/v1/search", query)
        if offset + 2 * limit > REACH:
            found_page["next"] = None
        return found_page

    def _batch(self, request: HttpRequest, plural: str) -> Any:
        kind = plural[:-1]
        keys = [key for key in request.query.get("ids", "").split(",") if key]
        if not keys or len(keys) > _BATCH[plural]:
            raise Refusal(400, "Too many ids requested" if keys else "Missing required field: ids")
        build = getattr(self.objects, kind)
        rows = [self.objects.index_of(kind, key) for key in keys]
        return {plural: [None if index is None else build(index) for index in rows]}

    def _features(self, request: HttpRequest, _: str) -> Any:
        keys = [key for key in request.query.get("ids", "").split(",") if key]
        if not keys or len(keys) > 100:
            raise Refusal(400, "Too many ids requested" if keys else "Missing required field: ids")
        rows = [self.objects.index_of("track", key) for key in keys]
        return {"audio_features": [None if i is None else self.objects.features(i) for i in rows]}

    def _feature(self, request: HttpRequest, key: str) -> Any:
        features = self.objects.features(self._index("track", key))
        if features is None:
            raise Refusal(404, "analysis not found")
        return features

    def _recommendations(self, request: HttpRequest, _: str) -> Any:
        limit = _whole(request, "limit", 20)
        seeds = [
            (kind, seed)
            for kind in ("genre", "artist", "track")
            for seed in request.query.get(f"seed_{kind}s", "").split(",")
            if seed
        ]
        if not 1 <= limit <= 100 or not 1 <= len(seeds) <= 5:
            raise Refusal(400, "invalid request")
        people = list(dict.fromkeys(a for kind, seed in seeds for a in self._alike(kind, seed)))
        tracks = [t for a in people for t in self.catalogue.top_tracks(a)[:3]]
        return {
            "tracks": [self.objects.track(t) for t in tracks[:limit]],
            "seeds": [
                {
                    "initialPoolSize": len(people),
                    "afterFilteringSize": len(people),
                    "afterRelinkingSize": len(people),
                    "id": seed,
                    "type": kind.upper(),
                    "href": None,
                }
                for kind, seed in seeds
            ],
        }

    def _alike(self, kind: str, seed: str) -> list[int]:
        """Return artists that a seed of recommendations leads to."""
        if kind == "genre":
            return list(self.catalogue.ranked(seed)[:20])
        index = self._index(kind, seed)
        artists = (index,) if kind == "artist" else self.catalogue.world.track(index).artists
        return [near for a in artists for near in (a, *self.catalogue.world.related_to(a))]

    def _category(self, request: HttpRequest, key: str) -> Any:
        names = {base62(5, n): (n, name) for n, name in enumerate(self._categories)}
        if key not in names:
            raise Refusal(404, "Specified id doesn't exist")
        return _category(request, *names[key])

    def _featured(self, request: HttpRequest, _: str) -> Any:
        offset, limit = self._span(request)
        count = min(100, self.catalogue.world.counts["playlists"])
        places = range(offset, min(count, offset + limit))
        items = [self.objects.playlist_short(p) for p in places]
        return {
            "message": "Popular playlists",
            "playlists": page(items, count, offset, limit, f"{request.base}{request.path}"),
        }

    def _analysis(self, request: HttpRequest, key: str) -> Any:
        features = self.objects.features(self._index("track", key))
        if features is None:
            raise Refusal(404, "analysis not found")
        names = ("loudness", "tempo", "time_signature", "key", "mode")
        track = {name: features[name] for name in names}
        track["duration"] = features["duration_ms"] / 1000
        return {
            "meta": {"status_code": 0},
            "track": track,
            "bars": [],
            "beats": [],
            "sections": [],
            "segments": [],
            "tatums": [],
        }

    def _user(self, request: HttpRequest, key: str) -> Any:
        return self.objects.owner(key) | {"followers": {"href": None, "total": 0}, "images": []}

    def _artist(self, request: HttpRequest, key: str) -> Any:
        return self.objects.artist(self._index("artist", key))

    def _album(self, request: HttpRequest, key: str) -> Any:
        return self.objects.album(self._index("album", key))

    def _track(self, request: HttpRequest, key: str) -> Any:
        return self.objects.track(self._index("track", key))

    def _playlist(self, request: HttpRequest, key: str) -> Any:
        return self.objects.playlist(self._index("playlist", key))

    def _artist_albums(self, request: HttpRequest, key: str) -> Any:
        small = self.access == "development"
        offset, limit = self._span(request, *((10, 5) if small else (50, 20)))
        groups = request.query.get("include_groups", "album,single,compilation,appears_on").split(
            ","
        )
        world, artist = self.catalogue.world, self._index("artist", key)
        albums = [
            a
            for a in world.albums_of(artist)
            if (
                world.album(a).album_type in groups
                if world.album(a).artists[:1] in ((artist,), ())
                else "appears_on" in groups
            )
        ]
        items = [self.objects.album_short(a, of=artist) for a in albums[offset : offset + limit]]
        href = f"{request.base}/v1/artists/{key}/albums"
        return page(items, len(albums), offset, limit, href, f"include_groups={','.join(groups)}")

    def _top_tracks(self, request: HttpRequest, key: str) -> Any:
        tracks = self.catalogue.top_tracks(self._index("artist", key))
        return {"tracks": [self.objects.track(t) for t in tracks]}

    def _related(self, request: HttpRequest, key: str) -> Any:
        related = self.catalogue.world.related_to(self._index("artist", key))
        return {"artists": [self.objects.artist(a) for a in related]}

    def _album_tracks(self, request: HttpRequest, key: str) -> Any:
        offset, limit = self._span(request)
        tracks = self.catalogue.world.tracks_of(self._index("album", key))
        items = [self.objects.track_short(t) for t in tracks[offset : offset + limit]]
        return page(items, len(tracks), offset, limit, f"{request.base}/v1/albums/{key}/tracks")

    def _entries(self, request: HttpRequest, key: str) -> Any:
        offset, limit = self._span(request, 100)
        index = self._index("playlist", key)
        total = self.catalogue.world.playlist(index).size
        positions = range(offset, min(total, offset + limit))
        items = [self.objects.entry(index, position) for position in positions]
        return page(items, total, offset, limit, f"{request.base}{request.path}")

    def _cover(self, request: HttpRequest, key: str) -> Any:
        return self.objects.playlist_short(self._index("playlist", key))["images"] or []

    def _user_playlists(self, request: HttpRequest, key: str) -> Any:
        offset, limit = self._span(request)
        world = self.catalogue.world
        playlists = [p for p in range(world.counts["playlists"]) if world.playlist(p).owner == key]
        items = [self.objects.playlist_short(p) for p in playlists[offset : offset + limit]]
        return page(items, len(playlists), offset, limit, f"{request.base}{request.path}")

    def _category_list(self, request: HttpRequest, _: str) -> Any:
        offset, limit = self._span(request)
        rows = list(enumerate(self._categories))[offset : offset + limit]
        items = [_category(request, n, name) for n, name in rows]
        href = f"{request.base}/v1/browse/categories"
        return {"categories": page(items, len(self._categories), offset, limit, href)}

    def _category_playlists(self, request: HttpRequest, key: str) -> Any:
        offset, limit = self._span(request)
        names = {base62(5, n): name for n, name in enumerate(self._categories)}
        if key not in names:
            raise Refusal(404, "Specified id doesn't exist")
        parents, lists = self.catalogue.world.parents, self.catalogue.playlists_by_genre
        playlists = [
            p for g, rows in lists.items() if parents.get(g, g) == names[key] for p in rows
        ]
        items = [self.objects.playlist_short(p) for p in playlists[offset : offset + limit]]
        return {
            "message": names[key].title(),
            "playlists": page(
                items, len(playlists), offset, limit, f"{request.base}{request.path}"
            ),
        }

    def _new_releases(self, request: HttpRequest, _: str) -> Any:
        offset, limit = self._span(request)
        people = self.catalogue.by_popularity[:100]
        albums = [self.catalogue.world.albums_of(a)[-1] for a in people]
        items = [self.objects.album_short(a) for a in albums[offset : offset + limit]]
        href = f"{request.base}/v1/browse/new-releases"
        return {"albums": page(items, len(albums), offset, limit, href)}


def _category(request: HttpRequest, number: int, name: str) -> Any:
    key = base62(5, number)
    return {
        "href": f"{request.base}/v1/browse/categories/{key}",
        "icons": [{"height": None, "url": f"{request.base}/image/{key.lower()}", "width": None}],
        "id": key,
        "name": name.title(),
    }


def missing(request: HttpRequest, _: str) -> Any:
    """Refuse an unknown path."""
    raise Refusal(404, "Service not found")


def _whole(request: HttpRequest, name: str, default: int) -> int:
    try:
        return int(request.query.get(name, default))
    except ValueError:
        raise Refusal(400, f"Invalid {name}") from None
