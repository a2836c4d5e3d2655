"""IMDb's hosts as one: dumps with validators and ranges, and title pages behind the wall of 2026.

Access `datasets` is what everybody has: dumps, and a challenge for browsers instead of every page.
Access `pages` is what somebody with consent sees.
"""

from __future__ import annotations

import re
from functools import lru_cache

from phonofilm.sandbox.kernel.media import media_file
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, file_response
from phonofilm.sandbox.services.imdb import dumps
from phonofilm.sandbox.services.imdb.pages import page
from phonofilm.sandbox.worlds.film import FilmWorld

_ROBOTS = b"""User-agent: *
Disallow: /ap/
Disallow: /find
Disallow: /search/name-text
Disallow: /search/title-text
Disallow: /title/tt*/watchoptions
"""
_TITLE = re.compile(r"/title/(tt\d+)(/reference)?")
_PICTURE = re.compile(r"/images/M/MV5B([0-9a-f]{16}\.jpg)")
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_DAY_SECONDS = 86_400


class ImdbService:
    """The stand-in."""

    name = "imdb"

    def __init__(self, world: FilmWorld, access: str, clock: Clock, rate: str, quota: str) -> None:
        if access not in ("datasets", "pages"):
            raise ValueError("imdb has two access levels: datasets, pages")
        self.world, self.access, self._clock = world, access, clock
        self._rate = Window.parse(rate, clock)
        self._made_on = int(clock.now() // _DAY_SECONDS)
        self._dump = lru_cache(maxsize=16)(self._make_dump)

    def visible(self) -> dict[str, int]:
        """Count the records that this access level shows, by kind."""
        return {"titles": self.world.titles, "people": self.world.people}

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind."""
        if kind == "anime":
            return [self.world.tconst(index) for index in self.world.anime()]
        return [self.world.tconst(index) for index in range(self.world.titles)]

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request."""
        table = request.path.strip("/").removesuffix(".tsv.gz")
        if table in dumps.COLUMNS:
            return self._file(request, table)
        if request.path == "/anime_ids.csv":
            return HttpResponse("id_map", 200, self._id_map(), {"Content-Type": "text/csv"})
        if request.path == "/robots.txt":
            return HttpResponse("robots", 200, _ROBOTS, {"Content-Type": "text/plain"})
        if match := _PICTURE.fullmatch(request.path):
            return media_file(match[1])
        if (wait := self._rate.admit()) is not None:
            return HttpResponse("title_page", 429, b"", _HTML | {"Retry-After": str(wait)})
        return self._page(request)

    def _page(self, request: HttpRequest) -> HttpResponse:
        if self.access == "datasets":  # since 2026-03-20, for everything that is a page
            return HttpResponse("title_page", 202, b"", _HTML | {"x-amzn-waf-action": "challenge"})
        match = _TITLE.fullmatch(request.path)
        index = self.world.index_of(match[1]) if match else None
        if match is None or index is None:
            return HttpResponse("title_page", 404, b"<html><title>404 Error</title></html>", _HTML)
        country = _country(request.headers)
        body = page(self.world, index, bool(match[2]), country, request.base)
        return HttpResponse("title_page", 200, body, _HTML)

    def _file(self, request: HttpRequest, table: str) -> HttpResponse:
        """Return a dump, whole or in part, or 304 when it did not change."""
        endpoint, today = f"dump:{table}", int(self._clock.now() // _DAY_SECONDS)
        body = self._dump(table, today - self._made_on)
        return file_response(endpoint, body, today * _DAY_SECONDS, request)

    def _make_dump(self, table: str, days: int) -> bytes:
        return dumps.gzipped(self.world, table, days)

    def _id_map(self) -> bytes:
        """Return a map of anime ids, as users keep one next to the dumps, with a few dead ids."""
        rows = [f"{n},{self.world.tconst(i)}" for n, i in enumerate(self.world.anime()) if n % 5]
        return "\n".join(["row,imdb", *rows, "0,tt0000001", ""]).encode()


def _country(headers: dict[str, str]) -> str:
    """Return the country of the reader, taken from the language."""
    return headers.get("Accept-Language", "en-US")[3:5] or "US"
