"""Open the frontiers in a data folder: one file for each source."""

from __future__ import annotations

from pathlib import Path

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.sqlite.store import SqliteStore


def open_frontier(path: Path) -> Frontier:
    """Open a frontier file, or create it. StoreError when it cannot be read or written."""
    return Frontier(SqliteStore(path))
