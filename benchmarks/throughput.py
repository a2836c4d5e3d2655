"""Durable crawl against a bare loop and against Scrapy, on the same pages, in one run.

python -m benchmarks.throughput [PAGES] [ROUNDS]
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.tables import table
from phonofilm.config import Settings
from phonofilm.crawl.frontier.levels import FOLLOWED
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything
from phonofilm.crawl.session import crawl
from phonofilm.runtime.event_loop import run
from phonofilm.sources.contract import Link
from phonofilm.sources.spotify import api_types
from phonofilm.workspace import Workspace

CONNECTIONS = 16


class Pages(Everything):
    """So many lists, one page each."""

    def __init__(self, count: int) -> None:
        self.count = count

    def seeds(self, source: object, access: str) -> list[Link]:
        return [Link("genre", f"page-{number}") for number in range(self.count)]

    def link_level(self, link: Link) -> int:
        return FOLLOWED if link.id.startswith("page-") else 0


@contextlib.contextmanager
def server(pages: int) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.static_server", str(pages)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


async def bare(url: str, pages: int) -> None:
    """aiohttp + uvloop + msgspec, nothing kept: the limit."""
    todo = iter(range(pages))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def work() -> None:
            for number in todo:
                query = {"q": f'genre:"page-{number}"', "type": "artist", "limit": "50"}
                async with session.get(url + "/v1/search", params=query) as answer:
                    msgspec.json.decode(await answer.read(), type=api_types.ArtistSearch)

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


def ours(url: str, pages: int) -> None:
    """Everything on: landed, in the frontier, sealed."""
    folder = Path(tempfile.mkdtemp())
    try:
        goal = Goal({"artist": None}, max_calls=pages)
        options = CrawlOptions("spotify", goal, Pages(pages), at=url, workers=CONNECTIONS)
        result = run(crawl(Workspace(folder / "data"), Settings(), options))
        held = result.records["artists"]["full"]
        # Now and then the planner looks whether another kind of call brings more; here none does.
        lists = result.calls_by_endpoint["genre_artists"]
        if held != lists * 50 or result.calls != pages or lists < 0.99 * pages:
            raise SystemExit(
                f"{held} artists of {pages * 50} in {result.calls} calls: {result.findings}"
            )
    finally:
        shutil.rmtree(folder)


def scrapy(url: str, pages: int) -> float | None:
    """Scrapy yielding the same items to a CSV feed; its own process, start-up not counted."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scrapy_peer", url, str(pages)],
        capture_output=True,
        text=True,
        check=False,
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 and done.stdout.strip() else None


def timed(work: object) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    rates: dict[str, list[float]] = {"bare": [], "ours": [], "scrapy": []}
    for _ in range(rounds):
        with server(pages) as url:
            rates["bare"].append(pages / timed(lambda: run(bare(url, pages))))
            rates["ours"].append(pages / timed(lambda: ours(url, pages)))
            fewer = max(200, pages // 10)
            seconds = scrapy(url, fewer)
            if seconds:
                rates["scrapy"].append(fewer / seconds)
    rows = []
    for name, held in rates.items():
        if held:
            ratio = statistics.median(o / h for o, h in zip(rates["ours"], held, strict=False))
            rows.append(
                (
                    name,
                    f"{statistics.median(held):,.0f}",
                    f"{min(held):,.0f}-{max(held):,.0f}",
                    f"{ratio:.2f}",
                )
            )
    table(
        f"Durable crawl, {pages} pages of 50 artists, {CONNECTIONS} connections, {rounds} rounds",
        ("", "pages/s (median)", "range", "ours / this"),
        rows,
    )


if __name__ == "__main__":
    main()
