"""A landed response: the body as it came, and what it takes to read it again."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime

import msgspec

from phonofilm.sources.contract import Request, Response

# The fields of Envelope, in their order, as DuckDB stores them.
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
# Cookies and other headers are left out: they name the caller, not the response.
_LANDED_HEADERS = frozenset(
    ("content-type", "etag", "last-modified", "date", "retry-after", "cache-control")
)


class Envelope(msgspec.Struct):
    """One landed response. `fetched_at` is Unix microseconds; `encoding` is utf-8 or base64."""

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
        """The request that was sent, without its cursor."""
        return Request(self.endpoint, tuple(self.ids), self.offset)

    @property
    def response(self) -> Response:
        """The response as the source reads it."""
        body = self.body.encode() if self.encoding == "utf-8" else base64.b64decode(self.body)
        return Response(self.status, self.headers, body, self.url)

    def with_body(self, body: bytes) -> Envelope:
        """Return this response with another body, which is JSON and hence text."""
        return msgspec.structs.replace(
            self, body=body.decode(), encoding="utf-8", sha256=body_hash(body)
        )


class RunInfo(msgspec.Struct):
    """The fields that all responses of one run share."""

    source: str
    access: str
    terms: str
    run: str


def new_run_id(now: float) -> str:
    """Return the id of a run that starts at an instant (Unix seconds); ids sort by their starts."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def body_hash(body: bytes) -> str:
    """Return the SHA-256 of a body as it is stored, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def wrap(
    run_info: RunInfo, seq: int, request: Request, response: Response, fetched_at: int
) -> Envelope:
    """Wrap a response for the landing; a body that is not UTF-8 is stored as base64."""
    try:
        body, encoding = response.body.decode(), "utf-8"
    except UnicodeDecodeError:
        body, encoding = base64.b64encode(response.body).decode(), "base64"
    return Envelope(
        seq=seq,
        source=run_info.source,
        endpoint=request.endpoint,
        ids=list(request.ids),
        offset=request.offset,
        access=run_info.access,
        url=response.url,
        status=response.status,
        fetched_at=fetched_at,
        headers={
            name: value for name, value in response.headers.items() if name in _LANDED_HEADERS
        },
        sha256=body_hash(response.body),
        encoding=encoding,
        terms=run_info.terms,
        run=run_info.run,
        body=body,
    )
