"""The collaborators of one crawl, given to the engine and its parts."""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.planner.base import Scheduler
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.replay import Replay
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.net.base import Authenticator, Sender
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.sources.http import HttpSource


class CrawlContext(NamedTuple):
    """Collaborators and settings of one crawl of one source.

    `run` is the id of the run. `drift_share` is the share of records (0 to 1) that may lack a
    promised field. With `elsewhere`, requests that another host answers go there.
    """

    source: HttpSource
    access: str
    goal: Goal
    scope: Scope
    frontier: Frontier
    planner: Scheduler
    replay: Replay
    limiter: Limiter
    sender: Sender
    tokens: Authenticator
    writer: ResponseWriter
    clock: Clock
    run: str
    drift_share: float = 0.5
    elsewhere: bool = False
