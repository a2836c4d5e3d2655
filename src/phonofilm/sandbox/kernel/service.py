"""What every stand-in shares: an answer, a clock that can be advanced, rolling windows."""

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
    """How an answer goes over the wire."""

    WELL = "well"
    LATE = "late"
    HANG = "hang"
    DRIP = "drip"
    RESET = "reset"
    CUT = "cut"
    GONE = "gone"


class Answer(NamedTuple):
    """An answer; `endpoint` is the name it is counted under."""

    endpoint: str
    status: int
    body: bytes
    headers: dict[str, str]
    wire: Wire = Wire.WELL


def json_answer(
    endpoint: str, payload: Any, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """An answer with a JSON body."""
    return Answer(endpoint, status, msgspec.json.encode(payload), headers or {})


def file_answer(endpoint: str, body: bytes, changed_at: float, ask: HttpRequest) -> Answer:
    """A file with validators: whole, in part, or not at all when it did not change."""
    etag, changed = f'"{sha256(body).hexdigest()[:16]}"', formatdate(changed_at, usegmt=True)
    told = {
        "ETag": etag,
        "Last-Modified": changed,
        "Accept-Ranges": "bytes",
        "Content-Type": "binary/octet-stream",
    }
    asked = ask.headers.get("If-None-Match")
    if asked == etag or (not asked and ask.headers.get("If-Modified-Since") == changed):
        return Answer(endpoint, 304, b"", told)
    start = re.fullmatch(r"bytes=(\d+)-", ask.headers.get("Range", ""))
    if start and ask.headers.get("If-Range", etag) in (etag, changed):
        at = int(start[1])
        if at >= len(body):
            return Answer(endpoint, 416, b"", told)
        told["Content-Range"] = f"bytes {at}-{len(body) - 1}/{len(body)}"
        return Answer(endpoint, 206, body[at:], told)
    return Answer(endpoint, 200, body, told)


class Clock:
    """Seconds since 1970, and a way to skip some."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> float:
        """The stand-in's own time."""
        return time.time() + self.skipped


class Window:
    """A rolling window: at most `limit` calls in any `seconds`; None admits everything."""

    def __init__(self, limit: int | None, seconds: float, clock: Clock) -> None:
        self.limit, self.seconds, self._clock = limit, seconds, clock
        self._calls: deque[float] = deque()

    @classmethod
    def parse(cls, text: str | None, clock: Clock) -> Window:
        """From `180/30s`, `1000/24h` or `none`. ValueError for anything else."""
        if not text or text == "none":
            return cls(None, 1, clock)
        match = _WINDOW.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is no window; say 180/30s, 1000/24h or none")
        unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[3]]
        return cls(int(match[1]), int(match[2]) * unit, clock)

    def admit(self) -> int | None:
        """None when the call is let in, else whole seconds to wait, rounded up."""
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

    def answer(self, ask: HttpRequest) -> Answer: ...
    def visible(self) -> dict[str, int]: ...
    def ids(self, kind: str) -> list[str]: ...
