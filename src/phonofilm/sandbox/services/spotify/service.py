"""Spotify's endpoints: which exist at which access level, their limits, their refusals."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from phonofilm.sandbox.kernel.media import media_file
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.services.spotify.endpoints import Endpoints, Refusal, missing
from phonofilm.sandbox.worlds.world import Catalogue

LEVELS = ("extended-legacy", "extended", "development-2025", "development")
# 2024-11-27: taken from everybody who had not used them before; refused with 403 or 404.
_LOST_2024 = {
    "related": 404,
    "audio_features": 403,
    "audio_features_one": 403,
    "recommendations": 404,
    "genre_seeds": 404,
    "category_playlists": 404,
    "featured_playlists": 404,
    "audio_analysis": 403,
}
# 2026-02-11: taken from development mode; refused with 403.
_LOST_2026 = dict.fromkeys(
    (
        "artists",
        "albums",
        "tracks",
        "top_tracks",
        "categories",
        "new_releases",
        "playlist_tracks",
        "playlist_items",
        "user_playlists",
        "markets",
        "category",
        "user",
    ),
    403,
)
GONE: dict[str, dict[str, int]] = {
    "extended-legacy": {},
    "extended": _LOST_2024,
    "development-2025": _LOST_2024,
    "development": _LOST_2024 | dict.fromkeys(("related", "recommendations"), 403) | _LOST_2026,
}


class SpotifyService(Endpoints):
    """The stand-in; tokens it gives start with `sandbox-` and end after `token_seconds`."""

    name = "spotify"

    def __init__(
        self,
        catalogue: Catalogue,
        access: str,
        clock: Clock,
        rate: str,
        quota: str,
        token_seconds: int = 3600,
    ) -> None:
        if access not in LEVELS:
            raise ValueError(f"access is one of {', '.join(LEVELS)}")
        super().__init__(catalogue, access)
        self._clock = clock
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)
        self._token_seconds = token_seconds
        self._tokens: dict[str, float] = {}

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request."""
        self.objects.base = request.base
        if request.path.startswith(("/image/", "/mp3-preview/")):
            _, folder, name = request.path.split("/", 2)
            return media_file(name, "jpg" if folder == "image" else "mp3")
        if request.path == "/api/token":
            return self._token(request)
        endpoint, handler, argument = self._route(request.path)
        try:
            self._admit(endpoint, request)
            return json_response(endpoint, handler(request, argument))
        except _Throttled as refused:
            return refused.respond(endpoint)
        except Refusal as refused:
            return _error(endpoint, refused.status, refused.message)

    def _token(self, request: HttpRequest) -> HttpResponse:
        form = parse_qs(request.body.decode("utf-8", "replace"))
        scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
        try:
            client, _, secret = base64.b64decode(coded).decode().partition(":")
        except ValueError:
            client = secret = ""
        if scheme != "Basic" or not client or secret in ("", "wrong"):
            error = {"error": "invalid_client", "error_description": "Invalid client"}
            return json_response("token", error, 400)
        if form.get("grant_type") != ["client_credentials"]:
            error = {"error": "unsupported_grant_type", "error_description": "grant_type"}
            return json_response("token", error, 400)
        token = "sandbox-" + secrets.token_hex(16)
        self._tokens[token] = self._clock.now() + self._token_seconds
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self._token_seconds}
        return json_response("token", body)

    def _admit(self, endpoint: str, request: HttpRequest) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
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

    def _route(self, path: str) -> tuple[str, Callable[[HttpRequest, str], Any], str]:
        parts = path.split("/")[2:] if path.startswith("/v1/") else []
        if len(parts) == 1:
            plain = {
                "search": self._search,
                "artists": self._batch,
                "albums": self._batch,
                "tracks": self._batch,
                "markets": lambda *_: {"markets": ["DE", "US"]},
                "audio-features": self._features,
                "recommendations": self._recommendations,
            }
            if parts[0] in plain:
                return parts[0].replace("-", "_"), plain[parts[0]], parts[0]
        if len(parts) == 2:
            return self._route_two(*parts)
        if len(parts) == 3:
            return self._route_three(*parts)
        if len(parts) == 4 and parts[:2] == ["browse", "categories"] and parts[3] == "playlists":
            return "category_playlists", self._category_playlists, parts[2]
        return "unknown", missing, ""

    def _route_two(
        self, first: str, second: str
    ) -> tuple[str, Callable[[HttpRequest, str], Any], str]:
        table: dict[str, tuple[str, Callable[[HttpRequest, str], Any]]] = {
            "artists": ("artist", self._artist),
            "albums": ("album", self._album),
            "tracks": ("track", self._track),
            "playlists": ("playlist", self._playlist),
            "audio-features": ("audio_features_one", self._feature),
            "audio-analysis": ("audio_analysis", self._analysis),
            "users": ("user", self._user),
        }
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
        return "unknown", missing, ""

    def _route_three(
        self, first: str, key: str, third: str
    ) -> tuple[str, Callable[[HttpRequest, str], Any], str]:
        table: dict[tuple[str, str], tuple[str, Callable[[HttpRequest, str], Any]]] = {
            ("artists", "albums"): ("artist_albums", self._artist_albums),
            ("artists", "top-tracks"): ("top_tracks", self._top_tracks),
            ("artists", "related-artists"): ("related", self._related),
            ("albums", "tracks"): ("album_tracks", self._album_tracks),
            ("playlists", "tracks"): ("playlist_tracks", self._entries),
            ("playlists", "items"): ("playlist_items", self._entries),
            ("playlists", "images"): ("playlist_cover", self._cover),
            ("users", "playlists"): ("user_playlists", self._user_playlists),
            ("browse", "categories"): ("category", self._category),
        }
        if (first, third) in table:
            return *table[first, third], key
        if (first, key) == ("browse", "categories"):
            return "category", self._category, third
        return "unknown", missing, ""

    def visible(self) -> dict[str, int]:
        """Count the records that this access level can show, by kind."""
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
        """Return all ids of a plural kind."""
        return [self.objects.id_of(kind[:-1], i) for i in range(self.catalogue.world.counts[kind])]


class _Throttled(Exception):  # noqa: N818 - an answer of the service, not a fault of ours
    def __init__(self, wait: int, quota: bool) -> None:
        super().__init__()
        self.wait, self.quota = wait, quota

    def respond(self, endpoint: str) -> HttpResponse:
        error: dict[str, Any] = {"status": 429, "message": "API rate limit exceeded"}
        if self.quota:
            error |= {"message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
        return json_response(endpoint, {"error": error}, 429, {"Retry-After": str(self.wait)})


def _error(endpoint: str, status: int, message: str) -> HttpResponse:
    return json_response(endpoint, {"error": {"status": status, "message": message}}, status)
