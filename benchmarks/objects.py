"""The crawl of benchmarks.throughput with its landing in S3, against the same beside the folder.

python -m benchmarks.objects [PAGES] [ROUNDS]
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.servers import seaweed

from benchmarks.tables import table
from benchmarks.throughput import CONNECTIONS, Pages, server
from phonofilm.config import Settings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.session import crawl
from phonofilm.runtime.event_loop import run
from phonofilm.workspace import Workspace


def crawled(url: str, pages: int, landing: str) -> float:
    """Seconds of the crawl until all of it is landed, there or here."""
    where = Path(tempfile.mkdtemp())
    try:
        folder = Workspace(where / "data", landing_url=landing, create=True)
        goal = Goal({"artist": None}, max_calls=pages)
        options = CrawlOptions("spotify", goal, Pages(pages), at=url, workers=CONNECTIONS)
        began = time.perf_counter()
        run(crawl(folder, Settings(), options))
        return time.perf_counter() - began
    finally:
        shutil.rmtree(where)


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    here, there = [], []
    with seaweed() as store:
        os.environ |= store.store.environment
        for number in range(rounds):
            with server(pages) as url:
                here.append(crawled(url, pages, ""))
                there.append(crawled(url, pages, f"s3://bench/{number}"))
    ratio = statistics.median(a / b for a, b in zip(here, there, strict=True))
    table(
        f"{pages:,} pages crawled and landed, {rounds} rounds",
        ("landing", "pages/s (median)", "of the local one"),
        [
            ("beside the folder", f"{pages / statistics.median(here):,.0f}", "1.00"),
            (
                "S3 (SeaweedFS on this machine)",
                f"{pages / statistics.median(there):,.0f}",
                f"{ratio:.2f}",
            ),
        ],
    )


if __name__ == "__main__":
    main()
