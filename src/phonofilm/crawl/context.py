"""What an engine is made of: who sends, who knows the key, who keeps."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from phonofilm.crawl.frontier.database import Task
from phonofilm.crawl.frontier.sqlite import Frontier
from phonofilm.crawl.planner.base import Scheduler
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.crawl.scope.goal import Goal, Scope
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.net.transport import NoResponse
from phonofilm.sources.contract import HttpSource, Query, Response


class Sender(Protocol):
    """What sends a request and says what came back."""

    async def get(
        self, path: str, query: Query, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse: ...
    async def post(
        self, path: str, body: object, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse: ...


class Tokens(Protocol):
    """What knows the headers to send."""

    async def headers(self) -> dict[str, str]: ...
    async def renew(self, spent: dict[str, str]) -> bool: ...


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
