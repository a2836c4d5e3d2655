"""What an engine is made of: who sends, who knows the key, who keeps."""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.crawl.planner.base import Scheduler
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.net.base import Sender, Tokens
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.sources.http import HttpSource


class Retry(NamedTuple):
    """An ask that waits for another try, not before a moment (steady seconds)."""

    not_before: float
    tries: int
    ask: Task


class CrawlContext(NamedTuple):
    """What an engine is made of."""

    source: HttpSource
    access: str
    goal: Goal
    scope: Scope
    frontier: Frontier
    planner: Scheduler
    limiter: Limiter
    sender: Sender
    tokens: Tokens
    writer: ResponseWriter
    clock: Clock
    run: str
    drift_share: float = 0.5
    elsewhere: bool = False
