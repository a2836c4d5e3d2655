"""ListenBrainz over a world: listeners, tags and likeness by MusicBrainz's ids."""

from __future__ import annotations

import json
from typing import Any

from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.services.musicbrainz.objects import Objects
from phonofilm.sandbox.worlds.hashing import mix
from phonofilm.sandbox.worlds.world import Catalogue

_MOST = 1000
_LISTENS = 131
_LINKS = ("free streaming", "streaming")


class ListenBrainzService:
    """The stand-in of the API and of the experiment on similar artists, on one host."""

    name = "listenbrainz"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access not in ("open", "token"):
            raise ValueError("listenbrainz has two access levels: open, token")
        self.catalogue, self.access, self.world = catalogue, access, catalogue.world
        self.objects = Objects(self.world)
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request."""
        path = request.path.strip("/")
        wait = self._rate.admit() or self._quota.admit()
        if wait:
            headers = {"X-RateLimit-Reset-In": str(wait), "X-RateLimit-Remaining": "0"}
            return json_response(path, {"code": 429, "error": "slow down"}, 429, headers)
        if path == "1/metadata/artist":
            ids = request.query.get("artist_mbids", "").split(",")
            return json_response("metadata_artist", [self._told(a) for a in self._indices(ids)])
        if path in ("1/popularity/artist", "1/popularity/recording") and request.method == "POST":
            return self._popularity(path.rpartition("/")[2], request)
        if path == "similar-artists/json":
            return self._similar(request)
        if path.startswith("1/popularity/top-recordings-for-artist/"):
            return self._top(path.rpartition("/")[2])
        return json_response("unknown", {"code": 404, "error": "Not found"}, 404)

    def _indices(self, ids: list[str]) -> list[int]:
        indices = (self.objects.index_of("artist", text) for text in ids)
        return [index for index in indices if index is not None]

    def _told(self, index: int) -> dict[str, Any]:
        head = self.objects.artist_short(index)
        words = self.objects.words(index, {"genres", "tags"})
        known = {genre["name"]: genre["id"] for genre in words["genres"]}
        return {
            "artist_mbid": head["id"],
            "mbid": head["id"],
            "name": head["name"],
            "type": head["type"],
            "area": "Germany",
            "begin_year": 1960 + index % 60,
            "rels": dict(zip(_LINKS, self.objects.addresses(index), strict=False)),
            "tag": {
                "artist": [
                    {
                        "artist_mbid": head["id"],
                        "tag": tag["name"],
                        "count": tag["count"],
                        **({"genre_mbid": known[tag["name"]]} if tag["name"] in known else {}),
                    }
                    for tag in words["tags"]
                ]
            },
        }

    def _popularity(self, kind: str, request: HttpRequest) -> HttpResponse:
        name = f"{kind}_mbids"
        try:
            ids = json.loads(request.body)[name]
        except (ValueError, KeyError, TypeError):
            ids = None
        if not isinstance(ids, list) or not ids or len(ids) > _MOST:
            body = {"code": 400, "error": f"Please provide one to 1000 {name}."}
            return json_response(f"popularity_{kind}", body, 400)
        rows = [self._counted(kind, str(text)) for text in ids]
        return json_response(f"popularity_{kind}", rows)

    def _counted(self, kind: str, text: str) -> dict[str, Any]:
        index = self.objects.index_of(kind, text)
        listens: int | None = None
        if index is not None and kind == "artist":
            listens = self.world.artist(index).followers * _LISTENS // 100
        elif index is not None:
            listens = self.world.track(index).popularity * _LISTENS
        people = None if listens is None else listens // 9
        return {f"{kind}_mbid": text, "total_listen_count": listens, "total_user_count": people}

    def _similar(self, request: HttpRequest) -> HttpResponse:
        if "artist_mbids" not in request.query or "algorithm" not in request.query:
            body = b"<!doctype html><title>400</title>artist_mbids and algorithm are compulsory"
            return HttpResponse("similar", 400, body, {"Content-Type": "text/html"})
        artists = self._indices(request.query["artist_mbids"].split(","))
        rows = []
        for rank, other in enumerate(self.world.related_to(artists[0]) if artists else ()):
            if self.objects.has("artist", other):
                head = self.objects.artist_short(other)
                rows.append(
                    {
                        "artist_mbid": head["id"],
                        "name": head["name"],
                        "comment": head["disambiguation"],
                        "type": head["type"],
                        "gender": None,
                        "score": 2000 - rank * 7,
                        "reference_mbid": request.query["artist_mbids"],
                    }
                )
        return json_response("similar", rows)

    def _top(self, key: str) -> HttpResponse:
        index = self.objects.index_of("artist", key)
        if self.access != "token":
            body = {"code": 401, "error": "Due to bad actors, a token is needed."}
            return json_response("top_recordings", body, 401)
        tracks = self.catalogue.top_tracks(index) if index is not None else ()
        return json_response("top_recordings", [self._recording(t) for t in tracks])

    def _recording(self, track: int) -> dict[str, Any]:
        row = self.world.track(track)
        listens = row.popularity * _LISTENS
        return {
            "recording_mbid": self.objects.id_of("recording", row.recording),
            "recording_name": row.name,
            "length": row.duration_ms,
            "artist_mbids": [self.objects.id_of("artist", a) for a in row.artists],
            "artist_name": self.world.artist(row.artists[0]).name,
            "release_mbid": self.objects.id_of("release", row.album),
            "release_name": self.world.album(row.album).name,
            "caa_id": mix(track, 3) % 10**9,
            "total_listen_count": listens,
            "total_user_count": listens // 9,
        }

    def visible(self) -> dict[str, int]:
        """Count the visible records by kind: MusicBrainz's artists and recordings."""
        kinds = {"artists": "artist", "tracks": "recording"}
        counts = {
            name: sum(self.objects.has(kind, i) for i in range(self.world.counts[name]))
            for name, kind in kinds.items()
        }
        return dict.fromkeys(self.world.counts, 0) | counts

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        return list(self.true_ids(kind))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its record in the world."""
        name = {"artists": "artist", "tracks": "recording"}.get(kind)
        if name is None:
            return {}
        here = (i for i in range(self.world.counts[kind]) if self.objects.has(name, i))
        return {self.objects.id_of(name, index): index for index in here}
