"""Results of crawls, which a load copies out of their frontiers.

Nothing else in the warehouse imports the crawl.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from phonofilm.crawl.frontier.sqlite.read_only import saved_runs
from phonofilm.sources import source_names
from phonofilm.timestamps import naive_utc
from phonofilm.workspace import Workspace


class CrawlRun(NamedTuple):
    """One crawl and its result as JSON; `started` is naive UTC."""

    source: str
    id: str
    started: datetime
    result: str


def crawl_runs(workspace: Workspace) -> Iterator[CrawlRun]:
    """Yield all crawls of a data folder."""
    for source in source_names():
        path = workspace.frontier / f"{source}.sqlite"
        if path.exists():
            yield from _runs(source, saved_runs(path))


def _runs(source: str, runs: Iterable[tuple[str, float, str]]) -> Iterator[CrawlRun]:
    for run, started_seconds, result in runs:
        started = naive_utc(int(started_seconds * 1e6))
        yield CrawlRun(source=source, id=run, started=started, result=result)
