"""The contract of a source: requests, responses, pages of records, and outcomes.

A source is one folder. `manifest.toml` lists the endpoints by access level with their limits,
`source.py` builds requests and classifies responses, `parse.py` turns a response into records
without touching the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from phonofilm.records import Record


class Request(NamedTuple):
    """One request, without host and page size, so that it is the same at every access level.

    `cursor` is the query string of a next link; `offset` then only numbers the pages.
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
    """One response; names of headers are in lower case, `url` is without secrets."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""


Query = dict[str, str | list[str]]
"""Query parameters; a list is a parameter that is repeated."""


class Link(NamedTuple):
    """A node that can be requested and is no record: a query, a category."""

    kind: str
    id: str


class Finding(NamedTuple):
    """An oddity to report; `kind` is counted, `detail` is one example."""

    kind: str
    detail: str

    @property
    def is_loss(self) -> bool:
        """True when a part of the body was dropped: a value, an object, an id or an item."""
        return self.kind in ("malformed_item", "odd_part", "odd_value", "odd_id")


class Page(msgspec.Struct):
    """The content of one response.

    `continues` are the requests of the next pages; `total` is the announced size of the list,
    which is a claim and no bound. `offset` is where the page begins by the response's own word.
    `answered_ids` are requested ids that the page answers although no record names them.
    """

    records: list[Record] = []
    links: list[Link] = []
    continues: list[Request] = []
    total: int | None = None
    offset: int | None = None
    findings: list[Finding] = []
    answered_ids: list[str] = []


class Malformed(ValueError):  # noqa: N818 - the field's word
    """A body that is not what the endpoint sends; it is quarantined with this reason."""

    @property
    def without_excerpt(self) -> str:
        """The reason without the beginning of the body, which may name people."""
        return str(self).partition(EXCERPT)[0]


class InvalidId(ValueError):  # noqa: N818 - what happened
    """Ids with which a source cannot build a request; they cost that request, not the crawl."""


EXCERPT = "; it begins "
# Errors of a parser on an unforeseen body: they cost that value or body, never the load.
ODD_VALUES = (msgspec.ValidationError, ValueError, OverflowError, RecursionError)
ODD_RESPONSES = (Malformed, AttributeError, KeyError, TypeError, ValueError, OverflowError)


class Outcome(NamedTuple):
    """The meaning of a response for the engine, which alone decides what to do.

    `verdict` is one of: answer, missing (this entity only), forbidden, throttled, quota,
    unauthorised, unavailable (worth a retry), refused (a retry is useless), bot_wall, malformed.
    """

    verdict: str
    reason: str = ""
    retry_after_seconds: float | None = None


Parser = Callable[[Request, Response], Page]
