"""Beatport's API v4 over a world: tokens of people, pages by number, searches that are generous."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from phonofilm.sandbox.kernel.media import media_file
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.services.beatport.objects import IDS, Objects
from phonofilm.sandbox.worlds.hashing import share
from phonofilm.sandbox.worlds.spelling import SourceSpelling
from phonofilm.sandbox.worlds.word_index import words_of
from phonofilm.sandbox.worlds.world import Catalogue

_DEFAULT, _MOST = 25, 100
_SCHEMELESS = ("api.beatport.com", "api-internal.beatportprod.com")
Build = Callable[[int], dict[str, Any]]


class Refusal(Exception):  # noqa: N818 - what it is
    """An error as the API gives it: `{detail}`."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class BeatportService:
    """The stand-in; `sandbox-token` is always good, others end after ten hours."""

    name = "beatport"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access != "token":
            raise ValueError("beatport has one access level: token")
        self.catalogue, self.access, self.world = catalogue, access, catalogue.world
        self._clock = clock
        self.house = SourceSpelling(
            self.world, 902, covers=0.85, slips=0.01, lost=0.03, wrong=0.002
        )
        self._genres = {name: n + 1 for n, name in enumerate(self.world.genres)}
        self._objects = Objects(self.house, self._genres)
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)
        self._tokens: dict[str, float] = {"sandbox-token": float("inf")}
        self._codes: set[str] = set()

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request, with or without a trailing slash; refusals are responses too."""
        self._objects.base = request.base
        path = request.path.removeprefix("/v4").strip("/")
        if path.startswith(("image_size/", "samples/track/")):
            return media_file(path.rpartition("/")[2])
        try:
            if path.startswith("auth/"):
                return self._auth(path, request)
            self._admit(request)
            return self._route(path.split("/"), request)
        except Refusal as refusal:
            return json_response("refused", {"detail": str(refusal)}, refusal.status)

    def _admit(self, request: HttpRequest) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0.0) <= self._clock.now():
            raise Refusal(401, "Authentication credentials were not provided.")
        if self._rate.admit() or self._quota.admit():
            raise Refusal(429, "Request was throttled.")

    def _auth(self, path: str, request: HttpRequest) -> HttpResponse:
        """Log in, be sent on with a code, change it for a token; or refresh one."""
        if path == "auth/login":
            login = _body(request)
            if login.get("password") == "wrong" or not login.get("username"):
                return json_response("token", {"error": "Invalid credentials"}, 400)
            cookie = {"Set-Cookie": f"sessionid={secrets.token_hex(8)}; Path=/; HttpOnly"}
            user = {"username": login["username"], "email": "somebody@example.org"}
            return json_response("token", user, 200, cookie)
        if path == "auth/o/authorize":
            if "sessionid=" not in request.headers.get("Cookie", ""):
                raise Refusal(401, "Authentication credentials were not provided.")
            code = secrets.token_hex(8)
            self._codes.add(code)
            location = f"/v4/auth/o/post-message/?code={code}"
            return HttpResponse("token", 302, b"", {"Location": location})
        if path == "auth/o/token":
            return self._grant(request)
        raise Refusal(404, "Not found.")

    def _grant(self, request: HttpRequest) -> HttpResponse:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"))) | request.query
        code, refresh = form.get("code", ""), form.get("refresh_token", "")
        good = code in self._codes or refresh.startswith("sandbox-")
        if not good or not form.get("client_id"):
            return json_response("token", {"error": "invalid_grant"}, 400)
        self._codes.discard(code)
        token = "sandbox-" + secrets.token_hex(16)
        self._tokens[token] = self._clock.now() + 36_000
        return json_response(
            "token",
            {
                "access_token": token,
                "refresh_token": "sandbox-" + secrets.token_hex(8),
                "expires_in": 36_000,
                "token_type": "Bearer",
                "scope": "app:docs user:dj",
            },
        )

    def _route(self, parts: list[str], request: HttpRequest) -> HttpResponse:
        objects = self._objects
        if parts == ["my", "account"]:
            return json_response(
                "account", {"id": 1, "username": "sandbox", "email": "s@example.org"}
            )
        if parts[:1] != ["catalog"] or len(parts) < 2:
            raise Refusal(404, "Not found.")
        what, rest = parts[1], parts[2:]
        if what == "search":
            return self._search(request)
        if what == "genres" and not rest:
            names = sorted(self._genres, key=self._genres.__getitem__)
            return self._page("genres", names, objects.genre, request)
        if (what, rest) == ("top", ["100"]):
            return self._page("top", self._top(""), objects.track, request)
        if what == "genres" and rest[1:] == ["top", "100"]:
            return self._page("genre_top", self._top(self._genre(rest[0])), objects.track, request)
        if not rest:
            return self._filtered(what, request)
        return self._thing(what, rest, request)

    def _thing(self, what: str, rest: list[str], request: HttpRequest) -> HttpResponse:
        objects = self._objects
        index = self._index(rest[0], what)
        if what == "tracks" and len(rest) == 1:
            if share(902, index, 11) < 0.02:
                raise Refusal(403, "Territory Restricted.")
            return json_response("track", objects.track(index, detail=True))
        if what == "releases" and len(rest) == 1:
            return json_response("release", objects.release(index, whole=True))
        if what == "releases" and rest[1] == "tracks":
            return self._page("release_tracks", self.world.tracks_of(index), objects.track, request)
        if what == "artists" and len(rest) == 1:
            return json_response("artist", objects.artist(index))
        if what == "artists" and rest[1] == "tracks":
            return self._page("artist_tracks", self._of_artist(index), objects.track, request)
        if what == "labels" and len(rest) == 1:
            return json_response("label", objects.label(self._labels[index]))
        raise Refusal(404, "Not found.")

    def _index(self, text: str, what: str) -> int:
        known = {
            "tracks": self._has_track,
            "releases": self._has_release,
            "artists": self._has_artist,
            "labels": self._labels.__contains__,
        }
        index: int | None = None
        if what == "labels":
            index = int(text) if text.isdecimal() else None
        elif what in known:
            index = IDS.index_of("albums" if what == "releases" else what, text)
        if index is None or not known[what](index):
            raise Refusal(404, f"No {what[:-1].title()} matches the given query.")
        return index

    def _has_artist(self, index: int) -> bool:
        return 0 <= index < self.world.counts["artists"] and self.house.has(index)

    def _has_track(self, index: int) -> bool:
        there = 0 <= index < self.world.counts["tracks"]
        return there and self.house.has_track(self.world.track(index))

    def _has_release(self, index: int) -> bool:
        if not 0 <= index < self.world.counts["albums"]:
            return False
        artists = self.world.album(index).artists
        return bool(artists) and self.house.has(artists[0])

    def _genre(self, text: str) -> str:
        for name, key in self._genres.items():
            if str(key) == text:
                return name
        raise Refusal(404, "No Genre matches the given query.")

    def _of_artist(self, artist: int) -> list[int]:
        world = self.world
        return [
            t
            for album in world.albums_of(artist)
            for t in world.tracks_of(album)
            if world.track(t).artists[:1] == (artist,)
        ]

    def _top(self, genre: str) -> list[int]:
        people = [
            a
            for a in self.catalogue.by_popularity
            if self.house.has(a) and (not genre or self.world.artist(a).main_genre == genre)
        ][:40]
        tracks = [t for a in people for t in self.catalogue.top_tracks(a)]
        return sorted(tracks, key=lambda t: (-self.world.track(t).popularity, t))[:100]

    @cached_property
    def _tracks(self) -> list[int]:
        return [t for t in range(self.world.counts["tracks"]) if self._has_track(t)]

    @cached_property
    def _by_code(self) -> dict[str, list[int]]:
        tracks_by_code: dict[str, list[int]] = defaultdict(list)
        for track in self._tracks:
            if code := self.house.isrc(self.world.track(track)):
                tracks_by_code[code.replace("-", "").upper()].append(track)
        return dict(tracks_by_code)

    @cached_property
    def _labels(self) -> dict[int, str]:
        names = {self.world.album(a).label for a in range(self.world.counts["albums"])}
        return {self._objects.label(name)["id"]: name for name in sorted(names)}

    def _filtered(self, what: str, request: HttpRequest) -> HttpResponse:
        """List by filters; a comma separates alternatives, and names match loosely."""
        query, objects = request.query, self._objects
        if what == "tracks" and "isrc" in query:
            codes = [code.replace("-", "").upper() for code in query["isrc"].split(",")]
            rows = [t for code in dict.fromkeys(codes) for t in self._by_code.get(code, ())]
            return self._page("tracks_by_code", rows, objects.track, request)
        if what == "tracks" and "label_id" in query:
            name = self._labels.get(int(query["label_id"]), "")
            rows = [
                t for t in self._tracks if self.world.album(self.world.track(t).album).label == name
            ]
            return self._page("tracks_of_label", rows, objects.track, request)
        if what == "tracks":
            words = f"{query.get('artist_name', '')} {query.get('name', '')}"
            return self._page("tracks", self._like(words), objects.track, request)
        if what == "releases" and "artist_id" in query:
            index = self._index(query["artist_id"], "artists")
            return self._page("releases", self.world.albums_of(index), self._whole, request)
        if what == "releases":
            people = self.catalogue.named(query.get("artist_name", ""))
            albums = [a for p in people if self.house.has(p) for a in self.world.albums_of(p)]
            return self._page("releases", albums, self._whole, request)
        raise Refusal(404, "Not found.")

    def _whole(self, index: int) -> dict[str, Any]:
        return self._objects.release(index, whole=True)

    @cached_property
    def _words(self) -> dict[str, list[int]]:
        """Tracks by the words of their titles, artists and mixes."""
        tracks_by_word: dict[str, list[int]] = defaultdict(list)
        for track in self._tracks:
            row = self.world.track(track)
            people = " ".join(self._objects.artist(a)["name"] for a in row.artists)
            for word in set(words_of(f"{' '.join(self._objects.title(row))} {people}")):
                tracks_by_word[word].append(track)
        return dict(tracks_by_word)

    def _like(self, text: str) -> list[int]:
        """Return tracks that hold most of the words, those with more of them first."""
        words = set(words_of(text))
        scores: dict[int, int] = defaultdict(int)
        for word in words:
            for track in self._words.get(word, ()):
                scores[track] += 1
        least = max(1, (len(words) + 1) // 2)
        good = [(-score, track) for track, score in scores.items() if score >= least]
        return [track for _, track in sorted(good)]

    def _search(self, request: HttpRequest) -> HttpResponse:
        """Search; a typed search is keyed by its type, and two pairs of brackets are refused."""
        words, kind = request.query.get("q", ""), request.query.get("type", "tracks")
        if words.count("(") > 1:
            raise Refusal(403, "You do not have permission to perform this action.")
        if kind == "artists" and "order_by" in request.query:
            return json_response("search", {})
        objects = self._objects
        rows: Sequence[int]
        build: Build = objects.artist
        if kind == "tracks":
            rows, build = self._like(words), objects.track
        elif kind == "artists":
            rows = [a for a in self.catalogue.named(words) if self.house.has(a)]
        elif kind == "releases":
            rows = list(dict.fromkeys(self.world.track(t).album for t in self._like(words)))
            build = self._whole
        else:
            rows = []
        return self._page(f"search_{kind}", rows, build, request, kind)

    def _page(
        self,
        endpoint: str,
        rows: Sequence[Any],
        build: Callable[[Any], Any],
        request: HttpRequest,
        under: str = "results",
    ) -> HttpResponse:
        page, size = request.query.get("page", "1"), request.query.get("per_page", str(_DEFAULT))
        if not (page.isdecimal() and size.isdecimal() and int(page) and int(size)):
            raise Refusal(404, "Invalid page.")
        at, most = int(page), min(_MOST, int(size))
        last = max(1, -(-len(rows) // most))
        if at > last:
            raise Refusal(404, "Invalid page.")
        query = urlencode({**request.query, "page": at + 1})
        # Without a scheme, and now and then with the host of the service's own network.
        following = f"{_SCHEMELESS[at % 2]}{request.path}/?{query}" if at < last else None
        return json_response(
            endpoint,
            {
                under: [build(row) for row in rows[(at - 1) * most : at * most]],
                "next": following,
                "previous": None,
                "count": len(rows),
                "page": f"{at}/{last}",
                "per_page": most,
            },
        )

    def visible(self) -> dict[str, int]:
        """Count the visible records by kind."""
        kinds = ("artists", "albums", "tracks")
        return self.world.counts | {kind: len(self.ids(kind)) for kind in kinds}

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        if kind == "tracks":
            return [str(IDS.id_of(kind, track)) for track in self._tracks]
        has = {"artists": self._has_artist, "albums": self._has_release}.get(kind)
        indices = range(self.world.counts[kind]) if has else ()
        return [str(IDS.id_of(kind, i)) for i in indices if has and has(i)]

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its record in the world."""
        keys = ((key, IDS.index_of(kind, key) or 0) for key in self.ids(kind))
        recordings = kind == "tracks"
        return {k: self.world.track(i).recording if recordings else i for k, i in keys}


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return {}
    return body if isinstance(body, dict) else {}
