"""An answer as it is kept: the body as it came, and what it takes to read it again."""

from __future__ import annotations

import base64
import hashlib

import msgspec

from phonofilm.sources.contract import Request, Response

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


class RunInfo(msgspec.Struct):
    """What all answers of one run share."""

    source: str
    access: str
    terms: str
    run: str


def digest_of(body: bytes) -> str:
    """The hash of a body as it is stored."""
    return hashlib.sha256(body).hexdigest()


def wrap(
    stamp: RunInfo, seq: int, request: Request, response: Response, fetched_at: int
) -> Envelope:
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
        digest_of(response.body),
        encoding,
        stamp.terms,
        stamp.run,
        body,
    )
