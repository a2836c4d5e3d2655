"""Base of the sources over HTTP: addresses, links, classification and parsing by the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar
from urllib.parse import parse_qsl, quote

from phonofilm.records import Record
from phonofilm.sources.checks import check_page, note_other_id
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
from phonofilm.sources.links import parse_link
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.media import parse_media


class HttpSource:
    """Base of a source over HTTP; the `source.py` of a folder derives from it.

    `saved_endpoint` is the endpoint of responses that a person saved, `saved_access` their access
    level; empty where such responses cannot be recognised.
    """

    parsers: ClassVar[Mapping[str, Parser]] = {}
    saved_endpoint = ""
    saved_access = ""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def address(self, request: Request, access: str) -> tuple[str, Query]:
        """Build path and query of a request, with the page size of the access level."""
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
        """Classify a response; by HTTP alone, unless the source overrides this."""
        return classify_http(response)

    def classify_saved(self, response: Response) -> Outcome:
        """Classify a saved response."""
        return classify_http(response)

    def strip(self, response: Response) -> Response:
        """Return the part of a saved response that is kept; by default all of it."""
        return response

    def identify(self, response: Response) -> Request:
        """Recognise the request of a saved response; Malformed when it is not of this source."""
        raise Malformed("saved responses of this source cannot be recognised")

    def parse(self, request: Request, response: Response) -> Page:
        """Parse a response into a page of records; Malformed when the body is something else.

        All values are as the traits of their fields say, and all ids as the manifest says.
        """
        if request.endpoint == "media":
            return parse_media(self.manifest.name, request, response)
        endpoint = self.manifest.endpoints[request.endpoint]
        page = self.parsers[request.endpoint](request, response)
        if endpoint.looks_up and len(request.ids) == 1:
            note_other_id(page, self.manifest.name, endpoint.subject, request.ids[0])
        return check_page(page, self.manifest.id_patterns, personal=bool(endpoint.personal))

    def is_id(self, kind: str, text: str) -> bool:
        """Tell whether a text can be an id of a kind of node."""
        return self.manifest.id_patterns.is_id(kind, text)

    def media_url(self, role: str, url: str) -> str | None:
        """Return the address of a file of a role, given the one in a record; None without one."""
        return url

    def parse_link(self, text: str) -> Link | None:
        """Parse an address, a URI or an id that says what it identifies; None for other texts."""
        return parse_link(self.manifest, text)

    def memberships(self, kind: str, records: Sequence[Record]) -> list[Sequence[str]]:
        """Return the lists of a kind that contain each record, as far as its own fields tell."""
        return [()] * len(records)

    def partition(self, request: Request) -> Iterable[Link]:
        """Split a list that is longer than `max_offset` into narrower ones; none by default."""
        return ()

    def seeds(self, access: str) -> list[Link]:
        """Return the first nodes of a crawl without a seed: its own lists and its known genres."""
        return [Link("root", "")] + [Link("genre", name) for name in self.manifest.seed_genres]
