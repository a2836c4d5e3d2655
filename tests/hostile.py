"""A server that says it is a sandbox and then answers as a test tells it to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from aiohttp import web

Answer = Callable[["Hostile", web.BaseRequest], Awaitable[web.StreamResponse]]


class Hostile:
    """Runs in a thread of its own; `calls` are the paths that were asked."""

    def __init__(self, answer: Answer, source: str = "deezer", access: str = "open") -> None:
        self.calls: list[str] = []
        self.url = ""
        self._answer, self._source, self._access = answer, source, access
        self._loop = asyncio.new_event_loop()
        up = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(up,), daemon=True)
        self._thread.start()
        up.wait()

    def _run(self, up: threading.Event) -> None:
        self._loop.run_until_complete(self._start())
        up.set()
        self._loop.run_forever()
        self._loop.close()

    async def _start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._handle))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith("/__sandbox__"):
            told = {"source": self._source, "access": self._access, "world": "hostile"}
            return web.json_response(told | {"now": time.time()})
        self.calls.append(request.path_qs)
        return await self._answer(self, request)

    def close(self) -> None:
        """Stops serving and ends the thread."""
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.fixture
def hostile() -> Iterator[Callable[..., Hostile]]:
    """Starts such servers; they end with the test."""
    opened: list[Hostile] = []

    def start(answer: Answer, source: str = "deezer", access: str = "open") -> Hostile:
        opened.append(Hostile(answer, source, access))
        return opened[-1]

    yield start
    for server in opened:
        server.close()
