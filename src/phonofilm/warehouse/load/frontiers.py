"""The databases of crawls, as far as a load reads them: logs to seal, and results of runs.

Nothing else in the warehouse imports the crawl.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import NamedTuple

from phonofilm.crawl.frontier.database import FrontierDatabase
from phonofilm.crawl.responses.writer import seal_waiting
from phonofilm.sources import source_names
from phonofilm.timestamps import naive_utc
from phonofilm.workspace import Workspace


class CrawlRun(NamedTuple):
    """One crawl and its result as JSON; `started` is naive UTC."""

    source: str
    id: str
    started: datetime
    result: str


def _databases(workspace: Workspace) -> Iterator[tuple[str, FrontierDatabase]]:
    for source in source_names():
        path = workspace.frontier / f"{source}.sqlite"
        if path.exists():
            with closing(FrontierDatabase(path)) as database:
                yield source, database


def seal_all(workspace: Workspace) -> None:
    """Seal all responses that are still in logs into segments."""
    for source, database in _databases(workspace):
        seal_waiting(workspace, database, source)


def crawl_runs(workspace: Workspace) -> Iterator[CrawlRun]:
    """Yield all crawls of a data folder."""
    for source, database in _databases(workspace):
        for run, started_seconds, result in database.runs():
            started = naive_utc(int(started_seconds * 1e6))
            yield CrawlRun(source=source, id=run, started=started, result=result)
