"""Options of one crawl."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope


class CrawlOptions(msgspec.Struct):
    """Options of a crawl of one source.

    `at` is the address of a sandbox; None is the service itself. `fresh` forgets the frontier
    first; `refresh_days` reopens first what was answered longer ago than so many days. `wait`
    sleeps until a parked source may be asked again, or one that is away is back; `report` takes a
    sentence about such a pause. With `planned_requests` these are made and nothing else. `media`
    are roles of files to fetch of followed records, after the crawl.
    """

    source: str
    goal: Goal
    scope: Scope
    at: str | None = None
    workers: int = 4
    fresh: bool = False
    refresh_days: float | None = None
    wait: bool = False
    policy: str = "information"
    planned_requests: list[PlannedRequest] | None = None
    media: list[str] = []
    report: Callable[[str], None] = lambda _: None
