"""Options of one crawl."""

from __future__ import annotations

import msgspec

from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope


class CrawlOptions(msgspec.Struct):
    """Options of a crawl of one source.

    `at` is the address of a sandbox; None is the service itself. `fresh` forgets the frontier
    first, `wait` sleeps until a parked source may be asked again. With `planned_requests` these are
    made and nothing else. `media` are roles of files to fetch of followed records, after the crawl.
    """

    source: str
    goal: Goal
    scope: Scope
    at: str | None = None
    workers: int = 4
    fresh: bool = False
    wait: bool = False
    policy: str = "information"
    planned_requests: list[PlannedRequest] | None = None
    media: list[str] = []
