"""TMDB's API v3: lists, searches and look-ups, with a key in the query or a bearer token."""

from __future__ import annotations

import re
from typing import Any

from phonofilm.sandbox.kernel.media import media_file
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.services.tmdb.objects import (
    FILMS,
    IDS,
    SERIES,
    Objects,
    certifications,
    configuration,
    genres,
)
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sandbox.worlds.hashing import hash_of
from phonofilm.sandbox.worlds.word_index import words_of

_PAGE = 20
_MOST_PAGES = 500
_POSTER = re.compile(r"/t/p/\w+/(tt\d+)\.jpg")
_DETAIL = re.compile(r"/3/(movie|tv)/(tt\d+|\d+)(?:/([\w/]+))?")
_LIST = re.compile(
    r"/3/(movie|tv)/(popular|top_rated|now_playing|upcoming|on_the_air|airing_today)"
)
_FIND = re.compile(r"/3/find/(tt\d+)")


class TmdbService:
    """The stand-in; any key is good but `wrong`."""

    name = "tmdb"

    def __init__(self, world: FilmWorld, access: str, clock: Clock, rate: str, quota: str) -> None:
        if access != "free":
            raise ValueError("tmdb has one access level: free")
        self.world, self.access, self.objects = world, access, Objects(world)
        self._rate = Window.parse(rate, clock)
        known = [i for i in world.anime() if i % 10 != 7]
        self._lists = {
            "movie": [i for i in known if world.kind(i) in FILMS],
            "tv": [i for i in known if world.kind(i) in SERIES],
        }

    def visible(self) -> dict[str, int]:
        """Count the titles in its anime lists."""
        return {"titles": sum(map(len, self._lists.values()))}

    def ids(self, kind: str) -> list[str]:
        """Return the ids of all titles in its anime lists."""
        return list(self.true_ids(kind))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its title in the world."""
        lists = self._lists.items() if kind == "titles" else ()
        return {f"{name}/{IDS.id_of(name, i)}": i for name, indices in lists for i in indices}

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request."""
        if match := _POSTER.fullmatch(request.path):
            return self._poster(match[1])
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if (key or request.query.get("api_key", "")) in ("", "wrong"):
            return _refusal(401, 7, "Invalid API key: You must be granted a valid key.")
        if (wait := self._rate.admit()) is not None:
            return _refusal(429, 25, "Your request count is over the allowed limit.", wait)
        plain = {
            "/3/configuration": lambda: configuration(request.base),
            "/3/genre/movie/list": genres,
            "/3/genre/tv/list": genres,
            "/3/certification/movie/list": certifications,
            "/3/certification/tv/list": certifications,
        }
        if request.path in plain:
            return json_response(request.path.split("/")[2], plain[request.path]())
        return self._route(request)

    def _route(self, request: HttpRequest) -> HttpResponse:
        _, _, first, *rest = [*request.path.split("/"), ""]
        if first == "discover" and rest[0] in self._lists:
            anime = request.query.get("with_keywords", "210024") == "210024"
            titles = self._lists[rest[0]] if anime else []
            return self._page(f"discover_{rest[0]}", titles, rest[0], request)
        if first == "search" and rest[0] in ("multi", "movie", "tv"):
            return self._search(rest[0], request)
        if first == "person" and rest[0]:
            return self._person(*rest[:2])
        if match := _LIST.fullmatch(request.path):
            return self._page(f"{match[1]}_list", self._lists[match[1]], match[1], request)
        if match := _FIND.fullmatch(request.path):
            return self._find(match[1])
        if match := _DETAIL.fullmatch(request.path):
            return self._detail(match[1], match[2], match[3] or "", request)
        return _missing()

    def _poster(self, tconst: str) -> HttpResponse:
        index = self.world.index_of(tconst)
        there = index is not None and self.world.poster(index) is not None
        return media_file(f"{hash_of(tconst):016x}" if there else "", "jpg")

    def _page(
        self, endpoint: str, titles: list[int], kind: str, request: HttpRequest
    ) -> HttpResponse:
        page = (
            int(request.query.get("page", "1")) if request.query.get("page", "1").isdigit() else 0
        )
        if not 1 <= page <= _MOST_PAGES:
            return _refusal(400, 22, "Invalid page: Pages start at 1 and max at 500.")
        rows = [self.objects.listed(i, kind) for i in titles[(page - 1) * _PAGE : page * _PAGE]]
        pages = -(-len(titles) // _PAGE)
        body = {"page": page, "results": rows, "total_pages": pages, "total_results": len(titles)}
        return json_response(endpoint, body)

    def _titled(self, kind: str, text: str) -> list[int]:
        """Return the titles of whose words all words of a text are beginnings."""
        wanted = words_of(text)
        names = ((i, words_of(self.world.title(i).name)) for i in self._lists[kind])
        return [
            i
            for i, words in names
            if wanted and all(any(word.startswith(w) for word in words) for w in wanted)
        ]

    def _search(self, kind: str, request: HttpRequest) -> HttpResponse:
        words = request.query.get("query", "")
        if kind != "multi":
            return self._page(f"search_{kind}", self._titled(kind, words), kind, request)
        titles = [
            self.objects.listed(i, each) | {"media_type": each}
            for each in self._lists
            for i in self._titled(each, words)
        ]
        rows = [*titles[:_PAGE], {"id": 7, "media_type": "person", "name": words}]
        body = {"page": 1, "results": rows, "total_pages": 1, "total_results": len(rows)}
        return json_response("search_title", body)

    def _person(self, text: str, part: str) -> HttpResponse:
        index = IDS.index_of("people", text)
        if index is None or index >= self.world.people:
            return _missing()
        if not part:
            return json_response("person", self.objects.person(index))
        parts = self.objects.person_parts(index)
        return json_response(f"person_{part}", parts[part]) if part in parts else _missing()

    def _find(self, imdb_id: str) -> HttpResponse:
        index = self.world.index_of(imdb_id)
        body: dict[str, list[Any]] = {
            "movie_results": [],
            "person_results": [],
            "tv_results": [],
            "tv_episode_results": [],
        }
        if index is not None and self.world.kind(index) != "tvEpisode" and index % 10 != 7:
            kind = self.objects.kind(index)
            body[f"{kind}_results"] = [self.objects.listed(index, kind) | {"media_type": kind}]
        return json_response("find", body)

    def _detail(self, kind: str, key: str, part: str, request: HttpRequest) -> HttpResponse:
        """Return a title with what is appended to it, or one part; films by IMDb's id too."""
        imdb = key.startswith("tt") and kind == "movie"
        index = self.world.index_of(key) if imdb else IDS.index_of(kind, key)
        objects = self.objects
        if index is None or index >= self.world.titles or objects.kind(index) != kind:
            return _missing()
        parts = objects.parts[kind]
        if part in parts:
            return json_response(
                f"title_{part}", {"id": IDS.id_of(kind, index)} | parts[part](index)
            )
        if part in ("recommendations", "similar"):
            return self._page(f"title_{part}", self._lists[kind][:_PAGE], kind, request)
        if part:
            return _missing()
        appended = request.query.get("append_to_response", "").split(",")
        more = {name: parts[name](index) for name in appended if name in parts}
        return json_response("title", objects.title(index, kind) | more)


def _missing() -> HttpResponse:
    return _refusal(404, 34, "The resource you requested could not be found.")


def _refusal(status: int, code: int, message: str, wait: int | None = None) -> HttpResponse:
    body = {"success": False, "status_code": code, "status_message": message}
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return json_response("refused", body, status, headers)
