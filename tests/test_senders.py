"""The senders of the network room: redirects, bounds, keys, retries, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.errors import BotWallError, CredentialsError, ParkedError, StoreError
from phonofilm.media.base import StoredFile
from phonofilm.media.senders import LimitedSender, RetryingSender, RunState
from phonofilm.net import resumable_download, transport
from phonofilm.net.backoff import Backoff
from phonofilm.net.base import NoResponse
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.net.redirects import Redirect, RedirectBlocked, follow, same_host
from phonofilm.net.refusals import refusal_error, wait_seconds
from phonofilm.net.resumable_download import ResumableDownloads
from phonofilm.net.retry_policy import RetryPolicy
from phonofilm.net.transport import Transport, TransportOptions
from phonofilm.runtime.event_loop import run
from phonofilm.sources.contract import Outcome, Response

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
QUICK = RetryPolicy(attempts_max=3, first_pause_seconds=0.001)


class Server:
    """A server on loopback; `paths` are the paths and queries that were requested."""

    def __init__(self, handler: Handler) -> None:
        self.paths: list[str] = []
        self.url, self._handler = "", handler

    async def __aenter__(self) -> Server:
        self._runner = web.ServerRunner(web.Server(self._handle))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.paths.append(request.path_qs)
        return await self._handler(request)


class TestRedirects:
    @pytest.mark.parametrize(
        ("locations", "end"),
        [
            ([], "http://x/0"),
            (["/1"], "http://x/1"),
            (["/1", "2", "http://x/3"], "http://x/3"),
            (["/1", "/2", "/3", "/4"], "more than three times"),
            (["http://y/1"], "to y"),
            (["https://x/1"], "to x"),
            (["http://x:8080/1"], "to x:8080"),
            (["http://me@x/1"], "to me@x"),
            (["javascript:alert(1)"], "to nowhere"),
            (["http://[::1"], "to no address"),
        ],
    )
    def test_redirects_stay_on_the_host_and_end(self, locations: list[str], end: str) -> None:
        async def send(url: str) -> str | Redirect:
            return Redirect(locations.pop(0)) if locations else url

        async def work() -> str:
            try:
                return await follow(send, "http://x/0", same_host("http://x"))
            except RedirectBlocked as blocked:
                return str(blocked)

        assert run(work()) == end

    @given(location=st.text(max_size=40))
    def test_no_location_leads_to_another_host(self, location: str) -> None:
        sent: list[str] = []

        async def send(url: str) -> Redirect:
            sent.append(url)
            return Redirect(location)

        with pytest.raises(RedirectBlocked):
            run(follow(send, "http://x/0", same_host("http://x")))
        assert all(url.startswith("http://x") for url in sent)


class TestTransport:
    def get(self, handler: Handler, base_url: str = "", **options) -> tuple:
        async def work() -> tuple:
            async with (
                Server(handler) as server,
                Transport(server.url, TransportOptions(**options)) as sender,
            ):
                return await sender.get("/a", {"q": "1"}, {}, base_url), server

        return run(work())

    def test_a_key_goes_with_the_request_and_stands_nowhere_else(self) -> None:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(text=f"you sent {request.query['client_id']}")

        response, server = self.get(handler, key={"client_id": "a-long-secret"})
        assert server.paths == ["/a?q=1&client_id=a-long-secret"]
        assert response.body == b"you sent ***"
        assert response.url == f"{server.url}/a?q=1"

    def test_a_key_does_not_go_to_another_host(self) -> None:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(text="x")

        async def work() -> list[str]:
            async with Server(handler) as other, Server(handler) as server:
                options = TransportOptions(key={"client_id": "a-long-secret"})
                async with Transport(server.url, options) as sender:
                    await sender.get("/a", {}, {}, other.url)
                return other.paths

        assert run(work()) == ["/a"]

    @pytest.mark.parametrize("has_length", [True, False])
    def test_a_body_over_the_limit_is_not_read(self, monkeypatch, has_length: bool) -> None:
        monkeypatch.setattr(transport, "BODY_BYTES_MAX", 1 << 20)

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            headers = {"Content-Length": str(2 << 20)} if has_length else {}
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            try:
                for _ in range(32):
                    await response.write(b"x" * 65_536)
            except ConnectionError:
                pass
            return response

        response, _ = self.get(handler)
        assert response == NoResponse("too_large", "over 1 MiB")

    def test_headers_are_lower_case_and_latin(self) -> None:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            response = web.Response(text="x", headers={"X-Name": "caf\udce9"})
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return response

        response, _ = self.get(handler)
        assert isinstance(response, Response)
        assert response.headers["x-name"].startswith("caf")
        assert response.headers["set-cookie"] == "a=1; b=2"

    def test_nobody_there_is_no_exception(self) -> None:
        async def work() -> Response | NoResponse:
            async with Transport("http://127.0.0.1:1") as sender:
                return await sender.get("/", {}, {})

        response = run(work())
        assert isinstance(response, NoResponse)
        assert (response.kind, response.is_retryable) == ("unreachable", True)


class TestRefusals:
    @pytest.mark.parametrize(
        ("outcome", "error"),
        [
            (Outcome("bot_wall", "a challenge"), BotWallError),
            (Outcome("throttled", "HTTP 429", 7.0), ParkedError),
            (Outcome("quota", "spent"), ParkedError),
            (Outcome("unauthorised", "HTTP 401"), CredentialsError),
            (Outcome("forbidden"), StoreError),
            (Outcome("refused", "HTTP 400"), StoreError),
        ],
    )
    def test_every_refusal_is_an_error_of_its_kind(self, outcome: Outcome, error: type) -> None:
        raised = refusal_error(outcome, "The service", now=100.0)
        assert type(raised) is error
        assert "The service" in raised.happened
        if isinstance(raised, ParkedError):
            assert raised.resume_at == 100.0 + wait_seconds(outcome)


class TestRetries:
    @given(jitter=st.floats(0, 1))
    def test_jitter_shortens_a_pause_by_a_half_at_most(self, jitter: float) -> None:
        policy = RetryPolicy(attempts_max=4, first_pause_seconds=0.5, jitter=lambda: jitter)
        assert 0.25 <= (policy.pause_seconds(1) or 0.0) <= 0.5

    def test_pauses_double_until_no_attempt_is_left(self) -> None:
        policy = RetryPolicy(attempts_max=4, first_pause_seconds=0.5, jitter=lambda: 0.0)
        assert [policy.pause_seconds(n) for n in range(1, 5)] == [0.5, 1.0, 2.0, None]

    def test_a_download_that_begins_elsewhere_is_begun_anew(self, tmp_path, monkeypatch) -> None:
        """A server that answers a Range with other bytes would leave a file of two halves."""
        monkeypatch.setattr(resumable_download, "RETRIES", QUICK)
        body = bytes(range(256)) * 40

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            if "Range" not in request.headers:
                return web.Response(body=body, headers={"ETag": '"1"'})
            content_range = f"bytes 7-{len(body) - 1}/{len(body)}"
            return web.Response(
                status=206, body=body[7:], headers={"ETag": '"1"', "Content-Range": content_range}
            )

        async def work() -> bytes:
            target = tmp_path / "file"
            target.with_name("file.part").write_bytes(body[:100])
            target.with_name("file.part.json").write_text('{"etag": "\\"1\\""}')
            async with (
                Server(handler) as server,
                ResumableDownloads(server.url, "test", lambda: 0.0) as downloads,
            ):
                assert await downloads.fetch("file", target, None)
                assert downloads.requests == 2
            return target.read_bytes()

        assert run(work()) == body


class Scripted:
    """A sender of files whose results are given, the last one for ever."""

    def __init__(self, *results: StoredFile | Outcome) -> None:
        self.results, self.requests = list(results), 0

    async def fetch(self, url: str, role: str) -> StoredFile | Outcome:
        self.requests += 1
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


FILE = StoredFile(path="media/aa/a.png", sha256="a", bytes=1, content_type="image/png")
DOWN = Outcome("unavailable", "HTTP 500")


class TestComposedSenders:
    def composed(self, *results: StoredFile | Outcome) -> tuple[Scripted, RunState, RetryingSender]:
        sender, state = Scripted(*results), RunState()
        limiter = Limiter([], Clock(), backoff=Backoff(lambda: 0.0))
        limited = LimitedSender(sender, limiter, Clock(), state)
        return sender, state, RetryingSender(limited, QUICK)

    @pytest.mark.parametrize(
        ("results", "requests", "last"),
        [
            ([FILE], 1, FILE),
            ([DOWN, FILE], 2, FILE),
            ([DOWN], 3, DOWN),
            ([Outcome("missing", "HTTP 404")], 1, Outcome("missing", "HTTP 404")),
            ([Outcome("throttled", "HTTP 429", 0.0), FILE], 2, FILE),
        ],
    )
    def test_only_what_may_succeed_later_is_repeated(self, results, requests, last) -> None:
        sender, _, retrying = self.composed(*results)
        assert run(retrying.fetch("http://x/a", "artwork")) == last
        assert sender.requests == requests

    @pytest.mark.parametrize(
        "outcome", [Outcome("bot_wall", "a challenge"), Outcome("throttled", "HTTP 429", 3600.0)]
    )
    def test_a_wall_and_a_parking_end_the_run(self, outcome: Outcome) -> None:
        sender, _, retrying = self.composed(outcome, FILE)

        async def work() -> list[str]:
            results = [await retrying.fetch("http://x/a", "artwork") for _ in range(3)]
            return [result.verdict for result in results if isinstance(result, Outcome)]

        assert run(work()) == [outcome.verdict, "unavailable", "unavailable"]
        assert sender.requests == 1

    def test_twenty_failures_in_a_row_end_the_run(self) -> None:
        sender, state, retrying = self.composed(DOWN)

        async def work() -> None:
            for _ in range(40):
                await retrying.fetch("http://x/a", "artwork")

        run(work())
        assert state.is_stopped
        assert sender.requests == 20

    def test_an_interrupt_ends_the_wait_for_the_limiter(self) -> None:
        sender, state = Scripted(FILE), RunState()
        limiter = Limiter([], Clock())
        limiter.on_rejected(30.0, False, 0.0)

        async def work() -> StoredFile | Outcome:
            asyncio.get_running_loop().call_later(0.05, state.stop)
            return await LimitedSender(sender, limiter, Clock(), state).fetch("http://x/a", "x")

        assert run(asyncio.wait_for(work(), 5)) == Outcome("unavailable", "stopped")
        assert sender.requests == 0
