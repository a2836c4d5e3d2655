"""The contract of a source: what can be asked, what an answer means, what it says.

A source is one folder: `manifest.toml` says what exists at which access level and price,
`source.py` asks and judges, `parse.py` turns an answer into records without touching the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from phonofilm.records import Record


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
        return str(self).partition(EXCERPT)[0]


# What a parser may raise on an answer nobody foresaw: it costs that answer, never the load.
EXCERPT = "; it begins "
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
