"""An answer as it is kept: the body as it came, and what it takes to read it again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

import msgspec

from phonofilm.sources.base import Request, Response

COLUMNS = {
    "seq": "BIGINT",
    "source": "VARCHAR",
    "endpoint": "VARCHAR",
    "ids": "VARCHAR[]",
    "offset": "BIGINT",
    "access": "VARCHAR",
    "url": "VARCHAR",
    "status": "INTEGER",
    "fetched_at": "BIGINT",
    "headers": "MAP(VARCHAR, VARCHAR)",
    "sha256": "VARCHAR",
    "encoding": "VARCHAR",
    "terms": "VARCHAR",
    "run": "VARCHAR",
    "body": "VARCHAR",
}
_KEPT_HEADERS = frozenset(
    ("content-type", "etag", "last-modified", "date", "retry-after", "cache-control")
)


class Envelope(msgspec.Struct):
    """One landed answer. `fetched_at` is Unix microseconds; `encoding` is utf-8 or base64."""

    seq: int
    source: str
    endpoint: str
    ids: list[str]
    offset: int
    access: str
    url: str
    status: int
    fetched_at: int
    headers: dict[str, str]
    sha256: str
    encoding: str
    terms: str
    run: str
    body: str

    @property
    def request(self) -> Request:
        """What was asked."""
        return Request(self.endpoint, tuple(self.ids), self.offset)

    @property
    def response(self) -> Response:
        """What came back."""
        body = self.body.encode() if self.encoding == "utf-8" else base64.b64decode(self.body)
        return Response(self.status, self.headers, body, self.url)


class Stamp(msgspec.Struct):
    """What all answers of one run share."""

    source: str
    access: str
    terms: str
    run: str


def seal(stamp: Stamp, seq: int, request: Request, response: Response, fetched_at: int) -> Envelope:
    """Wraps an answer; the hash is of the body as it is stored."""
    try:
        body, encoding = response.body.decode(), "utf-8"
    except UnicodeDecodeError:
        body, encoding = base64.b64encode(response.body).decode(), "base64"
    return Envelope(
        seq,
        stamp.source,
        request.endpoint,
        list(request.ids),
        request.offset,
        stamp.access,
        response.url,
        response.status,
        fetched_at,
        {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS},
        hashlib.sha256(response.body).hexdigest(),
        encoding,
        stamp.terms,
        stamp.run,
        body,
    )


def pseudonym(key: bytes, text: str) -> str:
    """A keyed hash of a person's name: the same person stays the same, and stays unknown."""
    return "person-" + hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16]


def without_names(body: bytes, paths: Iterable[str], key: bytes) -> bytes:
    """The body with personal fields replaced; `a.items[].b` walks lists, `b.*` is all text in b.

    A body that is no JSON stays as it came.
    """
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    for path in paths:
        _replace(tree, path.split("."), key)
    return msgspec.json.encode(tree)


def _replace(node: Any, path: list[str], key: bytes) -> None:
    name, rest = path[0], path[1:]
    if name.endswith("[]"):
        held = node.get(name[:-2]) if isinstance(node, dict) else None
        for element in held if isinstance(held, list) else ():
            _replace(element, rest, key)
    elif name == "*" and isinstance(node, dict):
        for key_ in node:
            _replace_all(node, key_, key)
    elif isinstance(node, dict) and node.get(name) not in (None, ""):
        if rest:
            _replace(node[name], rest, key)
        else:
            node[name] = pseudonym(key, str(node[name]))


def _replace_all(node: dict[str, Any], name: str, key: bytes) -> None:
    """Everything that could name a person: ids, names, addresses; `type` says what it is."""
    held = node[name]
    if isinstance(held, dict):
        for inner in held:
            _replace_all(held, inner, key)
    elif isinstance(held, str | int) and not isinstance(held, bool) and held and name != "type":
        node[name] = pseudonym(key, str(held))
