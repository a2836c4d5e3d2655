"""What sources over HTTP share: addresses, links, classification and parsing by the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar
from urllib.parse import parse_qsl, quote

from phonofilm.records import Record
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import (
    Link,
    Malformed,
    Outcome,
    Page,
    Parser,
    Query,
    Request,
    Response,
)
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.media import parse_media


class HttpSource:
    """What sources over HTTP share; a folder's `source.py` derives from it."""

    parsers: ClassVar[Mapping[str, Parser]] = {}
    saved_endpoint = ""  # where answers can be recognised that somebody saved
    saved_access = ""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Path and query of a request, with the page size of the access level."""
        endpoint = self.manifest.endpoints[request.endpoint]
        joined = ",".join(request.ids)
        path = endpoint.path.replace("{id}", quote(joined, safe=""))
        query: Query = {n: value.replace("{id}", joined) for n, value in endpoint.query.items()}
        if endpoint.paging:
            query["limit"] = str(endpoint.page_size(access))
            if request.cursor:
                query.update(parse_qsl(request.cursor))
            elif request.offset:
                query[endpoint.paging] = str(request.offset)
        return path, query

    def classify(self, request: Request, response: Response) -> Outcome:
        """The meaning of a response by HTTP alone."""
        return classify_http(response)

    def classify_saved(self, response: Response) -> Outcome:
        """The meaning of a saved response."""
        return classify_http(response)

    def strip(self, response: Response) -> Response:
        """What is kept of a saved answer: all of it, unless a source knows better."""
        return response

    def identify(self, response: Response) -> Request:
        """What was asked, told from a saved answer alone; Malformed when it is none of ours."""
        raise Malformed("it cannot be told what this answers")

    def parse(self, request: Request, response: Response) -> Page:
        """Records of an answer; Malformed when the body is something else."""
        if request.endpoint == "media":
            return parse_media(self.manifest.name, request, response)
        return self.parsers[request.endpoint](request, response)

    def media_url(self, role: str, url: str) -> str | None:
        """The address of a file of a role, where a record tells one of another."""
        return url

    def parse_link(self, text: str) -> Link | None:
        """The thing that an address or a name such as `spotify:artist:...` points to."""
        links = self.manifest.links
        for pattern in links.patterns:
            if match := re.search(pattern, text):
                id_ = match["id"]
                prefixes = (k for start, k in links.prefixes.items() if id_.startswith(start))
                kind = match["kind"] or next(prefixes)
                return Link(links.kinds.get(kind, kind), id_)
        return None

    def memberships(self, kind: str, records: Sequence[Record]) -> list[Sequence[str]]:
        """The lists of a kind in which each record stands, as far as the record itself tells."""
        return [()] * len(records)

    def partition(self, request: Request) -> Iterable[Link]:
        """Narrower lists instead of one that goes on past its reach."""
        return ()

    def seeds(self, access: str) -> list[Link]:
        """Where a crawl without any seed begins: the lists the source keeps, its known genres."""
        return [Link("root", "")] + [Link("genre", name) for name in self.manifest.seed_genres]
