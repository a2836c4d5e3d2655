"""A stand-in on a port: one process, one source, one world, its clock and its counts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from phonofilm.sandbox.deezer.service import DeezerService
from phonofilm.sandbox.delivery import deliver
from phonofilm.sandbox.faults.rules import Faults, Rule
from phonofilm.sandbox.film import FilmWorld
from phonofilm.sandbox.generated import GeneratedWorld
from phonofilm.sandbox.imdb.service import ImdbService
from phonofilm.sandbox.realsongs import RealSongs
from phonofilm.sandbox.service import Answer, Ask, Clock, Service, json_answer
from phonofilm.sandbox.spotify.service import SpotifyService
from phonofilm.sandbox.tmdb.service import TmdbService
from phonofilm.sandbox.wikidata.service import WikidataService
from phonofilm.sandbox.world import Catalogue, World


class Plan(NamedTuple):
    """What to stand in for; `catalogue` is a CSV of real songs instead of a generated world.

    `faults` are rules, or a file of them.
    """

    source: str
    access: str = ""
    artists: int = 3000
    seed: int = 7
    rate: str = ""
    quota: str = "none"
    catalogue: Path | None = None
    faults: Path | Sequence[Rule] | None = None
    titles: int = 3000


class _Kind(NamedTuple):
    service: Any
    access: str
    rate: str
    film: bool = False


KINDS = {
    "spotify": _Kind(SpotifyService, "development", "none"),
    # 50 calls in 5 s is Deezer's published limit.
    "deezer": _Kind(DeezerService, "open", "50/5s"),
    "imdb": _Kind(ImdbService, "datasets", "none", film=True),
    "wikidata": _Kind(WikidataService, "open", "none", film=True),
    "tmdb": _Kind(TmdbService, "free", "40/1s", film=True),
}


class StandIn:
    """A service with its control pages under `/__sandbox__/`."""

    def __init__(self, plan: Plan, world: World | FilmWorld | None = None) -> None:
        if plan.source not in KINDS:
            raise ValueError(f"there are stand-ins of {', '.join(KINDS)}, not of {plan.source!r}")
        kind = KINDS[plan.source]
        self.clock = Clock()
        self.world = world or make_world(plan)
        held = self.world if isinstance(self.world, FilmWorld) else Catalogue(self.world)
        self.service: Service = kind.service(
            held, plan.access or kind.access, self.clock,
            plan.rate or kind.rate, plan.quota,
        )  # fmt: skip
        self.faults = _faults(plan.faults)
        self.calls: dict[str, Counter[int]] = defaultdict(Counter)

    def describe(self, base: str) -> dict[str, Any]:
        """What this is, as printed when it is ready."""
        service = self.service
        return {
            "url": base,
            "source": service.name,
            "access": service.access,
            "world": self.world.name,
            "now": self.clock.now(),
        }

    def answer(self, ask: Ask) -> Answer:
        """Answers a request and counts it."""
        if ask.path.startswith("/__sandbox__"):
            return self._control(ask)
        answer = self.faults.meet(self.service.answer(ask), ask, self.clock)
        self.calls[answer.endpoint][answer.status] += 1
        return answer

    def _control(self, ask: Ask) -> Answer:
        page = ask.path.removeprefix("/__sandbox__").strip("/")
        if page == "truth":
            return json_answer("", self._truth(ask.query.get("ids")))
        if page == "graph" and isinstance(self.service, WikidataService):
            body = "\n".join(self.service.triples()).encode()
            return Answer("", 200, body, {"Content-Type": "application/n-triples"})
        if page == "stats":
            return json_answer("", {"calls": self._stats(), "faults": self.faults.played()})
        if page == "clock" and ask.method == "POST":
            seconds = ask.query.get("advance", "0")
            if seconds.isascii() and seconds.isdecimal():
                self.clock.skipped += int(seconds)
        return json_answer("", self.describe(ask.base))

    def _truth(self, kind: str | None) -> Any:
        if kind in self.world.counts:
            return {"ids": self.service.ids(kind)}
        null_rows = getattr(self.world, "null_rows", 0)
        return self.world.counts | {"visible": self.service.visible(), "null_rows": null_rows}

    def _stats(self) -> dict[str, dict[str, int]]:
        return {
            endpoint: {str(status): n for status, n in counted.items()}
            for endpoint, counted in sorted(self.calls.items())
        }


def _faults(given: Path | Sequence[Rule] | None) -> Faults:
    if isinstance(given, Path):
        return Faults.read(given)
    return Faults(list(given or ()))


def make_world(plan: Plan) -> World | FilmWorld:
    """The world a plan names: its film side for sources of film."""
    if KINDS[plan.source].film:
        return FilmWorld(plan.titles, plan.seed)
    return RealSongs(plan.catalogue) if plan.catalogue else GeneratedWorld(plan.artists, plan.seed)


async def start(stand_in: StandIn, port: int) -> tuple[web.ServerRunner, str]:
    """Serves on loopback; returns the runner to clean up and the address."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.rstrip("/") or "/"
        body = await request.read() if request.method == "POST" else b""
        ask = Ask(request.method, path, dict(request.query), request.headers, body, base)
        return await deliver(request, stand_in.answer(ask))

    base = ""
    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner, base


async def serve(plan: Plan, port: int) -> None:
    """Serves until SIGTERM or SIGINT; prints one line of JSON when ready."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    stand_in = StandIn(plan)
    runner, base = await start(stand_in, port)
    print(json.dumps(stand_in.describe(base)), flush=True)
    await stopped.wait()
    await runner.cleanup()


@contextlib.contextmanager
def running(plan: Plan, world: World | FilmWorld | None = None) -> Iterator[tuple[str, StandIn]]:
    """A stand-in in a thread of this process: `with running(Plan("deezer")) as (url, stand_in)`."""
    ready: list[Any] = []
    up, loop = threading.Event(), asyncio.new_event_loop()
    stand_in = StandIn(plan, world)

    async def begin() -> None:
        ready.extend(await start(stand_in, 0))
        up.set()

    def run() -> None:
        loop.create_task(begin())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    up.wait()
    runner, base = ready
    try:
        yield base, stand_in
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
