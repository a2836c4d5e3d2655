"""Beatport: which addresses it knows, what its refusals mean, what saved pages hold."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec

from phonofilm.sources.beatport.parse import PAGE, PARSERS, blocks, kind_of, next_data
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Link, Malformed, Outcome, Query, Request, Response
from phonofilm.sources.decode import plain
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest

# More than one pair of them in a search is refused with 403.
_BRACKETS = re.compile(r"[()\[\]{}]")


class Beatport(HttpSource):
    """API v4, with a token that Beatport gave the operator."""

    parsers = PARSERS
    saved_endpoint = "saved"
    saved_access = "pages"

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Build the address; pages count from 1, and searches go without brackets."""
        endpoint = self.manifest.endpoints[request.endpoint]
        ids = request.ids
        if endpoint.role == "search" and "q" in endpoint.query:
            ids = tuple(" ".join(_BRACKETS.sub(" ", text).split()) for text in ids)
        path, query = super().address(request._replace(ids=ids), access)
        if endpoint.paging:
            query["per_page"] = query.pop("limit")
            query["page"] = str(request.offset // PAGE + 1)
        return path, query

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP; a track that is not sold here is missing, not forbidden."""
        outcome = classify_http(response)
        if outcome.verdict == "forbidden" and b"Territory Restricted" in response.body[:1000]:
            return Outcome("missing", "HTTP 403 Territory Restricted")
        return outcome

    def strip(self, response: Response) -> Response:
        """Keep only the JSON that a page carries for its scripts."""
        page_data = next_data(response.body)
        if page_data is None:
            return response
        return response._replace(body=msgspec.json.encode(page_data))

    def identify(self, response: Response) -> Request:
        """Return a page of tracks, releases or search results."""
        if not any(kind_of(block) for block in blocks(plain(response.body))):
            raise Malformed("no page of a track or release of Beatport's")
        return Request("saved", (hashlib.sha256(response.body).hexdigest()[:16],))

    def seeds(self, access: str) -> list[Link]:
        """Return the list of genres, and the chart of all."""
        return [Link("root", "")]


SOURCE: Any = Beatport(load_manifest(__package__))
