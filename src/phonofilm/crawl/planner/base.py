"""Contracts between the crawl and the scheduler of its requests.

A `Scheduler` chooses. Responses reach it by two ways: `learn` gets the gain of each, and the
`ListObserver` gets the sizes, members and next pages of lists. A `Forecast` estimates what is still
to be discovered. `Unobserved` and `NoForecast` are for schedulers that need neither.
"""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple, Protocol

from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.intervals import Range
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.sources.contract import Request

NOTHING = Range(0.0, 0.0, 0.0)


class Quota(Protocol):
    """Quotas of endpoints; the limiter is one."""

    @property
    def uniform_quota(self) -> bool:
        """True when every request weighs 1, so that none is ever blocked."""
        ...

    def quota_weight(self, endpoint: str) -> float | None:
        """Return the share of the scarcest quota that a request takes; None when it is spent."""
        ...


class Unlimited:
    """Quota of a source that limits no endpoint in particular."""

    uniform_quota = True

    def quota_weight(self, endpoint: str) -> float | None:
        """Return 1."""
        return 1.0


class ListsGivenUp(NamedTuple):
    """Lists of one endpoint that were left before their end; a later run goes on with them.

    `items` are announced (one where no number is) and were on no page that was read; `new_share`
    of them is expected to be new, by the pages that were read. `ended` lists have no further page:
    they gave less than they announced.
    """

    endpoint: str
    kind: str
    lists: int
    items: int
    new_share: float
    requests_without_gain: int
    ended: bool = False

    def __str__(self) -> str:
        """Return the text of the finding."""
        if self.ended:
            return f"{self.endpoint}: {self.items} items less than {self.lists} lists announce"
        return (
            f"{self.endpoint}: {self.lists} lists left after {self.requests_without_gain} requests"
            f" without gain; they announce {self.items} more items"
        )


class ListObserver(Protocol):
    """Observer of the lists in responses. A list is an endpoint with a node."""

    @property
    def counted_kinds(self) -> frozenset[str]:
        """Kinds of lists whose known members are counted."""
        ...

    def set_total(self, task: Task, total: int | None) -> None:
        """Set the total that a page announces for its list."""
        ...

    def set_size(self, endpoint: str, node: int, size: int) -> None:
        """Set the size that a record announces for a list of its own."""
        ...

    def add_members(self, kind: str, node: int, number: int) -> None:
        """Count new members of a list of a counted kind."""
        ...

    def add_continuation(self, request: Request, row: int, node: int, total: int | None) -> None:
        """Add the next page of a list, by its row in the frontier."""
        ...

    def abandon(self, request: Request, node: int, total: int | None) -> None:
        """Leave a list whose next page the pagination guard refused, because pages are empty."""
        ...


class Forecast(Protocol):
    """Expectations of a scheduler, as evidence on coverage."""

    @property
    def wanted_kinds(self) -> tuple[str, ...]:
        """Wanted kinds."""
        ...

    @property
    def follows_all(self) -> bool:
        """True when every discovered node is followed, not only named ones or those of a genre."""
        ...

    def open_requests(self, kind: str) -> tuple[int, bool]:
        """Return the open related requests of a kind, and whether any list of it is open."""
        ...

    def expected_more(self, kind: str, unknown: dict[str, Range]) -> Range:
        """Estimate new nodes of a kind, given the unknown nodes of the kinds that contain it."""
        ...

    def lists_given_up(self) -> list[ListsGivenUp]:
        """Return the lists that are left before their end, by endpoint."""
        ...


class Scheduler(Protocol):
    """Chooser of requests: a planner, or a worklist of planned requests."""

    @property
    def lists(self) -> ListObserver:
        """Observer of lists."""
        ...

    @property
    def forecast(self) -> Forecast:
        """Expectations."""
        ...

    @property
    def quota_blocked(self) -> bool:
        """True when the last choice left requests out, because their quota is spent."""
        ...

    def next(self) -> Task | None:
        """Return the next request; None when none is worth it, or all wait for responses."""
        ...

    def learn(self, task: Task, gain: float, discovered: dict[str, int], items: int = 0) -> None:
        """Learn from a response: its gain, its new nodes by kind, its number of items."""
        ...

    def set_satisfied(self, kinds: Set[str]) -> None:
        """Set the wanted kinds of which enough is collected."""
        ...

    def look_again(self) -> None:
        """Look for requests about nodes that are followed further without a response."""
        ...

    @property
    def absent(self) -> Set[str]:
        """Endpoints that are taken for absent."""
        ...

    def probe(self) -> Task | None:
        """Return a request of an endpoint that is taken for absent, one of each; then None."""
        ...

    def restore(self, endpoint: str) -> None:
        """Make requests of an endpoint again, because it answered."""
        ...

    def drop(self, endpoint: str) -> None:
        """Make no further request of an endpoint, because the source does not have it."""
        ...

    def yields(self) -> list[QueueYield]:
        """Return the yield of each queue."""
        ...


class Unobserved:
    """Observer that ignores the lists in responses."""

    counted_kinds: frozenset[str] = frozenset()

    def set_total(self, task: Task, total: int | None) -> None:
        """Ignore the total of a list."""

    def set_size(self, endpoint: str, node: int, size: int) -> None:
        """Ignore the size of a list."""

    def add_members(self, kind: str, node: int, number: int) -> None:
        """Ignore new members of a list."""

    def add_continuation(self, request: Request, row: int, node: int, total: int | None) -> None:
        """Ignore the next page of a list."""

    def abandon(self, request: Request, node: int, total: int | None) -> None:
        """Ignore that a list is left."""


class NoForecast:
    """Forecast of a scheduler that expects nothing but the responses to its requests."""

    wanted_kinds: tuple[str, ...] = ()
    follows_all = False

    def open_requests(self, kind: str) -> tuple[int, bool]:
        """Return no open request."""
        return 0, False

    def expected_more(self, kind: str, unknown: dict[str, Range]) -> Range:
        """Return that nothing is expected."""
        return NOTHING

    def lists_given_up(self) -> list[ListsGivenUp]:
        """Return no list."""
        return []
