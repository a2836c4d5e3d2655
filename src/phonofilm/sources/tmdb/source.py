"""TMDB: which addresses it knows, what its refusals mean."""

from __future__ import annotations

from phonofilm.sources.classify import classify_whole
from phonofilm.sources.contract import Link, Outcome, Query, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.tmdb.parse import PARSERS


class Tmdb(HttpSource):
    """API v3; ids of titles are `movie/128` and `tv/26209`, as in its addresses."""

    parsers = PARSERS

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Build the address; pages count from 1 and have twenty titles."""
        path, query = super().address(request, access)
        query.pop("limit", None)
        if self.manifest.endpoints[request.endpoint].paging:
            query["page"] = str(request.offset // 20 + 1)
        return path.replace("%2F", "/"), query

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP; a rejected key is 401, a cut body is requested again."""
        return classify_whole(response)

    def seeds(self, access: str) -> list[Link]:
        """Return the lists of films and series that carry the keyword anime."""
        return [Link("root", "")]


SOURCE = Tmdb(load_manifest(__package__))
