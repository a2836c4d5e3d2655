"""Wikidata: which query is asked, what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from phonofilm.sources.classify import classify_whole, is_json
from phonofilm.sources.contract import Malformed, Outcome, Parser, Query, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.wikidata.parse import parse_results
from phonofilm.sources.wikidata.query import of_class, of_imdb_ids, of_items

_OUT_OF_TIME = re.compile(rb"TimeoutException|java\.util\.concurrent\.Timeout")


class Wikidata(HttpSource):
    """The query service."""

    parsers: ClassVar[Mapping[str, Parser]] = dict.fromkeys(
        ("class_titles", "title", "imdb_titles"), parse_results
    )
    saved_endpoint = "title"
    saved_access = "open"

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Return the query as a GET; pages are part of the query."""
        if request.endpoint == "class_titles":
            size = self.manifest.endpoints["class_titles"].page_size(access)
            query = of_class(request.ids[0], size, request.offset)
        elif request.endpoint == "imdb_titles":
            query = of_imdb_ids(request.ids)
        else:
            query = of_items(request.ids)
        return "/sparql", {"query": query, "format": "json"}

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP; a query that timed out may work later, or in smaller pages.

        A result that ran out of time has status 200: JSON that was cut, the query, a trace of Java.
        The exception stands anywhere in that trace, which had 57 frames in 2026.
        """
        outcome = classify_whole(response)
        is_usable = outcome.verdict == "answer" and is_json(response.body)
        if not is_usable and _OUT_OF_TIME.search(response.body):
            return Outcome("unavailable", "the query ran out of time")
        return outcome

    def identify(self, response: Response) -> Request:
        """Return a saved result: the items it names are what was asked."""
        ids = re.findall(rb'"value"\s*:\s*"[^"]*/entity/(Q\d+)"', response.body)
        if not ids:
            raise Malformed("no result of Wikidata")
        return Request("title", tuple(dict.fromkeys(id_.decode() for id_ in ids[:1])))


SOURCE = Wikidata(load_manifest(__package__))
