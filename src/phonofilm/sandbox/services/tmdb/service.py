"""TMDB's API v3: discover, find and details, with a bearer token."""

from __future__ import annotations

import re
from typing import Any

from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sandbox.worlds.ids import Numbering

IDS = Numbering("tmdb")
_PAGE = 20
_MOST_PAGES = 500
_FILMS = ("movie", "tvMovie", "video", "short", "tvSpecial")
_SERIES = ("tvSeries", "tvMiniSeries")
_DETAIL = re.compile(r"/3/(movie|tv)/(\d+)")
_FIND = re.compile(r"/3/find/(tt\d+)")


class TmdbService:
    """The stand-in; `sandbox-` tokens are let in."""

    name = "tmdb"

    def __init__(self, world: FilmWorld, access: str, clock: Clock, rate: str, quota: str) -> None:
        if access != "free":
            raise ValueError("tmdb has one access level: free")
        self.world, self.access = world, access
        self._rate = Window.parse(rate, clock)
        known = [i for i in world.anime() if i % 10 != 7]
        self._lists = {
            "movie": [i for i in known if world.kind(i) in _FILMS],
            "tv": [i for i in known if world.kind(i) in _SERIES],
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
        if not request.headers.get("Authorization", "").startswith("Bearer sandbox-"):
            return _refusal(401, 7, "Invalid API key: You must be granted a valid key.")
        if (wait := self._rate.admit()) is not None:
            return _refusal(429, 25, "Your request count is over the allowed limit.", wait)
        if request.path in ("/3/discover/movie", "/3/discover/tv"):
            return self._discover(request, request.path.rpartition("/")[2])
        if request.path == "/3/search/multi":
            return self._search(request.query.get("query", ""))
        if match := _FIND.fullmatch(request.path):
            return self._find(match[1])
        if match := _DETAIL.fullmatch(request.path):
            return self._detail(match[1], IDS.index_of(match[1], match[2]), request)
        return _refusal(404, 34, "The resource you requested could not be found.")

    def _discover(self, request: HttpRequest, kind: str) -> HttpResponse:
        page = (
            int(request.query.get("page", "1")) if request.query.get("page", "1").isdigit() else 0
        )
        if not 1 <= page <= _MOST_PAGES:
            return _refusal(400, 22, "Invalid page: Pages start at 1 and max at 500.")
        titles = self._lists[kind] if request.query.get("with_keywords") == "210024" else []
        rows = [self._listed(i, kind) for i in titles[(page - 1) * _PAGE : page * _PAGE]]
        pages = -(-len(titles) // _PAGE)
        body = {"page": page, "results": rows, "total_pages": pages, "total_results": len(titles)}
        return json_response(f"discover_{kind}", body)

    def _search(self, words: str) -> HttpResponse:
        asked = words.casefold().split()
        titles = [
            self._listed(i, kind) | {"media_type": kind}
            for kind, indices in self._lists.items()
            for i in indices
            if asked and all(w in self.world.title(i).name.casefold() for w in asked)
        ]
        rows = [*titles[:_PAGE], {"id": 7, "media_type": "person", "name": words}]
        return json_response(
            "search_title", {"page": 1, "results": rows, "total_results": len(rows)}
        )

    def _find(self, imdb_id: str) -> HttpResponse:
        index = self.world.index_of(imdb_id)
        body: dict[str, list[Any]] = {
            "movie_results": [],
            "person_results": [],
            "tv_results": [],
            "tv_episode_results": [],
        }
        if index is not None and self.world.kind(index) != "tvEpisode" and index % 10 != 7:
            kind = self._kind(index)
            body[f"{kind}_results"] = [self._listed(index, kind) | {"media_type": kind}]
        return json_response("find", body)

    def _kind(self, index: int) -> str:
        return "tv" if self.world.kind(index) in _SERIES else "movie"

    def _detail(self, kind: str, index: int | None, request: HttpRequest) -> HttpResponse:
        if index is None or index >= self.world.titles or self._kind(index) != kind:
            return _refusal(404, 34, "The resource you requested could not be found.")
        world, title = self.world, self.world.title(index)
        rated = world.rating(index)
        body = self._listed(index, kind) | {
            "genres": [{"id": n, "name": g} for n, g in enumerate(title.genres)],
            "production_countries": [{"iso_3166_1": title.country, "name": title.country}],
            "spoken_languages": [{"iso_639_1": "ja" if title.anime else "en", "name": "-"}],
            "vote_average": rated[0] if rated else 0.0,
            "vote_count": rated[1] if rated else 0,
        }
        appended = request.query.get("append_to_response", "").split(",")
        certificate = world.certificate(index)
        words = [{"id": n, "name": w} for n, w in enumerate(world.keywords(index))]
        if kind == "movie":
            body |= {"runtime": title.runtime_minutes or 0, "imdb_id": world.tconst(index)}
            released = [{"certification": certificate or "", "type": 3}]
            parts = {
                "keywords": {"keywords": words},
                "release_dates": {"results": [{"iso_3166_1": "US", "release_dates": released}]},
            }
        else:
            body |= {
                "episode_run_time": [title.runtime_minutes] if title.runtime_minutes else [],
                "last_air_date": f"{title.end_year}-03-28" if title.end_year else None,
            }
            rating = [{"iso_3166_1": "US", "rating": certificate}] if certificate else []
            parts = {"keywords": {"results": words}, "content_ratings": {"results": rating}}
        parts["external_ids"] = {"imdb_id": world.tconst(index)}
        return json_response("title", body | {n: parts[n] for n in appended if n in parts})

    def _listed(self, index: int, kind: str) -> dict[str, Any]:
        title, date = self.world.title(index), self.world.release_date(index)
        poster = self.world.poster(index)
        released = f"{date[0]}-{date[1] or 1:02d}-{date[2] or 1:02d}" if date else ""
        names = ("title", "original_title", "release_date")
        if kind == "tv":
            names = ("name", "original_name", "first_air_date")
        return {
            "id": IDS.id_of(kind, index),
            "adult": title.adult,
            "overview": self.world.plot(index) or "",
            "poster_path": f"/{poster.rpartition('/')[2]}" if poster else None,
            **dict(zip(names, (title.name, title.original_name, released), strict=True)),
        }


def _refusal(status: int, code: int, message: str, wait: int | None = None) -> HttpResponse:
    body = {"success": False, "status_code": code, "status_message": message}
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return json_response("refused", body, status, headers)
