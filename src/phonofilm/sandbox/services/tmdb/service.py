"""TMDB's API v3: discover, find and details, with a bearer token."""

from __future__ import annotations

import re
from typing import Any

from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest, Window, json_answer
from phonofilm.sandbox.worlds.film import FilmWorld

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
        """How many titles its anime lists hold."""
        return {"titles": sum(map(len, self._lists.values()))}

    def ids(self, kind: str) -> list[str]:
        """The ids of all titles in its anime lists."""
        return [f"{name}/{i + 1}" for name, held in self._lists.items() for i in held]

    def answer(self, ask: HttpRequest) -> Answer:
        """Answers one request."""
        if not ask.headers.get("Authorization", "").startswith("Bearer sandbox-"):
            return _refusal(401, 7, "Invalid API key: You must be granted a valid key.")
        if (wait := self._rate.admit()) is not None:
            return _refusal(429, 25, "Your request count is over the allowed limit.", wait)
        if ask.path in ("/3/discover/movie", "/3/discover/tv"):
            return self._discover(ask, ask.path.rpartition("/")[2])
        if ask.path == "/3/search/multi":
            return self._search(ask.query.get("query", ""))
        if found := _FIND.fullmatch(ask.path):
            return self._find(found[1])
        if found := _DETAIL.fullmatch(ask.path):
            return self._detail(found[1], int(found[2]) - 1, ask)
        return _refusal(404, 34, "The resource you requested could not be found.")

    def _discover(self, ask: HttpRequest, kind: str) -> Answer:
        page = int(ask.query.get("page", "1")) if ask.query.get("page", "1").isdigit() else 0
        if not 1 <= page <= _MOST_PAGES:
            return _refusal(400, 22, "Invalid page: Pages start at 1 and max at 500.")
        held = self._lists[kind] if ask.query.get("with_keywords") == "210024" else []
        rows = [self._listed(i, kind) for i in held[(page - 1) * _PAGE : page * _PAGE]]
        pages = -(-len(held) // _PAGE)
        told = {"page": page, "results": rows, "total_pages": pages, "total_results": len(held)}
        return json_answer(f"discover_{kind}", told)

    def _search(self, words: str) -> Answer:
        asked = words.casefold().split()
        held = [
            self._listed(i, kind) | {"media_type": kind}
            for kind, indices in self._lists.items()
            for i in indices
            if asked and all(w in self.world.title(i).name.casefold() for w in asked)
        ]
        rows = [*held[:_PAGE], {"id": 7, "media_type": "person", "name": words}]
        return json_answer("search_title", {"page": 1, "results": rows, "total_results": len(rows)})

    def _find(self, imdb_id: str) -> Answer:
        index = self.world.index_of(imdb_id)
        told: dict[str, list[Any]] = {
            "movie_results": [],
            "person_results": [],
            "tv_results": [],
            "tv_episode_results": [],
        }
        if index is not None and self.world.kind(index) != "tvEpisode" and index % 10 != 7:
            kind = self._kind(index)
            told[f"{kind}_results"] = [self._listed(index, kind) | {"media_type": kind}]
        return json_answer("find", told)

    def _kind(self, index: int) -> str:
        return "tv" if self.world.kind(index) in _SERIES else "movie"

    def _detail(self, kind: str, index: int, ask: HttpRequest) -> Answer:
        if not 0 <= index < self.world.titles or self._kind(index) != kind:
            return _refusal(404, 34, "The resource you requested could not be found.")
        world, title = self.world, self.world.title(index)
        rated = world.rating(index)
        told = self._listed(index, kind) | {
            "genres": [{"id": n, "name": g} for n, g in enumerate(title.genres)],
            "production_countries": [{"iso_3166_1": title.country, "name": title.country}],
            "spoken_languages": [{"iso_639_1": "ja" if title.anime else "en", "name": "-"}],
            "vote_average": rated[0] if rated else 0.0,
            "vote_count": rated[1] if rated else 0,
        }
        beside = ask.query.get("append_to_response", "").split(",")
        certificate = world.certificate(index)
        words = [{"id": n, "name": w} for n, w in enumerate(world.keywords(index))]
        if kind == "movie":
            told |= {"runtime": title.runtime_minutes or 0, "imdb_id": world.tconst(index)}
            released = [{"certification": certificate or "", "type": 3}]
            held = {
                "keywords": {"keywords": words},
                "release_dates": {"results": [{"iso_3166_1": "US", "release_dates": released}]},
            }
        else:
            told |= {
                "episode_run_time": [title.runtime_minutes] if title.runtime_minutes else [],
                "last_air_date": None,
            }
            rating = [{"iso_3166_1": "US", "rating": certificate}] if certificate else []
            held = {"keywords": {"results": words}, "content_ratings": {"results": rating}}
        held["external_ids"] = {"imdb_id": world.tconst(index)}
        return json_answer("title", told | {n: held[n] for n in beside if n in held})

    def _listed(self, index: int, kind: str) -> dict[str, Any]:
        title, date = self.world.title(index), self.world.release_date(index)
        poster = self.world.poster(index)
        released = f"{date[0]}-{date[1] or 1:02d}-{date[2] or 1:02d}" if date else ""
        names = ("title", "original_title", "release_date")
        if kind == "tv":
            names = ("name", "original_name", "first_air_date")
        return {
            "id": index + 1,
            "adult": title.adult,
            "overview": self.world.plot(index) or "",
            "poster_path": f"/{poster.rpartition('/')[2]}" if poster else None,
            **dict(zip(names, (title.name, title.original_name, released), strict=True)),
        }


def _refusal(status: int, code: int, message: str, wait: int | None = None) -> Answer:
    body = {"success": False, "status_code": code, "status_message": message}
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return json_answer("refused", body, status, headers)
