"""What the engine asks of whoever chooses the next call."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from phonofilm.crawl.frontier.base import Task
from phonofilm.crawl.intervals import Range
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.sources.contract import Request


class ListsGivenUp(NamedTuple):
    """Lists of one endpoint that were left before their end; a later run goes on with them.

    `items` are announced (one where no number is) and were on no page that was read; `new_share`
    of them is expected to be new, by the pages that were read.
    """

    endpoint: str
    kind: str
    lists: int
    items: int
    new_share: float
    requests_without_gain: int

    def __str__(self) -> str:
        """Say it as a finding does."""
        return (
            f"{self.endpoint}: {self.lists} lists left after {self.requests_without_gain} requests"
            f" without gain; they announce {self.items} more items"
        )


class Scheduler(Protocol):
    """A planner, or a list of errands. `counted` and `wanted` are kinds."""

    satisfied: set[str]
    quota_blocked: bool
    quota_weight: Callable[[str], float | None]
    uniform_quota: bool

    @property
    def counted(self) -> frozenset[str]: ...
    @property
    def wanted(self) -> tuple[str, ...]: ...
    @property
    def follows_all(self) -> bool: ...
    def next(self) -> Task | None: ...
    def learn(self, ask: Task, gain: float, met: dict[str, int], items: int = 0) -> None: ...
    def set_list_total(self, ask: Task, total: int | None) -> None: ...
    def add_list_members(self, kind: str, node: int, number: int = 1) -> None: ...
    def add_continuation(
        self, request: Request, row: int, node: int, total: int | None
    ) -> None: ...
    def set_list_size(self, endpoint: str, node: int, number: int) -> None: ...
    def drop(self, endpoint: str) -> None: ...
    def open_requests(self, kind: str) -> tuple[int, bool]: ...
    def expected_more(self, kind: str, unknown: dict[str, Range]) -> Range: ...
    def abandon_list(self, request: Request, node: int, total: int | None) -> None: ...
    def lists_given_up(self) -> list[ListsGivenUp]: ...
    def yields(self) -> list[QueueYield]: ...
