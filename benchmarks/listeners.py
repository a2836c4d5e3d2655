"""Comments, files and calls of SoundCloud against bare loops and the fewest calls, in one run.

python -m benchmarks.listeners [PAGES] [FILES] [ROUNDS]
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from benchmarks.tables import table
from phonofilm.config import Settings
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Named
from phonofilm.crawl.session import CrawlOptions, crawl
from phonofilm.findings import Findings
from phonofilm.landing.envelope import RunInfo
from phonofilm.media.downloads import DownloadContext, MediaDownloads
from phonofilm.media.fetcher import Fetcher
from phonofilm.media.senders import LimitedSender, RetryingSender, RunState
from phonofilm.net.clock import Clock
from phonofilm.net.http_client import UNCOMPRESSED, ClientOptions, HttpClient
from phonofilm.net.limiter import Limiter
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.sources import get
from phonofilm.sources.contract import Link
from phonofilm.sources.media import MediaRef
from phonofilm.sources.soundcloud.parse import _Comments
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace

CONNECTIONS = 16
PER_PAGE, PAGES_A_TRACK = 200, 4
FILE_BYTES = 40_000


def _page() -> bytes:
    """A page in the official shape, 148 KB; `BBBBBBBB` stands for where its ids begin."""
    rows = [
        {
            "kind": "comment",
            "urn": f"soundcloud:comments:BBBBBBBB{n:03d}",
            "body": "this drop 🔥 is what I came for, who else?\r\n" * (1 + n % 2),
            "created_at": "2024/09/01 17:45:16 +0000",
            "timestamp": n * 900,
            "track_urn": "soundcloud:tracks:7",
            "user_urn": f"soundcloud:users:BBBBBBBB{n:03d}",
            "uri": f"https://api.soundcloud.com/comments/soundcloud:comments:BBBBBBBB{n:03d}",
            "user": {
                "avatar_url": "https://i1.sndcdn.com/avatars-000004193858-jnf2pd-large.jpg",
                "urn": f"soundcloud:users:BBBBBBBB{n:03d}",
                "kind": "user",
                "permalink_url": f"https://soundcloud.com/listener-{n}",
                "permalink": f"listener-BBBBBBBB{n:03d}",
                "uri": f"https://api.soundcloud.com/users/soundcloud:users:{10_000 + n * 37}",
                "username": f"Listener BBBBBBBB{n:03d}",
                "followers_count": n,
                "followings_count": n,
                "last_modified": "2011/06/13 23:58:44 +0000",
            },
        }
        for n in range(PER_PAGE)
    ]
    return msgspec.json.encode({"collection": rows, "next_href": "NNNN"})


async def serve() -> None:
    """Comments in chains of pages, and files; prints its port."""
    page, stuff = _page(), hashlib.shake_128(b"noise").digest(FILE_BYTES)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        parts = request.path.split("/")
        if parts[1] == "file":
            head = b"\x89PNG\r\n\x1a\n" + f"{parts[2]:>12}".encode()
            return web.Response(body=head + stuff[len(head) :], content_type="image/png")
        if parts[1] == "__sandbox__":
            told = {
                "source": "soundcloud",
                "access": "official",
                "world": "static",
                "now": time.time(),
            }
            return web.json_response(told)
        if request.path == "/api/token":
            return web.json_response({"access_token": "sandbox-x", "expires_in": 3600})
        track, at = (
            int(parts[2].rsplit(":", 1)[-1].replace("%3A", "")),
            int(request.query.get("cursor", "0")),
        )
        body = page.replace(b"BBBBBBBB", b"%08d" % (track * 10 + at))
        last = at + 1 == PAGES_A_TRACK
        link = (
            b"null"
            if last
            else b'"http://%s%s?cursor=%d"' % (request.host.encode(), request.path.encode(), at + 1)
        )
        return web.Response(body=body.replace(b'"NNNN"', link), content_type="application/json")

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


@contextlib.contextmanager
def server() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.listeners", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


async def bare_comments(url: str, tracks: int, typed: bool = False) -> None:
    """aiohttp + uvloop, every page read, every link followed, nothing kept.

    With its own `.json()` it is what a client does; `typed` by msgspec it is the limit.
    """
    todo = iter(range(1, tracks + 1))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as opened:

        async def work() -> None:
            for track in todo:
                href: str | None = f"{url}/tracks/soundcloud:tracks:{track}/comments?limit=200"
                while href:
                    async with opened.get(href) as answer:
                        if typed:
                            page = msgspec.json.decode(await answer.read(), type=_Comments)
                            href = page.next_href
                        else:
                            href = (await answer.json())["next_href"]

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


def our_comments(url: str, tracks: int, root: Path) -> None:
    """Names hashed, landed, in the frontier, sealed."""
    scope = Named([Link("track", str(track)) for track in range(1, tracks + 1)], False)
    goal = Goal({"comment": None})
    options = CrawlOptions("soundcloud", goal, scope, at=url, workers=CONNECTIONS)
    result = run(crawl(Workspace(root), Settings(), options))
    assert result.records["comments"]["full"] == tracks * PAGES_A_TRACK * PER_PAGE, result


async def bare_files(url: str, files: int, root: Path) -> None:
    """aiohttp + uvloop, each file written: the limit."""
    todo = iter(range(files))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as opened:

        async def work() -> None:
            for number in todo:
                async with opened.get(f"{url}/file/{number}") as answer:
                    (root / f"{number}.png").write_bytes(await answer.read())

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


async def our_files(url: str, files: int, root: Path) -> None:
    """Types and sizes checked, hashed, renamed into place, a row each, landed and sealed."""
    folder, source = Workspace(root), get("soundcloud")
    folder.open()
    frontier = open_frontier(folder.frontier / "soundcloud.sqlite")
    writer = ResponseWriter(
        workspace=folder,
        frontier=frontier,
        manifest=source.manifest,
        run_info=RunInfo("soundcloud", "official", "terms", "run-1"),
        clock=Clock(),
        names=None,
        workers=CONNECTIONS,
    )
    wishes = {
        f"{url}/file/{n}": [
            MediaRef("track", str(n), "artwork", f"{url}/file/{n}", "cc-by", "page")
        ]
        for n in range(files)
    }
    async with HttpClient(ClientOptions(connections=CONNECTIONS, headers=UNCOMPRESSED)) as client:
        state = RunState()
        fetcher = Fetcher(root, client, lambda host: True)
        limited = LimitedSender(fetcher, Limiter([], Clock()), Clock(), state)
        context = DownloadContext(
            sender=RetryingSender(limited),
            frontier=frontier,
            writer=writer,
            state=state,
            findings=Findings(),
            run="run-1",
            root=root,
        )
        result = await MediaDownloads(context).run(wishes, CONNECTIONS)
        await writer.finish()
    frontier.close()
    assert result.files == files, result


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp())
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def comments(url: str, pages: int, rounds: int) -> list[tuple[object, ...]]:
    tracks = pages // PAGES_A_TRACK
    ratios, limits, rates = [], [], []
    run(bare_comments(url, tracks // 4))
    for _ in range(rounds):
        limit = timed(lambda: run(bare_comments(url, tracks, typed=True)))
        client = timed(lambda: run(bare_comments(url, tracks)))
        with scratch() as root:
            mine = timed(lambda root=root: our_comments(url, tracks, root))
            took = timed(lambda root=root: load(Workspace(root)))
        ratios.append(client / mine)
        limits.append(limit / mine)
        rates.append(pages * PER_PAGE / took)
        told = (pages / limit, pages / client, pages / mine, rates[-1])
        print(
            "  pages/s: limit {:,.0f}, client {:,.0f}, ours {:,.0f}; {:,.0f} rows/s".format(*told)
        )
    return [
        ("comments landed and parsed, of a bare client", statistics.median(ratios), "0.25"),
        ("the same, of a loop that decodes by type", statistics.median(limits), ""),
        ("comments loaded, rows/s", statistics.median(rates), "150,000"),
    ]


def files(url: str, number: int, rounds: int) -> list[tuple[object, ...]]:
    ratios = []
    with scratch() as root:
        run(bare_files(url, number // 5, root))
    for _ in range(rounds):
        with scratch() as root:
            limit = timed(lambda root=root: run(bare_files(url, number, root)))
        with scratch() as root:
            mine = timed(lambda root=root: run(our_files(url, number, root)))
        ratios.append(limit / mine)
        print(f"  files: bare {number / limit:,.0f}/s, ours {number / mine:,.0f}/s", flush=True)
    return [("files, of a bare loop that writes each", statistics.median(ratios), "0.70")]


def calls() -> list[tuple[object, ...]]:
    """An artist with 300 tracks and 20,000 comments, as unevenly as listeners are."""
    with running(Plan("soundcloud", artists=40)) as (url, served), scratch() as root:
        listening = served.service.listening
        counts = {upload: int(20_000 * 0.992**n * 0.0088) for n, upload in enumerate(range(300))}
        listening.uploads_of = lambda artist: list(range(300)) if artist == 0 else []
        listening.count = lambda upload: counts.get(upload, 0)
        listening.exists = lambda upload: upload in counts
        readable = served.service.objects
        readable.access = lambda upload: "playable"
        readable.hides_comments = readable.hides_figures = lambda upload: False
        name = served.world.artist(0).name
        scope = Named([Link("artist_query", name)], False)
        options = CrawlOptions("soundcloud", Goal({"comment": None}), scope, at=url, workers=4)
        result = run(crawl(Workspace(root), Settings(), options))
        least = 1 + math.ceil(300 / 200) + sum(math.ceil(n / 200) for n in counts.values())
        assert result.records["comments"]["full"] == sum(counts.values()), result
        print(f"  calls: {result.calls} of {least} at least, {sum(counts.values()):,} comments")
        return [("calls for an artist, of the fewest", result.calls / least, "1.05")]


def main() -> None:
    pages, number, rounds = (int(text) for text in (*sys.argv[1:], "2000", "5000", "5")[:3])
    with server() as url:
        rows = [*comments(url, pages, rounds), *files(url, number, rounds)]
    rows += calls()
    names = ("what", "figure", "wanted")
    table("Listeners", names, [(w, f"{f:,.2f}", t) for w, f, t in rows])


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve())
    else:
        main()
