"""Limits under attack: requests inside a ban, seconds to the end and exit code of each case.

A crawl of Deezer's stand-in with four workers, behind a server on loopback that refuses, fails or
breaks off from its tenth request on. The clock runs twenty times as fast as the machine's.

python -m benchmarks.limits
"""

from __future__ import annotations

import contextlib
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks.tables import table
from benchmarks.wire import WireServer, response, wire
from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything
from phonofilm.crawl.session import crawl
from phonofilm.errors import PhonofilmError
from phonofilm.net.clock import Clock
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.workspace import Workspace

SPEED = 20.0
ARTISTS, WORKERS, GOOD_FIRST = 8, 4, 10
# A request on its way when the ban is pronounced is none inside of it; seconds of the machine.
ON_THEIR_WAY_SECONDS = 0.25
NEVER = float("inf")


class Fault(NamedTuple):
    """What the server sends from its tenth request on, and for how many seconds.

    `send` takes the number of the request; `ban_seconds` is the pause that it asks for.
    """

    send: Callable[[int], bytes | None]
    seconds: float = NEVER
    ban_seconds: float = 0.0


class Outcome(NamedTuple):
    """What a crawl did with a fault: requests that met it, and those inside the ban.

    The longest pause between two requests, and the time from the first fault to the end of the
    crawl, are seconds of the accelerated clock.
    """

    faults: int
    inside_ban: int
    pause_seconds: float
    seconds: float
    exit_code: int


def refused(*headers: str, status: int = 429) -> Callable[[int], bytes | None]:
    """Refuse every request with these headers."""
    return lambda number: response(status, *headers)


def _date_in_59_seconds(number: int) -> bytes:
    now = time.time()
    dates = formatdate(now, usegmt=True), formatdate(now + 59, usegmt=True)
    return response(429, f"Date: {dates[0]}", f"Retry-After: {dates[1]}")


_NO_DATA = b'{"error":{"type":"DataException","message":"no data","code":800}}'
_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
FAULTS: dict[str, Fault] = {
    "429 once, without Retry-After": Fault(refused(), seconds=0.0),
    "429 for 20 s, without Retry-After": Fault(refused(), seconds=20.0),
    "429 without Retry-After": Fault(refused()),
    "429, Retry-After: 0": Fault(refused("Retry-After: 0")),
    "429, Retry-After: 59": Fault(refused("Retry-After: 59"), ban_seconds=59.0),
    "429, Retry-After: 86400": Fault(refused("Retry-After: 86400"), ban_seconds=86_400.0),
    "429, Retry-After: a date in 59 s": Fault(_date_in_59_seconds, ban_seconds=58.0),
    "429, Retry-After: -5": Fault(refused("Retry-After: -5")),
    "429, Retry-After: soon": Fault(refused("Retry-After: soon")),
    "429, Retry-After twice: 1 and 3600": Fault(
        refused("Retry-After: 1", "Retry-After: 3600"), ban_seconds=3600.0
    ),
    "503, Retry-After: 59": Fault(refused("Retry-After: 59", status=503), ban_seconds=59.0),
    "503 for 20 s, without Retry-After": Fault(refused(status=503), seconds=20.0),
    "503 without Retry-After": Fault(refused(status=503)),
    "200 over HTTP/1.0": Fault(lambda number: response(200, body=_NO_DATA, version="1.0")),
    "500": Fault(refused(status=500)),
    "401": Fault(refused(status=401)),
    "no response": Fault(lambda number: b""),
    "reset": Fault(lambda number: None),
    "reset for 2 s": Fault(lambda number: None, seconds=2.0),
    "half a response": Fault(lambda number: b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a body that is cut": Fault(lambda number: response(200, body=b" " * 99)[:-50]),
    "broken chunks": Fault(lambda number: _CHUNKED + b"zz\r\n{}\r\n"),
    "bytes that are no HTTP": Fault(lambda number: b"\x15\x03\x01\x00\x02\x02\x50"),
}


@contextlib.contextmanager
def accelerated(speed: float = SPEED) -> Iterator[None]:
    """Let all clocks of a crawl run faster; time-outs of connections stay as they are."""
    began, wall = time.monotonic(), time.time()
    sleep = Clock.sleep

    def passed() -> float:
        return (time.monotonic() - began) * speed

    with (
        patch.object(Clock, "steady", lambda self: began + passed()),
        patch.object(Clock, "wall", lambda self: wall + passed() + self.ahead_seconds),
        patch.object(Clock, "sleep", lambda self, seconds: sleep(self, seconds / speed)),
    ):
        yield


class FaultyService:
    """A service that sends a fault for some seconds; all else is that of a stand-in."""

    def __init__(self, url: str, fault: Fault, speed: float) -> None:
        self._url, self._fault, self._speed = url, fault, speed
        self._began: float | None = None
        self.faults_at: list[float] = []

    def send(self, number: int, line: str) -> bytes | None:
        """Return the response to a request."""
        now = time.monotonic() * self._speed
        if "__sandbox__" not in line and number >= GOOD_FIRST:
            self._began = now if self._began is None else self._began
            is_first = not self.faults_at
            if is_first or now - self._began < self._fault.seconds:
                self.faults_at.append(now)
                return self._fault.send(number)
        return self.forward(line.split()[1])

    def forward(self, path: str) -> bytes:
        """Return the response of the stand-in."""
        try:
            with urllib.request.urlopen(f"{self._url}{path}", timeout=10) as received:
                return response(received.status, body=received.read())
        except urllib.error.HTTPError as error:
            return response(error.code, body=error.read())


def measure(folder: Workspace, url: str, fault: Fault, speed: float = SPEED) -> Outcome:
    """Crawl a stand-in through a fault."""
    service = FaultyService(url, fault, speed)
    # Long, because a response that a busy machine is late to read was sent and not received.
    settings = Settings(deezer=SourceSettings(timeout_seconds=5.0))
    with wire(service.send) as server, accelerated(speed):
        exit_code = crawl_once(folder, server, settings)
        ended = time.monotonic() * speed
        at = [moment * speed for moment in server.at]
        after = [moment for moment in at if moment >= service.faults_at[0] - speed]
        return Outcome(
            faults=len(service.faults_at),
            inside_ban=_inside_ban(service.faults_at, fault.ban_seconds, speed),
            pause_seconds=max(later - earlier for earlier, later in pairwise([*after, ended])),
            seconds=ended - service.faults_at[0],
            exit_code=exit_code,
        )


def crawl_once(folder: Workspace, server: WireServer, settings: Settings, **more: Any) -> int:
    """Return the exit code of a crawl."""
    options = CrawlOptions(
        source="deezer",
        goal=Goal({"artist": None}, 400),
        scope=Everything(),
        at=server.url,
        workers=WORKERS,
        **more,
    )
    try:
        return run(crawl(folder, settings, options)).exit_code
    except PhonofilmError as error:
        return error.exit_code


def _inside_ban(faults_at: list[float], ban_seconds: float, speed: float) -> int:
    """Count the requests that came during a pause that a response before had asked for."""
    on_their_way = ON_THEIR_WAY_SECONDS * speed
    return sum(
        any(before + on_their_way < at < before + ban_seconds - 1 for before in faults_at)
        for at in faults_at
    )


def main() -> None:
    """Print the table."""
    rows = []
    for name, fault in FAULTS.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            running(Plan("deezer", rate="none", artists=ARTISTS)) as (url, _),
        ):
            outcome = measure(Workspace(Path(folder) / "data"), url, fault)
        times = f"{outcome.pause_seconds:.1f} s", f"{outcome.seconds:.0f} s"
        rows.append((name, outcome.faults, outcome.inside_ban, *times, outcome.exit_code))
    names = (
        "the service sends",
        "requests that met it",
        "inside the ban",
        "longest pause",
        "to the end",
        "exit",
    )
    table("Limits under attack", names, rows)


if __name__ == "__main__":
    main()
