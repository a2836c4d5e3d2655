"""New keys into the frontier: at two million known against ten thousand, in one run.

python -m benchmarks.frontier
"""

from __future__ import annotations

import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.tables import table
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import ANSWERED
from phonofilm.crawl.planner.planner import Planner
from phonofilm.crawl.planner.relevance import GoalEndpoints
from phonofilm.crawl.responses.recorder import ResponseRecorder
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything
from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response

BATCH = 50
KNOWN = 2_000_000


def grow(frontier: Frontier, start: int, count: int) -> float:
    """Meets `count` new artists in answers of fifty, each committed; keys a second."""
    began = time.perf_counter()
    for first in range(start, start + count, BATCH):
        frontier.add_nodes(
            "artist",
            ((f"{n * 2_654_435_761 % 2**64:022d}", 2, True) for n in range(first, first + BATCH)),
        )
        frontier.commit()
    return count / (time.perf_counter() - began)


def body_of(first: int) -> bytes:
    """An answer of fifty new artists."""
    items = [
        {
            "id": f"{n * 2_654_435_761 % 2**64:022d}",
            "name": f"Artist {n}",
            "popularity": n % 100,
            "genres": [f"genre {n % 400}", f"genre {n * 7 % 400}"],
            "followers": {"total": n},
            "images": [],
            "external_urls": {"spotify": "x"},
        }
        for n in range(first, first + BATCH)
    ]
    page = {"items": items, "total": 1000, "limit": 50, "offset": 0, "next": None}
    return msgspec.json.encode({"artists": page})


class Crawl:
    """Everything an answer goes through but the network and the landing."""

    def __init__(self, path: Path) -> None:
        source, goal, scope = get("spotify"), Goal({"artist": None}), Everything()
        self.frontier = open_frontier(path)
        endpoints = GoalEndpoints(
            manifest=source.manifest, access="extended-legacy", goal=goal, scope=scope
        )
        self.planner = Planner(endpoints, self.frontier)
        self.reader = ResponseRecorder(
            source=source,
            access="extended-legacy",
            goal=goal,
            scope=scope,
            frontier=self.frontier,
            planner=self.planner,
        )
        self.frontier.add_nodes("genre", [(f"genre {n}", 2, True) for n in range(400)])
        self.met = 0

    def pages(self, count: int) -> tuple[float, float]:
        """Reads so many answers; pages a second, and the median microseconds of a choice."""
        bodies = [body_of(self.met + place * BATCH) for place in range(count)]
        self.met += count * BATCH
        choices, began = [], time.perf_counter()
        for body in bodies:
            start = time.perf_counter()
            ask = self.planner.next()
            choices.append(time.perf_counter() - start)
            ask = ask._replace(
                request=Request("genre_artists", ("genre 1",)), continuation_row=None
            )
            reading = self.reader.record(ask, Response(200, {}, body))
            self.frontier.settle(ask, ANSWERED, Response(200, {}, b""), 1, None)
            self.planner.learn(ask, reading.gain, reading.discovered, reading.items)
            self.frontier.commit()
        return count / (time.perf_counter() - began), statistics.median(choices) * 1e6


def whole(folder: Path) -> list[tuple[str, str]]:
    """Answers read and calls chosen, at ten thousand known and at two million."""
    crawl = Crawl(folder / "whole.sqlite")
    crawl.pages(200)
    small = [crawl.pages(200) for _ in range(5)]
    while crawl.met < KNOWN:
        crawl.pages(1000)
    large = [crawl.pages(200) for _ in range(5)]
    crawl.frontier.close()
    rate = [statistics.median(page for page, _ in held) for held in (small, large)]
    choice = [statistics.median(one for _, one in held) for held in (small, large)]
    return [
        ("answers of 50 read a second, 10 thousand known", f"{rate[0]:,.0f}"),
        ("answers of 50 read a second, 2 million known", f"{rate[1]:,.0f}"),
        ("ratio", f"{rate[1] / rate[0]:.2f}"),
        ("choosing the next call, microseconds, 10 thousand", f"{choice[0]:.0f}"),
        ("choosing the next call, microseconds, 2 million", f"{choice[1]:.0f}"),
        ("peak memory with planner and census, MB", f"{memory_mb():,.0f}"),
    ]


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    before = memory_mb()
    frontier = open_frontier(folder / "bench.sqlite")
    grow(frontier, 0, 10_000)
    small = [grow(frontier, 10_000 + n * 20_000, 20_000) for n in range(5)]
    at = 110_000
    while at < KNOWN:
        grow(frontier, at, 50_000)
        at += 50_000
    large = [grow(frontier, at + n * 20_000, 20_000) for n in range(5)]
    frontier.close()
    peak = memory_mb()
    began = time.perf_counter()
    again = open_frontier(folder / "bench.sqlite")
    opened = time.perf_counter() - began
    assert len(again) == at + 100_000, len(again)
    again.close()
    del again, frontier
    more = whole(folder)
    shutil.rmtree(folder)
    ratio = statistics.median(large) / statistics.median(small)
    table(
        "Frontier: new keys, each answer of 50 committed",
        ("", "value"),
        [
            ("keys/s at 10 thousand known", f"{statistics.median(small):,.0f}"),
            ("keys/s at 2 million known", f"{statistics.median(large):,.0f}"),
            ("ratio", f"{ratio:.2f}"),
            ("peak memory, MB", f"{peak:,.0f} (of which before: {before:,.0f})"),
            ("open again with 2.1 million keys, s", f"{opened:.1f}"),
            *more,
        ],
    )


if __name__ == "__main__":
    main()
