"""Spotify's endpoints: which exist at which access level, their limits, their refusals."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote

from phonofilm.sandbox.mixing import base62, mix
from phonofilm.sandbox.service import Answer, Ask, Clock, Window, json_answer
from phonofilm.sandbox.spotify.objects import Objects, page
from phonofilm.sandbox.spotify.search import REACH, Search
from phonofilm.sandbox.world import Catalogue

LEVELS = ("extended-legacy", "extended", "development-2025", "development")
# 2024-11-27: taken from everybody who had not used them before; refused with 403 or 404.
_LOST_2024 = {
    "related": 404, "audio_features": 403, "audio_features_one": 403, "recommendations": 404,
    "genre_seeds": 404, "category_playlists": 404, "featured_playlists": 404,
    "audio_analysis": 403,
}  # fmt: skip
# 2026-02-11: taken from development mode; refused with 403.
_LOST_2026 = dict.fromkeys(
    ("artists", "albums", "tracks", "top_tracks", "categories", "new_releases",
     "playlist_tracks", "playlist_items", "user_playlists", "markets", "category", "user"), 403,
)  # fmt: skip
GONE: dict[str, dict[str, int]] = {
    "extended-legacy": {},
    "extended": _LOST_2024,
    "development-2025": _LOST_2024,
    "development": _LOST_2024 | dict.fromkeys(("related", "recommendations"), 403) | _LOST_2026,
}
_BATCH = {"artists": 50, "albums": 20, "tracks": 50}


class Refusal(Exception):  # noqa: N818 - an answer of the service, not a fault of ours
    """An answer with an error body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class SpotifyService:
    """The stand-in; tokens it gives start with `sandbox-` and end after `token_seconds`."""

    name = "spotify"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str,
        token_seconds: int = 3600,
    ) -> None:  # fmt: skip
        if access not in LEVELS:
            raise ValueError(f"access is one of {', '.join(LEVELS)}")
        self.catalogue, self.access, self._clock = catalogue, access, clock
        self.objects = Objects(catalogue.world, access)
        self.search = Search(catalogue)
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)
        self._token_seconds = token_seconds
        self._tokens: dict[str, float] = {}
        self._genres = catalogue.world.genres
        self._categories = sorted(set(catalogue.world.parents.values()))

    def answer(self, ask: Ask) -> Answer:
        """Answers one request."""
        self.objects.base = ask.base
        if ask.path == "/api/token":
            return self._token(ask)
        endpoint, handler, argument = self._route(ask.path)
        try:
            self._admit(endpoint, ask)
            return json_answer(endpoint, handler(ask, argument))
        except _Throttled as refused:
            return refused.answer(endpoint)
        except Refusal as refused:
            return _error(endpoint, refused.status, refused.message)

    def _token(self, ask: Ask) -> Answer:
        form = parse_qs(ask.body.decode("utf-8", "replace"))
        scheme, _, coded = ask.headers.get("Authorization", "").partition(" ")
        try:
            client, _, secret = base64.b64decode(coded).decode().partition(":")
        except ValueError:
            client = secret = ""
        if scheme != "Basic" or not client or secret in ("", "wrong"):
            error = {"error": "invalid_client", "error_description": "Invalid client"}
            return json_answer("token", error, 400)
        if form.get("grant_type") != ["client_credentials"]:
            error = {"error": "unsupported_grant_type", "error_description": "grant_type"}
            return json_answer("token", error, 400)
        token = "sandbox-" + secrets.token_hex(16)
        self._tokens[token] = self._clock.now() + self._token_seconds
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self._token_seconds}
        return json_answer("token", body)

    def _admit(self, endpoint: str, ask: Ask) -> None:
        token = ask.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token:
            raise Refusal(401, "No token provided")
        if token not in self._tokens:
            raise Refusal(401, "Invalid access token")
        if self._tokens[token] <= self._clock.now():
            raise Refusal(401, "The access token expired")
        wait = self._rate.admit()
        if wait:
            raise _Throttled(wait, quota=False)
        wait = self._quota.admit()
        if wait:
            raise _Throttled(wait, quota=True)
        if endpoint in GONE[self.access]:
            status = GONE[self.access][endpoint]
            raise Refusal(status, "Forbidden" if status == 403 else "Resource not found")

    def _route(self, path: str) -> tuple[str, Callable[[Ask, str], Any], str]:
        parts = path.split("/")[2:] if path.startswith("/v1/") else []
        if len(parts) == 1:
            plain = {
                "search": self._search, "artists": self._batch, "albums": self._batch,
                "tracks": self._batch, "markets": lambda *_: {"markets": ["DE", "US"]},
                "audio-features": self._features, "recommendations": self._recommendations,
            }  # fmt: skip
            if parts[0] in plain:
                return parts[0].replace("-", "_"), plain[parts[0]], parts[0]
        if len(parts) == 2:
            return self._route_two(*parts)
        if len(parts) == 3:
            return self._route_three(*parts)
        if len(parts) == 4 and parts[:2] == ["browse", "categories"] and parts[3] == "playlists":
            return "category_playlists", self._category_playlists, parts[2]
        return "unknown", _missing, ""

    def _route_two(self, first: str, second: str) -> tuple[str, Callable[[Ask, str], Any], str]:
        table: dict[str, tuple[str, Callable[[Ask, str], Any]]] = {
            "artists": ("artist", self._artist), "albums": ("album", self._album),
            "tracks": ("track", self._track), "playlists": ("playlist", self._playlist),
            "audio-features": ("audio_features_one", self._feature),
            "audio-analysis": ("audio_analysis", self._analysis), "users": ("user", self._user),
        }  # fmt: skip
        if first in table:
            return *table[first], second
        if (first, second) == ("browse", "categories"):
            return "categories", self._category_list, ""
        if (first, second) == ("browse", "new-releases"):
            return "new_releases", self._new_releases, ""
        if (first, second) == ("browse", "featured-playlists"):
            return "featured_playlists", self._featured, ""
        if (first, second) == ("recommendations", "available-genre-seeds"):
            return "genre_seeds", lambda *_: {"genres": list(self._genres)}, ""
        return "unknown", _missing, ""

    def _route_three(
        self, first: str, key: str, third: str
    ) -> tuple[str, Callable[[Ask, str], Any], str]:
        table: dict[tuple[str, str], tuple[str, Callable[[Ask, str], Any]]] = {
            ("artists", "albums"): ("artist_albums", self._artist_albums),
            ("artists", "top-tracks"): ("top_tracks", self._top_tracks),
            ("artists", "related-artists"): ("related", self._related),
            ("albums", "tracks"): ("album_tracks", self._album_tracks),
            ("playlists", "tracks"): ("playlist_tracks", self._entries),
            ("playlists", "items"): ("playlist_items", self._entries),
            ("users", "playlists"): ("user_playlists", self._user_playlists),
            ("browse", "categories"): ("category", self._category),
        }
        if (first, third) in table:
            return *table[first, third], key
        if (first, key) == ("browse", "categories"):
            return "category", self._category, third
        return "unknown", _missing, ""

    def _index(self, kind: str, key: str) -> int:
        index = self.objects.index_of(kind, key)
        if index is None:
            raise (
                Refusal(404, "Resource not found")
                if len(key) == 22
                else Refusal(400, "Invalid base62 id")
            )
        return index

    def _span(self, ask: Ask, most: int = 50, default: int = 20) -> tuple[int, int]:
        limit, offset = _whole(ask, "limit", default), _whole(ask, "offset", 0)
        if not 1 <= limit <= most:
            raise Refusal(400, "Invalid limit")
        if offset < 0:
            raise Refusal(400, "Invalid offset")
        return offset, limit

    def _search(self, ask: Ask, _: str) -> Any:
        small = self.access == "development"
        offset, limit = self._span(ask, *((10, 5) if small else (50, 20)))
        # A page's own `next` says `query` where a person says `q`.
        text = ask.query.get("q") or ask.query.get("query", "")
        kinds = ask.query.get("type", "").split(",")
        if not text:
            raise Refusal(400, "No search query")
        if offset + limit > REACH:
            raise Refusal(400, "Invalid offset")
        return {kind + "s": self._found(ask, kind, text, offset, limit) for kind in kinds}

    def _found(self, ask: Ask, kind: str, text: str, offset: int, limit: int) -> Any:
        if kind not in ("artist", "album", "track", "playlist"):
            raise Refusal(400, "Bad search type field " + kind)
        found = self.search.found(kind, text)
        build = {
            "artist": self.objects.artist, "album": self.objects.album_short,
            "track": self.objects.track, "playlist": self.objects.playlist_short,
        }[kind]  # fmt: skip
        items: list[Any] = [build(i) for i in found[offset : offset + limit]]
        if kind == "playlist" and len(items) > 3 and mix(offset, len(text)) % 5 == 0:
            items[3] = None  # playlist searches hold null items
        # The stated total drifts from page to page, as the real one does.
        total = min(REACH, len(found)) if len(found) < REACH else REACH + mix(offset, 3) % 7
        query = f"query={quote(text, safe='')}&type={kind}"
        found_page = page(items, total, offset, limit, f"{ask.base}/v1/search", query)
        if offset + 2 * limit > REACH:
            found_page["next"] = None
        return found_page

    def _batch(self, ask: Ask, plural: str) -> Any:
        kind = plural[:-1]
        keys = [key for key in ask.query.get("ids", "").split(",") if key]
        if not keys or len(keys) > _BATCH[plural]:
            raise Refusal(400, "Too many ids requested" if keys else "Missing required field: ids")
        build = getattr(self.objects, kind)
        rows = [self.objects.index_of(kind, key) for key in keys]
        return {plural: [None if index is None else build(index) for index in rows]}

    def _features(self, ask: Ask, _: str) -> Any:
        keys = [key for key in ask.query.get("ids", "").split(",") if key]
        if not keys or len(keys) > 100:
            raise Refusal(400, "Too many ids requested" if keys else "Missing required field: ids")
        rows = [self.objects.index_of("track", key) for key in keys]
        return {"audio_features": [None if i is None else self.objects.features(i) for i in rows]}

    def _feature(self, ask: Ask, key: str) -> Any:
        features = self.objects.features(self._index("track", key))
        if features is None:
            raise Refusal(404, "analysis not found")
        return features

    def _recommendations(self, ask: Ask, _: str) -> Any:
        limit = _whole(ask, "limit", 20)
        seeds = [
            (kind, seed)
            for kind in ("genre", "artist", "track")
            for seed in ask.query.get(f"seed_{kind}s", "").split(",")
            if seed
        ]
        if not 1 <= limit <= 100 or not 1 <= len(seeds) <= 5:
            raise Refusal(400, "invalid request")
        people = list(dict.fromkeys(a for kind, seed in seeds for a in self._alike(kind, seed)))
        tracks = [t for a in people for t in self.catalogue.top_tracks(a)[:3]]
        return {
            "tracks": [self.objects.track(t) for t in tracks[:limit]],
            "seeds": [
                {"initialPoolSize": len(people), "afterFilteringSize": len(people),
                 "afterRelinkingSize": len(people), "id": seed, "type": kind.upper(),
                 "href": None}
                for kind, seed in seeds
            ],
        }  # fmt: skip

    def _alike(self, kind: str, seed: str) -> list[int]:
        """Artists that a seed of recommendations leads to."""
        if kind == "genre":
            return list(self.catalogue.ranked(seed)[:20])
        index = self._index(kind, seed)
        artists = (index,) if kind == "artist" else self.catalogue.world.track(index).artists
        return [near for a in artists for near in (a, *self.catalogue.world.related_to(a))]

    def _category(self, ask: Ask, key: str) -> Any:
        names = {base62(5, n): (n, name) for n, name in enumerate(self._categories)}
        if key not in names:
            raise Refusal(404, "Specified id doesn't exist")
        return _category(ask, *names[key])

    def _featured(self, ask: Ask, _: str) -> Any:
        offset, limit = self._span(ask)
        count = min(100, self.catalogue.world.counts["playlists"])
        places = range(offset, min(count, offset + limit))
        items = [self.objects.playlist_short(p) for p in places]
        return {
            "message": "Popular playlists",
            "playlists": page(items, count, offset, limit, f"{ask.base}{ask.path}"),
        }

    def _analysis(self, ask: Ask, key: str) -> Any:
        features = self.objects.features(self._index("track", key))
        if features is None:
            raise Refusal(404, "analysis not found")
        names = ("loudness", "tempo", "time_signature", "key", "mode")
        told = {name: features[name] for name in names}
        told["duration"] = features["duration_ms"] / 1000
        return {"meta": {"status_code": 0}, "track": told, "bars": [], "beats": [], "sections": [],
                "segments": [], "tatums": []}  # fmt: skip

    def _user(self, ask: Ask, key: str) -> Any:
        return self.objects.owner(key) | {"followers": {"href": None, "total": 0}, "images": []}

    def _artist(self, ask: Ask, key: str) -> Any:
        return self.objects.artist(self._index("artist", key))

    def _album(self, ask: Ask, key: str) -> Any:
        return self.objects.album(self._index("album", key))

    def _track(self, ask: Ask, key: str) -> Any:
        return self.objects.track(self._index("track", key))

    def _playlist(self, ask: Ask, key: str) -> Any:
        return self.objects.playlist(self._index("playlist", key))

    def _artist_albums(self, ask: Ask, key: str) -> Any:
        small = self.access == "development"
        offset, limit = self._span(ask, *((10, 5) if small else (50, 20)))
        groups = ask.query.get("include_groups", "album,single,compilation,appears_on").split(",")
        world, artist = self.catalogue.world, self._index("artist", key)
        albums = [
            a for a in world.albums_of(artist)
            if (world.album(a).album_type in groups if world.album(a).artists[:1] in ((artist,), ())
                else "appears_on" in groups)
        ]  # fmt: skip
        items = [self.objects.album_short(a, of=artist) for a in albums[offset : offset + limit]]
        href = f"{ask.base}/v1/artists/{key}/albums"
        return page(items, len(albums), offset, limit, href, f"include_groups={','.join(groups)}")

    def _top_tracks(self, ask: Ask, key: str) -> Any:
        tracks = self.catalogue.top_tracks(self._index("artist", key))
        return {"tracks": [self.objects.track(t) for t in tracks]}

    def _related(self, ask: Ask, key: str) -> Any:
        related = self.catalogue.world.related_to(self._index("artist", key))
        return {"artists": [self.objects.artist(a) for a in related]}

    def _album_tracks(self, ask: Ask, key: str) -> Any:
        offset, limit = self._span(ask)
        tracks = self.catalogue.world.tracks_of(self._index("album", key))
        items = [self.objects.track_short(t) for t in tracks[offset : offset + limit]]
        return page(items, len(tracks), offset, limit, f"{ask.base}/v1/albums/{key}/tracks")

    def _entries(self, ask: Ask, key: str) -> Any:
        offset, limit = self._span(ask, 100)
        index = self._index("playlist", key)
        total = self.catalogue.world.playlist(index).size
        places = range(offset, min(total, offset + limit))
        items = [self.objects.entry(index, place) for place in places]
        return page(items, total, offset, limit, f"{ask.base}{ask.path}")

    def _user_playlists(self, ask: Ask, key: str) -> Any:
        offset, limit = self._span(ask)
        world = self.catalogue.world
        mine = [p for p in range(world.counts["playlists"]) if world.playlist(p).owner == key]
        items = [self.objects.playlist_short(p) for p in mine[offset : offset + limit]]
        return page(items, len(mine), offset, limit, f"{ask.base}{ask.path}")

    def _category_list(self, ask: Ask, _: str) -> Any:
        offset, limit = self._span(ask)
        rows = list(enumerate(self._categories))[offset : offset + limit]
        items = [_category(ask, n, name) for n, name in rows]
        href = f"{ask.base}/v1/browse/categories"
        return {"categories": page(items, len(self._categories), offset, limit, href)}

    def _category_playlists(self, ask: Ask, key: str) -> Any:
        offset, limit = self._span(ask)
        names = {base62(5, n): name for n, name in enumerate(self._categories)}
        if key not in names:
            raise Refusal(404, "Specified id doesn't exist")
        parents, lists = self.catalogue.world.parents, self.catalogue.playlists_by_genre
        mine = [p for g, rows in lists.items() if parents.get(g, g) == names[key] for p in rows]
        items = [self.objects.playlist_short(p) for p in mine[offset : offset + limit]]
        return {
            "message": names[key].title(),
            "playlists": page(items, len(mine), offset, limit, f"{ask.base}{ask.path}"),
        }

    def _new_releases(self, ask: Ask, _: str) -> Any:
        offset, limit = self._span(ask)
        people = self.catalogue.by_popularity[:100]
        albums = [self.catalogue.world.albums_of(a)[-1] for a in people]
        items = [self.objects.album_short(a) for a in albums[offset : offset + limit]]
        href = f"{ask.base}/v1/browse/new-releases"
        return {"albums": page(items, len(albums), offset, limit, href)}

    def visible(self) -> dict[str, int]:
        """What this access level can show at all."""
        counts = dict(self.catalogue.world.counts)
        world = self.catalogue.world
        features = 0
        if "audio_features" not in GONE[self.access]:
            tracks = range(counts["tracks"])
            features = sum(world.measured(track) for track in tracks)
        entries = 0
        if self.access != "development":
            entries = sum(world.playlist(p).size for p in range(counts["playlists"]))
        return counts | {"features": features, "entries": entries}

    def ids(self, kind: str) -> list[str]:
        """All ids of a kind, given in the plural."""
        return [self.objects.id_of(kind[:-1], i) for i in range(self.catalogue.world.counts[kind])]


class _Throttled(Exception):  # noqa: N818 - an answer of the service, not a fault of ours
    def __init__(self, wait: int, quota: bool) -> None:
        super().__init__()
        self.wait, self.quota = wait, quota

    def answer(self, endpoint: str) -> Answer:
        error: dict[str, Any] = {"status": 429, "message": "API rate limit exceeded"}
        if self.quota:
            error |= {"message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
        return json_answer(endpoint, {"error": error}, 429, {"Retry-After": str(self.wait)})


def _error(endpoint: str, status: int, message: str) -> Answer:
    return json_answer(endpoint, {"error": {"status": status, "message": message}}, status)


def _category(ask: Ask, number: int, name: str) -> Any:
    key = base62(5, number)
    return {
        "href": f"{ask.base}/v1/browse/categories/{key}",
        "icons": [{"height": None, "url": f"{ask.base}/image/c{number}", "width": None}],
        "id": key,
        "name": name.title(),
    }


def _missing(ask: Ask, _: str) -> Any:
    raise Refusal(404, "Service not found")


def _whole(ask: Ask, name: str, default: int) -> int:
    try:
        return int(ask.query.get(name, default))
    except ValueError:
        raise Refusal(400, f"Invalid {name}") from None
