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

from phonofilm.sandbox.kernel.delivery import deliver
from phonofilm.sandbox.kernel.faults.rules import Faults, Rule
from phonofilm.sandbox.kernel.service import (
    Clock,
    HttpRequest,
    HttpResponse,
    Service,
    json_response,
)
from phonofilm.sandbox.services.beatport.service import BeatportService
from phonofilm.sandbox.services.deezer.service import DeezerService
from phonofilm.sandbox.services.imdb.service import ImdbService
from phonofilm.sandbox.services.itunes.service import ItunesService
from phonofilm.sandbox.services.jamendo.service import JamendoService
from phonofilm.sandbox.services.listenbrainz.service import ListenBrainzService
from phonofilm.sandbox.services.musicbrainz.service import MusicBrainzService
from phonofilm.sandbox.services.reccobeats.service import ReccoBeatsService
from phonofilm.sandbox.services.soundcloud.service import SoundCloudService
from phonofilm.sandbox.services.spotify.service import SpotifyService
from phonofilm.sandbox.services.tmdb.service import TmdbService
from phonofilm.sandbox.services.wikidata.service import WikidataService
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sandbox.worlds.real_songs import RealSongs
from phonofilm.sandbox.worlds.world import Catalogue, World


class Plan(NamedTuple):
    """Configuration of a stand-in; `catalogue` is a CSV of real songs instead of a generated world.

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
    "musicbrainz": _Kind(MusicBrainzService, "open", "1/1s"),
    "listenbrainz": _Kind(ListenBrainzService, "open", "30/10s"),
    "reccobeats": _Kind(ReccoBeatsService, "open", "none"),
    "itunes": _Kind(ItunesService, "open", "20/60s"),
    "jamendo": _Kind(JamendoService, "free", "none"),
    "soundcloud": _Kind(SoundCloudService, "official", "none"),
    "beatport": _Kind(BeatportService, "token", "none"),
    "imdb": _Kind(ImdbService, "datasets", "none", film=True),
    "wikidata": _Kind(WikidataService, "open", "none", film=True),
    "tmdb": _Kind(TmdbService, "free", "40/1s", film=True),
}


MUSIC = tuple(name for name, kind in KINDS.items() if not kind.film)


class SandboxServer:
    """A service with its control pages under `/__sandbox__/`."""

    def __init__(
        self, plan: Plan, world: World | FilmWorld | None = None, clock: Clock | None = None
    ) -> None:
        if plan.source not in KINDS:
            raise ValueError(f"there are stand-ins of {', '.join(KINDS)}, not of {plan.source!r}")
        kind = KINDS[plan.source]
        self.clock = clock or Clock()
        self.addresses: dict[str, str] = {}
        self.world = world or make_world(plan)
        catalogue = self.world if isinstance(self.world, FilmWorld) else Catalogue(self.world)
        self.service: Service = kind.service(
            catalogue, plan.access or kind.access, self.clock, plan.rate or kind.rate, plan.quota
        )
        self.faults = _faults(plan.faults)
        self.calls: dict[str, Counter[int]] = defaultdict(Counter)

    def describe(self, base: str) -> dict[str, Any]:
        """Return what the server prints when it is ready: address, source, access, world."""
        service = self.service
        return {
            "url": base,
            "source": service.name,
            "access": service.access,
            "world": self.world.name,
            "now": self.clock.now(),
            **({"beside": self.addresses} if self.addresses else {}),
        }

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to a request and count it."""
        if request.path.startswith("/__sandbox__"):
            return self._control(request)
        answer = self.faults.meet(self.service.respond(request), request, self.clock)
        self.calls[answer.endpoint][answer.status] += 1
        return answer

    def _control(self, request: HttpRequest) -> HttpResponse:
        page = request.path.removeprefix("/__sandbox__").strip("/")
        if page == "truth":
            return json_response("", self._truth(request.query))
        if page == "graph" and isinstance(self.service, WikidataService):
            body = "\n".join(self.service.triples()).encode()
            return HttpResponse("", 200, body, {"Content-Type": "application/n-triples"})
        if page == "stats":
            return json_response("", {"calls": self._stats(), "faults": self.faults.played()})
        if page == "clock" and request.method == "POST":
            seconds = request.query.get("advance", "0")
            if seconds.isascii() and seconds.isdecimal():
                self.clock.skipped += int(seconds)
        return json_response("", self.describe(request.base))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its record in the world."""
        if hasattr(self.service, "true_ids"):
            numbers: dict[str, int] = self.service.true_ids(kind)
            return numbers
        ids = enumerate(self.service.ids(kind))
        if kind == "tracks" and not isinstance(self.world, FilmWorld):
            return {key: self.world.track(index).recording for index, key in ids}
        return {key: index for index, key in ids}

    def _truth(self, query: dict[str, str]) -> Any:
        same, kind, rows = query.get("same"), query.get("ids"), query.get("rows")
        if same in self.world.counts:
            return {"same": self.true_ids(same)}
        if kind in self.world.counts or kind in self.service.visible():
            return {"ids": self.service.ids(kind)}
        if rows and hasattr(self.service, "rows"):
            return {"rows": self.service.rows(rows)}
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
    """Build the world of a plan: its film side for sources of film."""
    if KINDS[plan.source].film:
        return FilmWorld(plan.titles, plan.seed)
    return RealSongs(plan.catalogue) if plan.catalogue else GeneratedWorld(plan.artists, plan.seed)


async def start(stand_in: SandboxServer, port: int) -> tuple[web.ServerRunner, str]:
    """Serve on loopback; return the runner to clean up and the address."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.rstrip("/") or "/"
        body = await request.read() if request.method == "POST" else b""
        every = {name: request.query.getall(name) for name in request.query}
        http_request = HttpRequest(
            request.method, path, dict(request.query), request.headers, body, base, every
        )
        return await deliver(request, stand_in.respond(http_request))

    base = ""
    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner, base


async def serve(plan: Plan, port: int) -> None:
    """Serve until SIGTERM or SIGINT; print one line of JSON when ready."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    stand_ins = start_all(plan)
    started = [await start(server, port if n == 0 else 0) for n, server in enumerate(stand_ins)]
    link_servers(stand_ins, [base for _, base in started])
    print(json.dumps(stand_ins[0].describe(started[0][1])), flush=True)
    await stopped.wait()
    for runner, _ in started:
        await runner.cleanup()


def start_all(plan: Plan) -> list[SandboxServer]:
    """Create the servers of a plan, over one world and one clock.

    Sources are separated by commas, or `all` for those of music.

    The access level and faults are those of the first.
    """
    names = list(MUSIC) if plan.source == "all" else plan.source.split(",")
    if len(names) == 1:
        return [SandboxServer(plan)]
    world, clock = make_world(plan._replace(source=names[0])), Clock()
    servers = [SandboxServer(plan._replace(source=names[0]), world, clock)]
    for name in names[1:]:
        if name not in KINDS or KINDS[name].film != KINDS[names[0]].film:
            raise ValueError(f"{name!r} is no stand-in over the same world")
        other = plan._replace(source=name, access="", faults=None, quota="none")
        servers.append(SandboxServer(other, world, clock))
    return servers


def link_servers(stand_ins: Sequence[SandboxServer], bases: Sequence[str]) -> None:
    """Give each server the addresses of all."""
    if len(stand_ins) > 1:
        names = [server.service.name for server in stand_ins]
        addresses = dict(zip(names, bases, strict=True))
        for server in stand_ins:
            server.addresses = addresses


@contextlib.contextmanager
def running(
    plan: Plan, world: World | FilmWorld | None = None
) -> Iterator[tuple[str, SandboxServer]]:
    """Serve a plan in a thread of this process; yield its URL and its server.

    `with running(Plan("deezer")) as (url, server):`
    """
    ready: list[Any] = []
    up, loop = threading.Event(), asyncio.new_event_loop()
    stand_in = SandboxServer(plan, world)

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
