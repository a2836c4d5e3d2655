"""SoundCloud's official API over a world: tokens, cursors, what is blocked, quiet or gone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.services.soundcloud.files import file_of
from phonofilm.sandbox.services.soundcloud.links import Links
from phonofilm.sandbox.services.soundcloud.objects import IDS, Objects, slashed
from phonofilm.sandbox.services.soundcloud.pages import BehindThePages
from phonofilm.sandbox.worlds.listening import Listening
from phonofilm.sandbox.worlds.spelling import SourceSpelling
from phonofilm.sandbox.worlds.world import Catalogue

_DEFAULT, _MOST = 50, 200
_HELP = "https://developers.soundcloud.com/docs/api"
_SHOWN = "playable,preview"


class Refusal(Exception):  # noqa: N818 - what it is
    """An error as the API gives it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Listed(NamedTuple):
    """The rows of a list and what makes an object of one."""

    endpoint: str
    rows: Sequence[Any]
    build: Callable[[Any], Any]


class SoundCloudService:
    """The stand-in; any client is given a token."""

    name = "soundcloud"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access != "official":
            raise ValueError("soundcloud has one access level: official")
        self.catalogue, self.access, self.world, self._clock = (
            catalogue,
            access,
            catalogue.world,
            clock,
        )
        self.listening = Listening(self.world)
        self.house = SourceSpelling(self.world, 801, lost=0.35, guests=True)
        self.objects = Objects(self.listening, self.house)
        self._links = Links(self.objects)
        self._behind = BehindThePages(self.objects, catalogue)
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)
        self._tokens: dict[str, float] = {}

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request; refusals are responses too."""
        if request.path.startswith("/media/") or request.path.endswith("/download"):
            return file_of(request.path)
        if request.path in ("/api/token", "/oauth/token"):
            return self._token(request)
        if request.query.get("client_id"):
            return self._behind.respond(request)
        token = request.headers.get("Authorization", "").removeprefix("OAuth ")
        if self._tokens.get(token, 0.0) <= self._clock.now():
            return HttpResponse("unauthorised", 401, b"", {})
        refused = self._refused()
        try:
            return refused or self._route(request)
        except Refusal as refusal:
            words = f"{refusal.status} - {refusal}"
            body = {
                "code": refusal.status,
                "message": str(refusal),
                "link": _HELP,
                "errors": [],
                "status": words,
                "error": None,
            }
            return json_response("refused", body, refusal.status)

    def _token(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not request.headers.get("Authorization", "").startswith(
            "Basic "
        ):
            return json_response("token", {"error": "invalid_client"}, 401)
        token = "sandbox-" + secrets.token_hex(16)
        self._tokens[token] = self._clock.now() + 3599
        body = {
            "access_token": token,
            "expires_in": 3599,
            "scope": "",
            "token_type": "bearer",
            "refresh_token": "sandbox-" + secrets.token_hex(8),
        }
        return json_response("token", body)

    def _refused(self) -> HttpResponse | None:
        wait = self._rate.admit() or self._quota.admit()
        if not wait:
            return None
        limit = {"group": "api", "max_nr_of_requests": 15000, "time_window": "PT24H", "name": "api"}
        meta = {
            "rate_limit": limit,
            "remaining_requests": 0,
            "reset_time": slashed(self._clock.now() + wait),
        }
        body = {"code": 429, "message": "Too Many Requests", "errors": [{"meta": meta}]}
        return json_response("limited", body, 429)

    def _route(self, request: HttpRequest) -> HttpResponse:
        first, *rest = request.path.strip("/").split("/")
        if first == "resolve":
            return self._resolve(request)
        if first in ("tracks", "users", "playlists") and not rest:
            return self._page(request, self._searched(first, request))
        if not rest:
            raise Refusal(404, "Not Found")
        index = self._index(rest[0], first)
        if len(rest) == 1:
            return json_response(first[:-1], self._one(first, index, request))
        return self._page(request, self._of(first, index, rest[1], request))

    def _index(self, text: str, kind: str) -> int:
        """Return the index of a URN or a number; refuse anything else with 404."""
        tail = text.replace("%3A", ":").rsplit(":", 1)[-1]
        index = IDS.index_of(kind, tail) if kind in ("users", "tracks", "playlists") else None
        if index is None:
            raise Refusal(404, "404 - Not Found")
        there = {
            "users": index < self.world.counts["artists"],
            "tracks": self.listening.exists(index) if index < self.listening.uploads else False,
            "playlists": index < 2 * self.world.counts["artists"],
        }[kind]
        if not there:
            raise Refusal(404, "404 - Not Found")
        return index

    def _one(self, kind: str, index: int, request: HttpRequest) -> dict[str, Any]:
        objects = self.objects
        if kind == "users":
            return objects.user(index, request.base)
        if kind == "tracks":
            return objects.track(index, request.base)
        return objects.playlist(index // 2, index % 2, request.base, whole=True)

    def _shown(self, uploads: Sequence[int], request: HttpRequest) -> list[int]:
        wanted = set(request.query.get("access", _SHOWN).split(","))
        return [upload for upload in uploads if self.objects.access(upload) in wanted]

    def _searched(self, kind: str, request: HttpRequest) -> Listed:
        objects, base, words = self.objects, request.base, request.query.get("q", "")
        if kind == "users":
            rows = self._named(words, request.query.get("urns", ""))
            return Listed("users", rows, lambda row: objects.user(row, base))
        if kind == "playlists":
            people = self.catalogue.named(words)
            sets = [artist * 2 + number for artist in people for number in (0, 1)]
            return Listed(
                "playlists", sets, lambda row: objects.playlist(row // 2, row % 2, base, False)
            )
        rows = self._tracks(words, request)
        return Listed("tracks", self._shown(rows, request), lambda row: objects.track(row, base))

    def _named(self, words: str, urns: str) -> list[int]:
        if urns:
            return self._of_urns("users", urns, self.world.counts["artists"])
        if not words:
            return self.catalogue.by_popularity
        exact = self.catalogue.named(words)
        return exact or self._near(words.split(maxsplit=1)[0].casefold()[:4] if words else "")

    def _near(self, start: str) -> list[int]:
        """Return the artists with a word that starts so, because searches match loosely."""
        ranked = self.catalogue.by_popularity
        return [i for i in ranked if start and start in self.world.artist(i).name.casefold()][:20]

    @staticmethod
    def _of_urns(kind: str, urns: str, most: int) -> list[int]:
        indices = (IDS.index_of(kind, urn.rsplit(":", 1)[-1]) for urn in urns.split(","))
        return [index for index in indices if index is not None and index < most]

    def _tracks(self, words: str, request: HttpRequest) -> list[int]:
        if urns := request.query.get("urns"):
            rows = self._of_urns("tracks", urns, self.listening.uploads)
            return [u for u in rows if self.listening.exists(u)]
        if genres := request.query.get("genres"):
            wanted = {genre.strip().casefold() for genre in genres.split(",")}
            return [
                u
                for a in self.catalogue.by_popularity
                if self.world.artist(a).main_genre in wanted
                for u in self.listening.uploads_of(a)
                if u % 11
            ]
        if people := self.catalogue.named(words):
            return [u for artist in people for u in self.listening.uploads_of(artist)]
        return list(self.catalogue.titled(words)) if words else []

    def _of(self, kind: str, index: int, what: str, request: HttpRequest) -> Listed:
        objects, base, listening = self.objects, request.base, self.listening
        lists: dict[tuple[str, str], Callable[[], tuple[Sequence[Any], Callable[[Any], Any]]]] = {
            ("users", "tracks"): lambda: (
                self._shown(listening.uploads_of(index), request),
                lambda u: objects.track(u, base),
            ),
            ("users", "playlists"): lambda: (
                [index * 2, index * 2 + 1][: min(2, len(listening.uploads_of(index)))],
                lambda p: objects.playlist(p // 2, p % 2, base, False),
            ),
            ("users", "related"): lambda: (
                self.world.related_to(index),
                lambda a: objects.user(a, base),
            ),
            ("users", "web-profiles"): lambda: (objects.web_profiles(index), lambda row: row),
            ("tracks", "comments"): lambda: (self._said(index), lambda s: objects.comment(s, base)),
            ("tracks", "related"): lambda: (
                self._shown(self._alike(index), request),
                lambda u: objects.track(u, base),
            ),
            ("playlists", "tracks"): lambda: (
                self._shown(listening.uploads_of(index // 2)[index % 2 :: 2], request),
                lambda u: objects.track(u, base),
            ),
        }
        if (kind, what) not in lists:
            raise Refusal(404, "404 - Not Found")
        rows, build = lists[kind, what]()
        return Listed(f"{kind[:-1]}_{what.replace('-', '_')}", rows, build)

    def _alike(self, upload: int) -> list[int]:
        people = self.world.related_to(self.listening.upload(upload).artist)
        return [self.listening.uploads_of(artist)[0] for artist in people]

    def _said(self, upload: int) -> Sequence[Any]:
        """Return the comments, newest first; refuse blocked tracks with 403."""
        if self.objects.access(upload) == "blocked":
            raise Refusal(403, "403 - Forbidden")
        if self.objects.hides_comments(upload):
            return ()
        return sorted(self.listening.said(upload), key=lambda said: (-said.written_at, said.number))

    def _page(self, request: HttpRequest, listed: Listed) -> HttpResponse:
        """Return a page of a list, wrapped with a next link, or bare as it was until 2021."""
        limit = request.query.get("limit", str(_DEFAULT))
        if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
            raise Refusal(400, "400 - Bad Request")
        size, start = int(limit), _start(request)
        items = [listed.build(row) for row in listed.rows[start : start + size]]
        if listed.endpoint == "user_web_profiles" or request.query.get(
            "linked_partitioning"
        ) not in ("true", "1"):
            return json_response(listed.endpoint, items)
        href = None
        if start + size < len(listed.rows):
            # `access` is dropped from next links, as it was found to be.
            parameters = {
                n: v
                for n, v in request.query.items()
                if n in ("q", "genres", "linked_partitioning")
            }
            cursor = f"2026-11-20T10:00:00.000Z,{listed.endpoint},{start + size:011d}"
            parameters |= {"page_size": limit, "limit": limit, "cursor": cursor}
            href = f"{request.base}{quote(request.path)}?{urlencode(parameters)}"
        return json_response(listed.endpoint, {"collection": items, "next_href": href})

    def _resolve(self, request: HttpRequest) -> HttpResponse:
        """Return the API address of a page, as a redirect."""
        target, path = self._links.target(request.query.get("url", "")), None
        if target is not None:
            kind, index = target
            id_of = {
                "users": self.objects.user_id,
                "tracks": self.objects.track_id,
                "playlists": self.objects.playlist_id,
            }[kind]
            path = f"{kind}/soundcloud:{kind}:{id_of(index)}"
        if path is None:
            raise Refusal(404, "404 - Not Found")
        location = f"{request.base}/{path}"
        body = {"status": "302 - Found", "location": location}
        return json_response("resolve", body, 302, {"Location": location})

    def _readable(self, upload: int) -> bool:
        hidden = self.objects.hides_comments(upload)
        return self.objects.access(upload) != "blocked" and not hidden

    @cached_property
    def _uploads(self) -> list[int]:
        return [u for u in range(self.listening.uploads) if self.listening.exists(u)]

    def visible(self) -> dict[str, int]:
        """Count the visible records by kind; private comments do not count."""
        comments = sum(self.listening.count(u) for u in self._uploads if self._readable(u))
        return self.world.counts | {
            "tracks": len(self._uploads),
            "playlists": len(self.ids("playlists")),
            "comments": comments,
        }

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        if kind == "artists":
            return [str(self.objects.user_id(index)) for index in self.catalogue.everyone]
        if kind == "tracks":
            return [str(self.objects.track_id(index)) for index in self._uploads]
        if kind == "playlists":
            return [
                str(self.objects.playlist_id(a * 2 + p))
                for a in self.catalogue.everyone
                for p in range(min(2, len(self.listening.uploads_of(a))))
            ]
        if kind == "comments":
            return [row["id"] for row in self.rows("comments")]
        return []

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to its number in the world; sets are in no other catalogue."""
        if kind == "artists":
            return {str(self.objects.user_id(i)): i for i in self.catalogue.everyone}
        if kind != "tracks":
            return {}
        tracks, world = self.listening.tracks, self.world
        return {
            str(self.objects.track_id(u)): world.track(u).recording if u < tracks else 10**9 + u
            for u in self._uploads
        }

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the true values of a kind: comments with their mood, tracks with their type."""
        objects, listening = self.objects, self.listening
        if kind == "comments":
            return [
                {
                    "id": str(objects.comment_id(said)),
                    "track_id": str(objects.track_id(upload)),
                    "timestamp_ms": said.at_ms,
                    "body": said.body,
                    "language": said.language,
                    "mood": said.mood,
                    "part": said.part,
                    "created_at": slashed(said.written_at),
                    "user_id": None
                    if said.writer is None
                    else str(objects.listener_id(said.writer)),
                    "user_name": None if said.writer is None else listening.name(said.writer),
                    "is_set": listening.upload(upload).is_set,
                }
                for upload in self._uploads
                if self._readable(upload)
                for said in listening.said(upload)
            ]
        if kind == "tracks":
            return [
                {
                    "id": str(objects.track_id(u)),
                    "title": objects.title(u),
                    "access": objects.access(u),
                    "is_set": listening.upload(u).is_set,
                }
                for u in self._uploads
            ]
        return []


def _start(request: HttpRequest) -> int:
    tail = request.query.get("cursor", "").rsplit(",", 1)[-1] or request.query.get("offset", "0")
    return int(tail) if tail.isdecimal() else 0
