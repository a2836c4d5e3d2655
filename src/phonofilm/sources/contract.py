"""The contract of a source: what can be asked, what an answer means, what it says.

A source is one folder: `manifest.toml` says what exists at which access level and price,
`source.py` asks and judges, `parse.py` turns an answer into records without touching the network.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol
from urllib.parse import parse_qsl, quote

import msgspec

from phonofilm.records import Record
from phonofilm.sources.manifest import Endpoint, Manifest


class Request(NamedTuple):
    """One thing to ask, named without host and page size so that it means the same everywhere.

    `cursor` is what a next link said, as parameters; `offset` then only numbers the pages.
    """

    endpoint: str
    ids: tuple[str, ...] = ()
    offset: int = 0
    cursor: str = ""

    @property
    def key(self) -> str:
        """`endpoint?ids@offset`, the request's name in the frontier and the landing."""
        ids = ",".join(quote(text, safe=":") for text in self.ids)
        return f"{self.endpoint}?{ids}@{self.offset}"


class Response(NamedTuple):
    """What came back; header names in lower case, `elapsed_s` from first byte sent to last read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    elapsed_s: float = 0.0


Query = dict[str, str | list[str]]
"""The query of an address; a list is a parameter that comes several times."""


class Link(NamedTuple):
    """Something that can be asked about and is no record itself: a query, a category."""

    kind: str
    id: str


class Finding(NamedTuple):
    """Something odd that a person should know; `kind` is counted, `detail` is one example."""

    kind: str
    detail: str


class Page(msgspec.Struct):
    """What one answer said. `continues` are the pages after it; `total` is a claim, no bound."""

    records: list[Record] = []
    links: list[Link] = []
    continues: list[Request] = []
    total: int | None = None
    findings: list[Finding] = []


class Malformed(ValueError):  # noqa: N818 - the field's word
    """A body that is not what the endpoint answers; it is quarantined with this reason."""

    @property
    def without_excerpt(self) -> str:
        """The reason without the beginning of the body, which may name people."""
        return str(self).partition(_EXCERPT)[0]


# What a parser may raise on an answer nobody foresaw: it costs that answer, never the load.
_EXCERPT = "; it begins "
ODD_VALUES = (msgspec.ValidationError, ValueError, OverflowError, RecursionError)
ODD_ANSWERS = (Malformed, AttributeError, KeyError, TypeError, ValueError, OverflowError)


class Outcome(NamedTuple):
    """What a response means for the engine, which alone decides what to do.

    `verdict` is one of: answer, missing (this entity only), forbidden, throttled, quota,
    unauthorised, unavailable (worth another try), refused (it will not work), bot_wall, malformed.
    """

    verdict: str
    reason: str = ""
    retry_after_seconds: float | None = None


Parser = Callable[[Request, Response], Page]


class Source(Protocol):
    """What the engine needs to know of a source."""

    manifest: Manifest

    def address(self, request: Request, access: str) -> tuple[str, Query]: ...
    def classify(self, request: Request, response: Response) -> Outcome: ...
    def parse(self, request: Request, response: Response) -> Page: ...
    def parse_link(self, text: str) -> Link | None: ...
    def seeds(self, access: str) -> list[Link]: ...


class HttpSource:
    """What sources over HTTP share; a folder's `source.py` derives from it."""

    parsers: ClassVar[Mapping[str, Parser]] = {}
    link_patterns: ClassVar[tuple[str, ...]] = ()
    link_kinds: ClassVar[Mapping[str, str]] = {}
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
            from phonofilm.sources.media import parse_media  # noqa: PLC0415 - it knows sources

            return parse_media(self.manifest.name, request, response)
        return self.parsers[request.endpoint](request, response)

    def media_url(self, role: str, url: str) -> str | None:
        """The address of a file of a role, where a record tells one of another."""
        return url

    def parse_link(self, text: str) -> Link | None:
        """The thing that an address or a name such as `spotify:artist:...` points to."""
        for pattern in self.link_patterns:
            match = re.search(pattern, text)
            if match:
                return Link(match["kind"] or self._kind_of(match["id"]), match["id"])
        return None

    def _kind_of(self, id_: str) -> str:
        """The kind of an id that tells it by its beginning."""
        return next(k for start, k in self.link_kinds.items() if id_.startswith(start))

    def memberships(self, kind: str, records: Sequence[Record]) -> list[Sequence[str]]:
        """The lists of a kind in which each record stands, as far as the record itself tells."""
        return [()] * len(records)

    def partition(self, request: Request) -> Iterable[Link]:
        """Narrower lists instead of one that goes on past its reach."""
        return ()

    def seeds(self, access: str) -> list[Link]:
        """Where a crawl without any seed begins: the lists the source keeps, its known genres."""
        return [Link("root", "")] + [Link("genre", name) for name in self.manifest.seed_genres]


_WALLS = (
    b"Just a moment",
    b"challenges.cloudflare.com",
    b"cf_chl_opt",
    b"geo.captcha-delivery.com",
    b"awsWafCookieDomainList",
    b"_Incapsula_",
)


def classify_http(response: Response) -> Outcome:
    """What status, headers and the first bytes say; 404 is the entity's own, 403 the call's."""
    status, headers = response.status, response.headers
    # DataDome marks good answers, too (recorded in February 2026): only its refusals are walls.
    walled = "x-amzn-waf-action" in headers or ("x-datadome" in headers and status in (403, 405))
    if walled or _is_wall(response):
        return Outcome("bot_wall", f"HTTP {status} with a challenge for browsers")
    if status == 200:
        return Outcome("answer")
    if status in (404, 410):
        return Outcome("missing", f"HTTP {status}")
    if status == 401:
        return Outcome("unauthorised", "HTTP 401")
    if status in (429, 503) and (status == 429 or "retry-after" in headers):
        return Outcome("throttled", f"HTTP {status}", retry_after(headers))
    if status == 403:
        return Outcome("forbidden", _first_words(response))
    if status >= 500 or status in (408, 425):
        return Outcome("unavailable", f"HTTP {status}")
    return Outcome("refused", f"HTTP {status} {_first_words(response)}")


def _is_wall(response: Response) -> bool:
    kind = response.headers.get("content-type", "")
    return "html" in kind and is_wall(response.body)


def is_wall(body: bytes) -> bool:
    """Whether a page is a challenge for browsers."""
    return any(mark in body[:20_000] for mark in _WALLS)


def _first_words(response: Response) -> str:
    return response.body[:200].decode("utf-8", "replace").strip()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After given as seconds or as a date; None when absent or unreadable."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rare, and slow to import

    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        told = headers.get("date")
        now = parsedate_to_datetime(told).timestamp() if told else time.time()
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def items_of(
    body: bytes, typed: Any, item: Any, path: Iterable[str]
) -> tuple[Any, list[Any], list[Finding]]:
    """A page decoded by its type; when it does not fit, what fits of it, item by item.

    Returns the typed page (None when only items could be had), the items at `path` and a finding
    per item that did not fit. Strict first: it is faster and knows `"null"` from null; then lax,
    which takes 42.0 for 42, as recorded answers hold it.
    """
    page = _decoded(body, typed)
    if page is not None:
        found = page
        for name in path:
            found = getattr(found, name)
        return page, found, []
    found = plain(body)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise Malformed(f"no list at {'.'.join(path) or 'the top'}")
    return None, *_each(found, item)


def _decoded(body: bytes, typed: Any) -> Any:
    for strict in (True, False):
        try:
            return msgspec.json.decode(body, type=typed, strict=strict)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return None


def malformed_item(error: Exception) -> Finding:
    """One item of a list that does not fit, told without its values unless a type explains it."""
    told = str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
    return Finding("malformed_item", told)


def one_of(body: bytes, typed: Any) -> Any:
    """A single object by its type; Malformed with the place that does not fit."""
    found = _decoded(body, typed)
    if found is not None:
        return found
    try:
        return msgspec.convert(plain(body), typed, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def plain(body: bytes) -> Any:
    """Any JSON; Malformed for anything else.

    What JSON itself forbids but sources were seen to send (half characters, NaN) costs only the
    place it stands in: half characters become U+FFFD, NaN and the infinities null.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        repaired = _repaired(body)
        if repaired is not None:
            return repaired
        start = body[:60].decode("utf-8", "replace")
        raise Malformed(f"not JSON ({error}){_EXCERPT}{start!r}") from None


def _repaired(body: bytes) -> Any:
    try:
        tree = json.loads(body, parse_constant=lambda _: None)
        text = json.dumps(tree, ensure_ascii=False)
        whole = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
        return msgspec.json.decode(whole.encode())
    except (ValueError, RecursionError):
        return None


def _each(found: list[Any], item: Any) -> tuple[list[Any], list[Finding]]:
    fit, findings = [], []
    for element in found:
        try:
            fit.append(msgspec.convert(element, item, strict=False))
        except (msgspec.ValidationError, RecursionError) as error:
            findings.append(Finding("malformed_item", str(error)))
    return fit, findings


__all__ = [
    "ODD_ANSWERS",
    "Endpoint",
    "Finding",
    "HttpSource",
    "Link",
    "Malformed",
    "Manifest",
    "Outcome",
    "Page",
    "Parser",
    "Query",
    "Request",
    "Response",
    "Source",
    "classify_http",
    "is_wall",
    "items_of",
    "one_of",
    "plain",
    "retry_after",
]
