"""MusicBrainz's web service 2 over a world: look-ups, lists, searches, by MBID."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any

from phonofilm.sandbox.kernel.service import (
    Clock,
    HttpRequest,
    HttpResponse,
    Window,
    file_response,
    json_response,
)
from phonofilm.sandbox.services.musicbrainz import dumps, xml
from phonofilm.sandbox.services.musicbrainz.objects import Objects
from phonofilm.sandbox.worlds.word_index import words_of
from phonofilm.sandbox.worlds.world import Catalogue

_PLURAL = {"artist": "artists", "release": "releases", "recording": "recordings"}
_FIELD = re.compile(r'(\w+):(?:"((?:[^"\\]|\\.)*)"|\(((?:[^)\\]|\\.)*)\))')
_DUMPED_AT = 1_794_960_000.0  # Wednesday, 18 November 2026
_MOST, _DEFAULT, _MOST_ADDRESSES = 100, 25, 100


class Refusal(Exception):  # noqa: N818 - what it is
    """A refusal with its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class MusicBrainzService:
    """The stand-in; no key, but a user agent that says who asks."""

    name = "musicbrainz"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access != "open":
            raise ValueError("musicbrainz has one access level: open")
        self.catalogue, self.access = catalogue, access
        self.objects = Objects(catalogue.world)
        self._dump = lru_cache(maxsize=4)(partial(dumps.archive, catalogue.world))
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request; JSON when `fmt` says so, else XML."""
        parts = request.path.strip("/").split("/")
        entity = parts[-1].removesuffix(".tar.xz")
        if entity in dumps.ENTITIES and parts[-1].endswith(".tar.xz"):
            return file_response(f"dump:{entity}", self._dump(entity), _DUMPED_AT, request)
        if parts[:2] != ["ws", "2"] or len(parts) < 3:
            return json_response("unknown", {"error": "Not Found"}, 404)
        endpoint = "_".join([parts[2], *(["id"] if len(parts) > 3 else [])])
        try:
            self._admit(request)
            kind, body = self._found(parts[2:], request)
        except Refusal as refused:
            return self._refused(endpoint, refused, request)
        if _wants_json(request):
            return json_response(endpoint, _as_json(kind, body))
        headers = {"Content-Type": "application/xml; charset=utf-8"}
        return HttpResponse(endpoint, 200, xml.document(kind, body), headers)

    def _admit(self, request: HttpRequest) -> None:
        agent = request.headers.get("User-Agent", "")
        if not agent or agent.startswith(("Python-urllib", "python-requests", "Java/")):
            raise Refusal(403, "Your user agent must say who you are.")
        if self._rate.admit() or self._quota.admit():
            raise Refusal(503, "Your requests are exceeding the allowable rate limit.")

    @staticmethod
    def _refused(endpoint: str, refused: Refusal, request: HttpRequest) -> HttpResponse:
        if _wants_json(request):
            return json_response(endpoint, {"error": str(refused), "help": "..."}, refused.status)
        headers = {"Content-Type": "application/xml; charset=utf-8"}
        return HttpResponse(endpoint, refused.status, xml.failure(str(refused)), headers)

    def _found(self, parts: list[str], request: HttpRequest) -> tuple[str, Any]:
        kind, inc = parts[0], set(request.query.get("inc", "").replace(" ", "+").split("+"))
        if parts == ["genre", "all"]:
            return "genre-list", self._genres(request)
        if kind == "isrc" and len(parts) == 2:
            return "isrc", self._by_isrc(parts[1], inc)
        if kind == "url":
            return "url", self._urls(request)
        if kind == "label":
            return self._label(parts, request)
        build = self._builders.get(kind)
        if build is None:
            raise Refusal(404, "Not Found")
        if len(parts) == 2:
            return kind, build(self._index(kind, parts[1]), inc)
        if "query" in request.query:
            return f"{kind}-list", self._search(kind, request)
        return f"{kind}-list", self._browse(kind, request, inc)

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Names of labels by their id."""
        world = self.catalogue.world
        names = {world.album(a).label for a in self._known("release")}
        return {self.objects.label(name)["id"]: name for name in sorted(names) if name}

    def _label(self, parts: list[str], request: HttpRequest) -> tuple[str, Any]:
        """Return a label, or the labels with the words of a query."""
        if len(parts) == 2:
            if parts[1] not in self._labels:
                raise Refusal(404 if len(parts[1]) == 36 else 400, "Invalid mbid or not found.")
            return "label", self.objects.label(self._labels[parts[1]])
        if "query" not in request.query:
            raise Refusal(400, "Name what it belongs to, or a query.")
        fields = {n: a or b for n, a, b in _FIELD.findall(request.query["query"])}
        wanted = set(words_of(fields.get("label") or request.query["query"]))
        names = [name for name in self._labels.values() if wanted <= set(words_of(name))]
        page = self._page(names, request, lambda name: self.objects.label(name) | {"score": 100})
        return "label-list", page

    @property
    def _builders(self) -> dict[str, Callable[[int, set[str]], dict[str, Any]]]:
        objects = self.objects
        return {
            "artist": objects.artist,
            "release": objects.release,
            "recording": objects.recording,
            "release-group": objects.release_group,
        }

    def _index(self, kind: str, text: str) -> int:
        index = self.objects.index_of(kind, text)
        if index is None:
            raise Refusal(404 if len(text) == 36 else 400, "Invalid mbid or not found.")
        return index

    @staticmethod
    def _span(request: HttpRequest) -> tuple[int, int]:
        offset, limit = request.query.get("offset", "0"), request.query.get("limit", str(_DEFAULT))
        if not (offset.isdecimal() and limit.isdecimal()):
            raise Refusal(400, "offset and limit are whole numbers")
        return int(offset), min(_MOST, int(limit) or _DEFAULT)

    def _page(
        self, rows: Sequence[Any], request: HttpRequest, build: Callable[[Any], Any]
    ) -> dict[str, Any]:
        offset, limit = self._span(request)
        items = [build(row) for row in rows[offset : offset + limit]]
        return {"items": items, "count": len(rows), "offset": offset}

    def _genres(self, request: HttpRequest) -> dict[str, Any]:
        names = sorted(self.catalogue.world.genres)
        return self._page(
            list(enumerate(names)),
            request,
            lambda row: {
                "id": self.objects.id_of("genre", row[0]),
                "name": row[1],
                "disambiguation": "",
            },
        )

    def _by_isrc(self, code: str, inc: set[str]) -> dict[str, Any]:
        plain = code.replace("-", "").upper()
        rows = self._codes.get(plain, [])
        if not rows:
            raise Refusal(404, "Not Found")
        return {"isrc": plain, "recordings": [self.objects.recording(r, inc) for r in rows]}

    @cached_property
    def _codes(self) -> dict[str, list[int]]:
        """Recordings by the codes that this source has them under: right ones and wrong ones."""
        recordings_by_code: dict[str, list[int]] = {}
        world = self.catalogue.world
        for index in self._known("recording"):
            code = self.objects.house.isrc(world.track(index))
            if code:
                recordings_by_code.setdefault(code.replace("-", "").upper(), []).append(index)
        return recordings_by_code

    def _known(self, kind: str) -> Iterator[int]:
        counted = {"artist": "artists", "release": "albums", "recording": "tracks"}[kind]
        return (i for i in range(self.catalogue.world.counts[counted]) if self.objects.has(kind, i))

    @cached_property
    def _addresses(self) -> dict[str, int]:
        """Artists by the addresses that somebody entered."""
        return {text: a for a in self._known("artist") for text in self.objects.addresses(a)}

    def _urls(self, request: HttpRequest) -> Any:
        asked = request.every.get("resource", [])
        if not asked or len(asked) > _MOST_ADDRESSES:
            raise Refusal(400, "One to a hundred resources.")
        urls = [
            {
                "id": self.objects.id_of("label", self._addresses[text]),
                "resource": text,
                "relations": [self._backward(self._addresses[text])],
            }
            for text in asked
            if text in self._addresses
        ]
        if len(asked) == 1:
            if not urls:
                raise Refusal(404, "Not Found")
            return urls[0]
        return {"urls": urls, "url-count": len(urls), "url-offset": 0}

    def _backward(self, artist: int) -> dict[str, Any]:
        return {
            "type": "free streaming",
            "direction": "backward",
            "target-type": "artist",
            "artist": self.objects.artist_short(artist),
        }

    def _browse(self, kind: str, request: HttpRequest, inc: set[str]) -> dict[str, Any]:
        world = self.catalogue.world
        albums = self._albums_of(request.query)
        if kind not in self._builders or kind == "artist" or albums is None:
            raise Refusal(400, "Name what it belongs to: artist=...")
        rows = list(albums)
        if kind == "recording":
            rows = [t for album in rows for t in world.tracks_of(album)]
            rows = list(dict.fromkeys(world.track(t).recording for t in rows))
        rows = [row for row in rows if self.objects.has(kind, row)]
        return self._page(rows, request, lambda row: self._builders[kind](row, inc))

    def _albums_of(self, query: dict[str, str]) -> Sequence[int] | None:
        """Return the albums of the entity that a list belongs to; None without one."""
        if "artist" in query:
            return self.catalogue.world.albums_of(self._index("artist", query["artist"]))
        for kind in ("release", "release-group"):
            if kind in query:
                return [self._index(kind, query[kind])]
        if "label" in query:
            name = self._labels.get(query["label"])
            known = self._known("release") if name else ()
            return [a for a in known if self.catalogue.world.album(a).label == name]
        return None

    def _search(self, kind: str, request: HttpRequest) -> dict[str, Any]:
        found_fields = _FIELD.findall(request.query["query"])
        fields = {name: (a or b).replace("\\", "") for name, a, b in found_fields}
        named = (kind, kind.replace("-", ""), "tag")
        words = next((fields[n] for n in named if fields.get(n)), request.query["query"])
        inc = {"artist-credits", "isrcs", "releases", "release-groups", "labels", "media", "tags"}
        catalogue, world = self.catalogue, self.catalogue.world
        rows: Sequence[int]
        if kind == "artist" and "tag" in fields:
            rows = catalogue.ranked(words)
        elif kind == "artist":
            rows = catalogue.named(words, begun=words.endswith("*"))
        elif kind == "recording":
            tracks = catalogue.titled(words, begun=words.endswith("*"))[:2000]
            recordings = (world.track(t).recording for t in tracks)
            rows = list(dict.fromkeys(recordings))
        else:
            rows = catalogue.albums_titled(words, begun=words.endswith("*"))
        rows = [row for row in rows if self.objects.has(kind, row)]
        build = self._builders[kind]
        return self._page(rows, request, lambda row: build(row, inc) | {"score": 100})

    def visible(self) -> dict[str, int]:
        """Count the visible records by kind."""
        counts = self.catalogue.world.counts
        entities = {"artists": "artist", "albums": "release", "tracks": "recording"}
        return counts | {name: sum(1 for _ in self._known(kind)) for name, kind in entities.items()}

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        return list(self.true_ids(kind))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its record in the world."""
        name = {"artists": "artist", "albums": "release", "tracks": "recording"}.get(kind)
        if name is None:
            return {}
        return {self.objects.id_of(name, index): index for index in self._known(name)}


def _wants_json(request: HttpRequest) -> bool:
    return request.query.get("fmt") == "json" or "json" in request.headers.get("Accept", "")


def _as_json(kind: str, body: Any) -> Any:
    """Return a list under its own name; browsing counts by that name, searching plainly."""
    if not kind.endswith("-list"):
        return body
    name = kind.removesuffix("-list")
    plural = _PLURAL.get(name, f"{name}s")
    if body["items"] and "score" in body["items"][0]:
        return {
            "created": "2026-11-20T00:00:00.000Z",
            "count": body["count"],
            "offset": body["offset"],
            plural: body["items"],
        }
    return {f"{name}-count": body["count"], f"{name}-offset": body["offset"], plural: body["items"]}
