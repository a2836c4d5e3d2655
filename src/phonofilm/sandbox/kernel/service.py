"""Shared parts of all stand-ins: responses, a clock that can be advanced, rolling windows."""

from __future__ import annotations

import math
import re
import time
from collections import deque
from email.utils import formatdate
from enum import Enum
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

import msgspec

_WINDOW = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,5})([smhd])")


class HttpRequest(NamedTuple):
    """A request as a stand-in sees it; `base` is its own address, `path` without a last slash.

    `every` holds parameters that came several times.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes
    base: str
    every: dict[str, list[str]] = {}  # noqa: RUF012 - never changed


class Wire(Enum):
    """Ways to send a response over the wire."""

    WELL = "well"
    LATE = "late"
    HANG = "hang"
    DRIP = "drip"
    RESET = "reset"
    CUT = "cut"
    GONE = "gone"


class HttpResponse(NamedTuple):
    """An answer; `endpoint` is the name it is counted under."""

    endpoint: str
    status: int
    body: bytes
    headers: dict[str, str]
    wire: Wire = Wire.WELL


def json_response(
    endpoint: str, payload: Any, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    """Return an answer with a JSON body."""
    return HttpResponse(endpoint, status, msgspec.json.encode(payload), headers or {})


def file_response(
    endpoint: str, body: bytes, changed_at: float, request: HttpRequest
) -> HttpResponse:
    """Return a file with validators: whole, in part, or not at all when it did not change."""
    etag, changed = f'"{sha256(body).hexdigest()[:16]}"', formatdate(changed_at, usegmt=True)
    headers = {
        "ETag": etag,
        "Last-Modified": changed,
        "Accept-Ranges": "bytes",
        "Content-Type": "binary/octet-stream",
    }
    if_none_match = request.headers.get("If-None-Match")
    if if_none_match == etag or (
        not if_none_match and request.headers.get("If-Modified-Since") == changed
    ):
        return HttpResponse(endpoint, 304, b"", headers)
    start = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    if start and request.headers.get("If-Range", etag) in (etag, changed):
        at = int(start[1])
        if at >= len(body):
            return HttpResponse(endpoint, 416, b"", headers)
        headers["Content-Range"] = f"bytes {at}-{len(body) - 1}/{len(body)}"
        return HttpResponse(endpoint, 206, body[at:], headers)
    return HttpResponse(endpoint, 200, body, headers)


class Clock:
    """Seconds since 1970, and a way to skip some."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> float:
        """Return the stand-in's own time."""
        return time.time() + self.skipped


class Window:
    """A rolling window: at most `limit` calls in any `seconds`; None admits everything."""

    def __init__(self, limit: int | None, seconds: float, clock: Clock) -> None:
        self.limit, self.seconds, self._clock = limit, seconds, clock
        self._calls: deque[float] = deque()

    @classmethod
    def parse(cls, text: str | None, clock: Clock) -> Window:
        """Parse `180/30s`, `1000/24h` or `none`; ValueError for any other text."""
        if not text or text == "none":
            return cls(None, 1, clock)
        match = _WINDOW.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is no window; say 180/30s, 1000/24h or none")
        unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[3]]
        return cls(int(match[1]), int(match[2]) * unit, clock)

    def admit(self) -> int | None:
        """Admit a request (None), or return the whole seconds to wait, rounded up."""
        if self.limit is None:
            return None
        now = self._clock.now()
        while self._calls and self._calls[0] <= now - self.seconds:
            self._calls.popleft()
        if len(self._calls) < self.limit:
            self._calls.append(now)
            return None
        return max(1, math.ceil(self._calls[0] + self.seconds - now))


class Service(Protocol):
    """One source's wire format over a catalogue."""

    name: str
    access: str

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to a request of this source."""

    def visible(self) -> dict[str, int]:
        """Count the records that this access level can show, by kind."""

    def ids(self, kind: str) -> list[str]:
        """Return the ids of all visible records of a kind."""
