"""Objects of TMDB over a film world: titles, their parts, people, facts of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phonofilm.sandbox.worlds.film import CERTIFICATES, GENRES, Credit, FilmWorld
from phonofilm.sandbox.worlds.hashing import mix
from phonofilm.sandbox.worlds.ids import Numbering

IDS = Numbering("tmdb")
SERIES = ("tvSeries", "tvMiniSeries")
FILMS = ("movie", "tvMovie", "video", "short", "tvSpecial")
_SIZES = ["w92", "w154", "w185", "w342", "w500", "w780", "original"]
Part = Callable[[int], dict[str, Any]]


class Objects:
    """Builds objects; `parts` are what stands under a title's path or is appended to it."""

    def __init__(self, world: FilmWorld) -> None:
        self.world = world
        self.parts: dict[str, dict[str, Part]] = {
            "movie": {
                "keywords": lambda i: {"keywords": self._keywords(i)},
                "release_dates": self._release_dates,
                "alternative_titles": lambda i: {"titles": self._names(i)},
            },
            "tv": {
                "keywords": lambda i: {"results": self._keywords(i)},
                "content_ratings": self._content_ratings,
                "alternative_titles": lambda i: {"results": self._names(i)},
            },
        }
        for parts in self.parts.values():
            parts |= {
                "external_ids": self._external_ids,
                "credits": self._credits,
                "images": self._images,
                "videos": lambda _: {"results": []},
                "translations": lambda _: {"translations": []},
                "changes": lambda _: {"changes": []},
                "watch/providers": lambda _: {"results": {}},
                "reviews": _none,
                "lists": _none,
            }
        self.parts["tv"]["aggregate_credits"] = self._credits

    def kind(self, index: int) -> str:
        """Return the path of a title: tv or movie."""
        return "tv" if self.world.kind(index) in SERIES else "movie"

    def listed(self, index: int, kind: str) -> dict[str, Any]:
        """Return the title of lists."""
        title, date = self.world.title(index), self.world.release_date(index)
        released = f"{date[0]}-{date[1] or 1:02d}-{date[2] or 1:02d}" if date else ""
        names = ("title", "original_title", "release_date")
        if kind == "tv":
            names = ("name", "original_name", "first_air_date")
        return {
            "id": IDS.id_of(kind, index),
            "adult": title.adult,
            "overview": self.world.plot(index) or "",
            "poster_path": self.poster(index),
            **dict(zip(names, (title.name, title.original_name, released), strict=True)),
        }

    def poster(self, index: int) -> str | None:
        """Return the path of a poster, which `/configuration` says where to fetch."""
        poster = self.world.poster(index)
        return f"/{poster}" if poster else None

    def title(self, index: int, kind: str) -> dict[str, Any]:
        """Return the title of a look-up."""
        world, title = self.world, self.world.title(index)
        rated = world.rating(index)
        body = self.listed(index, kind) | {
            "genres": [{"id": n, "name": g} for n, g in enumerate(title.genres)],
            "production_countries": [{"iso_3166_1": title.country, "name": title.country}],
            "spoken_languages": [{"iso_639_1": "ja" if title.anime else "en", "name": "-"}],
            "vote_average": rated[0] if rated else 0.0,
            "vote_count": rated[1] if rated else 0,
        }
        if kind == "movie":
            return body | {"runtime": title.runtime_minutes or 0, "imdb_id": world.tconst(index)}
        return body | {
            # Empty for half of the series, as it is at TMDB since 2022.
            "episode_run_time": [title.runtime_minutes or 0] if index % 2 else [],
            "last_episode_to_air": {"runtime": title.runtime_minutes or 0},
            "in_production": title.end_year is None,
            "status": "Ended" if title.end_year else "Returning Series",
            "last_air_date": f"{title.end_year or 2026}-03-28",
        }

    def _keywords(self, index: int) -> list[dict[str, Any]]:
        return [{"id": n, "name": word} for n, word in enumerate(self.world.keywords(index))]

    def _release_dates(self, index: int) -> dict[str, Any]:
        released = [{"certification": self.world.certificate(index) or "", "type": 3}]
        return {"results": [{"iso_3166_1": "US", "release_dates": released}]}

    def _content_ratings(self, index: int) -> dict[str, Any]:
        certificate = self.world.certificate(index)
        rating = {"iso_3166_1": "US", "rating": certificate}
        return {"results": [rating] if certificate else []}

    def _external_ids(self, index: int) -> dict[str, Any]:
        return {"imdb_id": self.world.tconst(index)}

    def _names(self, index: int) -> list[dict[str, Any]]:
        return [
            {"iso_3166_1": region, "title": name, "type": ""}
            for _, name, region, *_ in self.world.akas(index)
            if region
        ]

    def _credits(self, index: int) -> dict[str, Any]:
        cast: list[dict[str, Any]] = []
        crew: list[dict[str, Any]] = []
        for credit in self.world.credits(index):
            acts = credit.category in ("actor", "actress", "self")
            (cast if acts else crew).append(self._credit(credit, acts))
        return {"cast": cast, "crew": crew}

    def _credit(self, credit: Credit, acts: bool) -> dict[str, Any]:
        name = self.world.person(credit.person)[0]
        person = {
            "adult": False,
            "gender": {"actor": 2, "actress": 1}.get(credit.category, 0),
            "id": IDS.id_of("people", credit.person),
            "name": name,
            "original_name": name,
            "profile_path": None,
            "credit_id": f"{mix(credit.person, credit.ordering):024x}",
        }
        if acts:
            return person | {"character": credit.character or "", "order": credit.ordering}
        job = (credit.job or credit.category).replace("_", " ").title()
        return person | {"department": job, "job": job}

    def _images(self, index: int) -> dict[str, Any]:
        poster = self.poster(index)
        picture = {
            "aspect_ratio": 0.667,
            "file_path": poster,
            "height": 900,
            "width": 600,
            "iso_639_1": None,
            "vote_average": 0.0,
            "vote_count": 0,
        }
        return {"backdrops": [], "logos": [], "posters": [picture] if poster else []}

    def person(self, index: int) -> dict[str, Any]:
        """Return a person."""
        name, born, died = self.world.person(index)
        return {
            "id": IDS.id_of("people", index),
            "imdb_id": self.world.nconst(index),
            "name": name,
            "birthday": f"{born}-01-01" if born else None,
            "deathday": f"{died}-01-01" if died else None,
            "biography": "",
            "profile_path": None,
            "adult": False,
            "also_known_as": [],
        }

    def person_parts(self, index: int) -> dict[str, dict[str, Any]]:
        """Return what stands under a person's path."""
        return {
            "external_ids": {"imdb_id": self.world.nconst(index)},
            "images": {"profiles": []},
            "translations": {"translations": []},
            "changes": {"changes": []},
        }


def _none(_: int) -> dict[str, Any]:
    """Return an empty page: there are no reviews and lists in this world."""
    return {"page": 1, "results": [], "total_pages": 1, "total_results": 0}


def genres() -> dict[str, Any]:
    """Return the genres by number."""
    return {"genres": [{"id": number, "name": name} for number, name in enumerate(GENRES)]}


def certifications() -> dict[str, Any]:
    """Return the certificates of the world, all of one country."""
    rows = [{"certification": c, "meaning": "", "order": n} for n, c in enumerate(CERTIFICATES)]
    return {"certifications": {"US": rows}}


def configuration(base: str) -> dict[str, Any]:
    """Return where pictures lie, and in which sizes."""
    return {
        "images": {
            "base_url": f"{base}/t/p/",
            "secure_base_url": f"{base}/t/p/",
            **{f"{kind}_sizes": _SIZES for kind in ("backdrop", "logo", "poster", "profile")},
            "still_sizes": _SIZES,
        },
        "change_keys": ["title", "overview"],
    }
