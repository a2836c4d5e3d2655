"""ReccoBeats over a world: audio features by Spotify's ids or ISRC, in no order, gaps unsaid."""

from __future__ import annotations

from typing import Any

from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.worlds.generated import recording_of
from phonofilm.sandbox.worlds.hashing import base62, from_base62, mix, share, uuid
from phonofilm.sandbox.worlds.world import Catalogue, Track

_MOST = 40
_COVERS = 0.9
_FIELDS = (
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "key",
    "liveness",
    "loudness",
    "mode",
    "speechiness",
    "tempo",
    "valence",
)


class ReccoBeatsService:
    """The stand-in; ids after the fortieth are dropped without a word."""

    name = "reccobeats"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access != "open":
            raise ValueError("reccobeats has one access level: open")
        self.access, self.world = access, catalogue.world
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request."""
        endpoint = request.path.removeprefix("/v1/").strip("/").replace("-", "_")
        if endpoint not in ("audio_features", "track"):
            return json_response("unknown", {"error": "Not Found"}, 404)
        wait = self._rate.admit() or self._quota.admit()
        if wait:
            body = {"errorCode": 4291, "message": "Too many requests"}
            return json_response(endpoint, body, 429, {"Retry-After": str(wait)})
        asked = [t for text in request.every.get("ids", []) for t in text.split(",") if t]
        if not asked:
            return json_response(endpoint, {"errorCode": 4001, "message": "ids is missing"}, 400)
        tracks = {t: None for text in asked[:_MOST] if (t := self._track(text)) is not None}
        rows = sorted(tracks, key=lambda t: mix(t, 1601))
        build = self.features if endpoint == "audio_features" else self.track
        return json_response(endpoint, {"content": [build(row) for row in rows]})

    def _track(self, text: str) -> int | None:
        """Return the track behind a Spotify id or an ISRC, where this source has it."""
        native = self.world.native_ids.get("track")
        index: int | None
        if len(text) == 12:
            index = recording_of(text)
        else:
            index = native.index(text) if native and text in native else from_base62(text, 3)
        if index is None or not 0 <= index < self.world.counts["tracks"]:
            return None
        row = self.world.track(index)
        known = row.features is not None and share(row.recording, 1602) < _COVERS
        return index if known else None

    def _head(self, row: Track) -> dict[str, Any]:
        native = self.world.native_ids.get("track")
        spotify = native[row.index] if native else base62(3, row.index)
        return {
            "id": uuid(16, row.index),
            "href": f"https://open.spotify.com/track/{spotify}",
            "isrc": row.isrc,
        }

    def features(self, index: int) -> dict[str, Any]:
        """Return the measured audio features."""
        row = self.world.track(index)
        features = row.features or {}
        return self._head(row) | {name: features[name] for name in _FIELDS if name in features}

    def track(self, index: int) -> dict[str, Any]:
        """Return the name and codes of a recording."""
        row = self.world.track(index)
        people = [{"id": uuid(17, a), "name": self.world.artist(a).name} for a in row.artists]
        return self._head(row) | {
            "trackTitle": row.name,
            "artists": people,
            "durationMs": row.duration_ms,
            "ean": None,
            "upc": None,
            "availableCountries": "DE,US",
            "popularity": row.popularity,
        }

    def visible(self) -> dict[str, int]:
        """Count the visible records by kind."""
        count = len(self.true_ids("tracks"))
        return dict.fromkeys(self.world.counts, 0) | {"tracks": count, "features": count}

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        return list(self.true_ids(kind))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its record in the world."""
        if kind != "tracks":
            return {}
        rows = (self.world.track(t) for t in range(self.world.counts["tracks"]))
        return {
            uuid(16, row.index): row.recording
            for row in rows
            if row.features is not None and share(row.recording, 1602) < _COVERS
        }
