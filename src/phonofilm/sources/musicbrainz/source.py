"""MusicBrainz: its addresses and the meaning of its responses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from phonofilm.sources.bulk.contract import BulkSource, DumpTable, RecordQuery
from phonofilm.sources.classify import classify_http, retry_after
from phonofilm.sources.contract import Outcome, Query, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.musicbrainz.parse import PARSERS
from phonofilm.sources.musicbrainz.tables import RECORD_QUERIES, TABLES

# Inside quotes Lucene reads only these two.
_SPECIAL = re.compile(r'([\\"])')
# An address that asks too often gets 503 for everything until it slows down.
_BUSY_SECONDS = 5.0


class MusicBrainz(BulkSource, HttpSource):
    """Web service 2, in JSON, and the JSON dumps."""

    parsers = PARSERS
    tables: Mapping[str, DumpTable] = TABLES
    record_queries: Sequence[RecordQuery] = RECORD_QUERIES

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Build the address; search words are quoted, and several URLs repeat a parameter."""
        endpoint = self.manifest.endpoints[request.endpoint]
        if "query" in endpoint.query:
            ids = tuple(_SPECIAL.sub(r"\\\1", text) for text in request.ids)
            request = request._replace(ids=ids)
        path, query = super().address(request, access)
        if request.endpoint == "address":
            query["resource"] = list(request.ids)
        return path, query

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify by HTTP, but 503 is the rate limit."""
        if response.status == 503:
            retry_after_seconds = retry_after(response.headers)
            return Outcome(
                "throttled",
                "HTTP 503",
                _BUSY_SECONDS if retry_after_seconds is None else retry_after_seconds,
            )
        return classify_http(response)


SOURCE = MusicBrainz(load_manifest(__package__))
