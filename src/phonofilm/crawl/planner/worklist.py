"""Calls that are known beforehand: a list, made in its order, each once whatever was asked before.

A batch carries as many as the endpoint takes. What answers lead to is not followed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.crawl.frontier.levels import IGNORED
from phonofilm.crawl.intervals import Range
from phonofilm.crawl.planner.base import ListsGivenUp
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.sources.contract import Link, Request
from phonofilm.sources.manifest import Manifest


class PlannedRequest(Link):
    """One thing to ask: `kind` is the endpoint, `id` what about."""


class Worklist:
    """The list as a chooser of calls."""

    def __init__(
        self, manifest: Manifest, frontier: Frontier, errands: Sequence[PlannedRequest]
    ) -> None:
        self._manifest, self._frontier = manifest, frontier
        self.satisfied: set[str] = set()
        self.quota_blocked = False
        self.quota_weight: Callable[[str], float | None] = lambda endpoint: 1.0
        self.uniform_quota = True
        self._waiting: dict[str, deque[str]] = {}
        self._further: deque[Task] = deque()
        known: dict[str, set[int]] = {}
        for endpoint, id_ in dict.fromkeys(errands):
            spec = manifest.endpoints[endpoint]
            frontier.add_nodes(spec.subject, [(id_, IGNORED, False)])
            asked = known.setdefault(endpoint, set(frontier.settled_nodes(endpoint)))
            if frontier.seq_of(spec.subject, id_) not in asked:
                self._waiting.setdefault(endpoint, deque()).append(id_)

    @property
    def counted(self) -> frozenset[str]:
        """No list is counted."""
        return frozenset()

    @property
    def wanted(self) -> tuple[str, ...]:
        """Nothing is wanted but the answers."""
        return ()

    @property
    def follows_all(self) -> bool:
        """Nothing is followed."""
        return False

    def next(self) -> Task | None:
        """The next call that has budget; None when the list is done, or all of it waits."""
        self.quota_blocked = False
        if self._further and self.quota_weight(self._further[0].request.endpoint) is not None:
            return self._further.popleft()
        for endpoint, ids in self._waiting.items():
            if not ids:
                continue
            if self.quota_weight(endpoint) is None:
                self.quota_blocked = True
                continue
            spec = self._manifest.endpoints[endpoint]
            taken = tuple(ids.popleft() for _ in range(min(spec.batch, len(ids))))
            nodes = tuple(self._frontier.seq_of(spec.subject, id_) or 0 for id_ in taken)
            return Task(Request(endpoint, taken), nodes, None, endpoint)
        return None

    def learn(self, ask: Task, gain: float, met: dict[str, int], items: int = 0) -> None:
        """Nothing is learned: the list stands."""

    def set_list_total(self, ask: Task, total: int | None) -> None:
        """How long a list is does not matter here."""

    def add_list_members(self, kind: str, node: int, number: int = 1) -> None:
        """No list is counted."""

    def add_continuation(self, request: Request, row: int, node: int, total: int | None) -> None:
        """Of a batch all that it brings is wanted, however many pages; of a search the best."""
        if self._manifest.endpoints[request.endpoint].batch > 1:
            self._further.append(Task(request, (node,), row, request.endpoint))

    def set_list_size(self, endpoint: str, node: int, number: int) -> None:
        """How long a list is does not matter here."""

    def drop(self, endpoint: str) -> None:
        """A call that is absent is not made again."""
        self._waiting.pop(endpoint, None)

    def open_requests(self, kind: str) -> tuple[int, bool]:
        """Nothing is looked for."""
        return 0, False

    def expected_more(self, kind: str, unknown: dict[str, Range]) -> Range:
        """Nothing is looked for."""
        return Range(0.0, 0.0, 0.0)

    def abandon_list(self, request: Request, node: int, total: int | None) -> None:
        """Do nothing: a list of errands expects no number of items."""

    def lists_given_up(self) -> list[ListsGivenUp]:
        """Return nothing: no list is given up."""
        return []

    def yields(self) -> list[QueueYield]:
        """What is still to be asked."""
        return [
            QueueYield(endpoint, 0, 0.0, 0.0, len(ids), not ids)
            for endpoint, ids in self._waiting.items()
        ]
