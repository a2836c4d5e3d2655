"""Limits under attack: every refusal and every outage ends in time, and no ban is broken."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from benchmarks.limits import FAULTS, FaultyService, accelerated, crawl_once, measure
from benchmarks.wire import WireServer, response, wire
from pydantic import SecretStr

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl import session
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.guards import RENEWALS_MAX
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.preflight import check_robots
from phonofilm.errors import CredentialsError, UnavailableError
from phonofilm.net.base import NoResponse
from phonofilm.net.clock import Clock
from phonofilm.net.origin.origin import Origin
from phonofilm.net.transport import Transport
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get
from phonofilm.sources.classify import retry_after
from phonofilm.workspace import Workspace
from tests.conftest import collect

SPEED = 120.0


class Expected(NamedTuple):
    """The exit code of a crawl, and bounds of the requests that met the fault and of seconds."""

    exit_code: int
    requests_max: int
    seconds_max: float = 1e9


# Bounds of seconds leave room for a busy machine, whose seconds count 120 times.
PARKED = Expected(4, 40, 1500)
AWAY = Expected(6, 40, 1000)
EXPECTED = {
    "429 once, without Retry-After": Expected(0, 1),
    "429 for 20 s, without Retry-After": Expected(0, 20),
    "429, Retry-After: 59": Expected(4, 10, 1500),
    "503, Retry-After: 59": Expected(4, 10, 1500),
    "429, Retry-After: a date in 59 s": Expected(4, 10, 1500),
    "429, Retry-After: 86400": Expected(4, 4),
    "429, Retry-After twice: 1 and 3600": Expected(4, 4),
    "503 for 20 s, without Retry-After": Expected(0, 24),
    "200 over HTTP/1.0": Expected(0, 400),
    "401": Expected(3, 8),
    "reset for 2 s": Expected(0, 24),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_crawl_ends_in_time_and_breaks_no_ban(folder: Workspace, stand_in, name: str) -> None:
    expected = EXPECTED.get(name, PARKED if "429" in name else AWAY)
    url, _ = stand_in("deezer", artists=6)
    outcome = measure(folder, url, FAULTS[name], SPEED)
    assert outcome.exit_code == expected.exit_code
    assert outcome.inside_ban == 0
    assert outcome.faults <= expected.requests_max
    assert outcome.seconds <= expected.seconds_max


class Away:
    """A stand-in behind a server that goes away at its tenth request, and comes back."""

    def __init__(self, url: str, seconds: float) -> None:
        self._service = FaultyService(url, FAULTS["reset"], 1.0)
        self._seconds = seconds
        self.server = WireServer(self._send)
        self.port = self.server.port
        self.comebacks = 0

    def _send(self, number: int, line: str) -> bytes | None:
        if number == 9 and not self.comebacks:
            self.comebacks = 1
            threading.Thread(target=self._leave, daemon=True).start()
            return None
        return self._service.forward(line.split()[1])

    def _leave(self) -> None:
        self.server.close()
        time.sleep(self._seconds)
        self.server = WireServer(self._send, self.port)
        self.comebacks = 2


@pytest.fixture
def away(stand_in) -> Iterator:
    made: list[Away] = []

    def start(seconds: float) -> Away:
        url, _ = stand_in("deezer", artists=6)
        made.append(Away(url, seconds))
        return made[-1]

    yield start
    for one in made:
        one.server.close()


def full_artists(folder: Workspace) -> int:
    frontier = open_frontier(folder.frontier / "deezer.sqlite")
    try:
        return int(frontier.tally()["artist"]["full"])
    finally:
        frontier.close()


def test_a_server_that_is_away_for_two_seconds_does_not_end_a_crawl(folder, away) -> None:
    service = away(0.4)
    with accelerated(5.0):
        assert crawl_once(folder, service.server, Settings()) == 0
    assert service.comebacks == 2
    assert full_artists(folder) == 6


def test_with_wait_a_crawl_outlasts_a_server_that_is_away_for_minutes(
    folder, away, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_SLEEP_SECONDS_MAX", 0.02)
    service, lines = away(2.5), list[str]()
    with accelerated(60.0):  # two and a half minutes
        code = crawl_once(folder, service.server, Settings(), wait=True, report=lines.append)
    assert code == 0
    assert full_artists(folder) == 6
    assert "gives no usable answer" in lines[0]
    assert "Waiting for" in lines[0]


def test_with_wait_no_more_requests_are_sent_than_allowed(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_SLEEP_SECONDS_MAX", 0.02)
    with wire(lambda number, line: response(503)) as server, accelerated(300.0):
        settings = Settings(
            deezer=SourceSettings(accept_terms=True, basis="test", base_url=server.url)
        )
        planned = [PlannedRequest("artist", str(number)) for number in range(1, 30)]
        options = {"settings": settings, "planned_requests": planned, "max_calls": 30}
        with contextlib.suppress(UnavailableError):  # the last one allowed may be the last straw
            collect(folder, "deezer", None, "artists=all", wait=True, **options)
        assert len(server.requests) == 30


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_name_without_an_address_and_a_port_without_tls_end_a_crawl(
    folder, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with wire(lambda number, line: response(200)) as server, accelerated():
        address = f"https://127.0.0.1:{server.port}"
        if scheme == "http":
            monkeypatch.setattr(socket, "getaddrinfo", unknown)
            address = "http://service.invalid"
        settings = Settings(
            deezer=SourceSettings(
                accept_terms=True, basis="test", base_url=address, timeout_seconds=0.4
            )
        )
        planned = [PlannedRequest("artist", str(number)) for number in range(1, 30)]
        with pytest.raises(UnavailableError) as raised:
            collect(
                folder, "deezer", None, "artists=all", settings=settings, planned_requests=planned
            )
    assert raised.value.exit_code == 6
    assert "--wait" in raised.value.next_step
    frontier = open_frontier(folder.frontier / "deezer.sqlite")
    assert sum(count for _, _, count in frontier.history.request_counts()) <= 40
    frontier.close()


def test_a_storm_of_401_with_a_generous_token_server_is_bounded(folder) -> None:
    tokens = 0

    def send(number: int, line: str) -> bytes:
        nonlocal tokens
        if "/token" in line:
            tokens += 1
            return response(200, body=b'{"access_token":"t%d","expires_in":3600}' % tokens)
        return response(401 if number % 2 else 404)

    with wire(send) as server:
        settings = Settings(
            spotify=SourceSettings(
                accept_terms=True,
                basis="test",
                base_url=server.url,
                token_url=f"{server.url}/token",
                client_id="an-id",
                client_secret=SecretStr("a-secret"),
                rate="none",
            )
        )
        planned = [PlannedRequest("artist", f"{number:022d}") for number in range(1, 200)]
        with pytest.raises(CredentialsError):
            collect(
                folder,
                "spotify",
                None,
                "artists=all",
                settings=settings,
                planned_requests=planned,
                workers=1,
            )
        assert tokens <= RENEWALS_MAX + 1


@pytest.mark.parametrize(("failures", "error"), [(3, None), (100, UnavailableError)])
def test_robots_txt_is_waited_for_like_a_response(failures: int, error: type | None) -> None:
    def send(number: int, line: str) -> bytes:
        return response(503) if number < failures else response(404)

    source = get("imdb")
    access = next(name for name, level in source.manifest.access.items() if level.consent)
    with wire(send) as server, accelerated(200.0):
        origin = Origin(name="a test", base_url=server.url, access=access, clock=Clock())
        if error is None:
            run(check_robots(source, origin))
            assert len(server.requests) == failures + 1
            return
        with pytest.raises(error):
            run(check_robots(source, origin))
        assert len(server.requests) <= 10


def test_a_get_over_a_kept_connection_that_was_dropped_is_sent_once() -> None:
    def send(number: int, line: str) -> bytes:
        return response(200) if number == 0 else b""

    async def work(server: WireServer) -> object:
        async with Transport(server.url) as transport:
            await transport.get("/1", {}, {})
            return await transport.get("/2", {}, {})

    with wire(send) as server:
        received = run(work(server))
        assert isinstance(received, NoResponse)
        assert (received.kind, received.is_retryable) == ("cut", True)
        assert [line.split()[1] for line in server.requests] == ["/1", "/2"]


def test_of_several_retry_after_headers_the_longest_counts() -> None:
    async def work(server: WireServer) -> object:
        async with Transport(server.url) as transport:
            return await transport.get("/", {}, {})

    with wire(lambda *_: response(429, "Retry-After: 3600", "Retry-After: 1")) as server:
        assert retry_after(run(work(server)).headers) == 3600.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("0", 0.0),
        ("59", 59.0),
        ("86400", 86_400.0),
        ("-5", 0.0),
        ("soon", None),
        ("nan", None),
        ("1e999", None),
        ("Wed, 21 Oct 2015 07:29:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Wednesday, 21-Oct-15 07:29:00 GMT", 60.0),
        ("3, Wed, 21 Oct 2015 07:29:00 GMT", 60.0),
        ("soon, 7", 7.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    headers = {"retry-after": text, "date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert retry_after(headers) == seconds
    assert (retry_after(headers | {"date": "rubbish"}) is None) == (seconds is None)
