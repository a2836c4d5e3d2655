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

from benchmarks.tables import table
from phonofilm.crawl.frontier import Frontier

BATCH = 50
KNOWN = 2_000_000


def grow(frontier: Frontier, start: int, count: int) -> float:
    """Meets `count` new artists in answers of fifty, each committed; keys a second."""
    began = time.perf_counter()
    for first in range(start, start + count, BATCH):
        frontier.meet(
            "artist",
            ((f"{n * 2_654_435_761 % 2**64:022d}", 2, True) for n in range(first, first + BATCH)),
        )
        frontier.commit()
    return count / (time.perf_counter() - began)


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    before = memory_mb()
    frontier = Frontier(folder / "bench.sqlite")
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
    again = Frontier(folder / "bench.sqlite")
    opened = time.perf_counter() - began
    assert len(again) == at + 100_000, len(again)
    again.close()
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
        ],
    )


if __name__ == "__main__":
    main()
