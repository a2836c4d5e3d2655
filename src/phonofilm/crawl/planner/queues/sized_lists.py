"""Queue of lists whose node announces their size: the longest come first, empty ones never."""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count

from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.estimates import Estimate
from phonofilm.crawl.planner.queues.base import NodeQueue, OpenLists, QueueOptions

# Announced sizes count hidden items. Before any list was requested, 95 % of a size is
# expected, which counts as much as five lists; then the last ten lists decide.
# Chosen in November 2026, not tuned.
_RETURNED_PRIOR, _RETURNED_PRIOR_LISTS, _NEWEST_WEIGHT = 0.95, 5.0, 0.1
_RETURNED_MAX = 2.0  # a size may be out of date: one list counts for no more than twice its size


class SizedListQueue(NodeQueue):
    """Queue of first pages by announced size; of a list without a size, the mean is expected."""

    def __init__(self, options: QueueOptions) -> None:
        super().__init__(options)
        self._page_size, self._sizes = options.page_size, options.list_sizes
        # Items of the first page (negative), order of discovery, node.
        self._sized: list[tuple[int, int, int]] = []
        self._unsized: deque[int] = deque()
        self._order, self._next_index = count(), 0
        self._returned = Estimate(_RETURNED_PRIOR, _RETURNED_PRIOR_LISTS, _NEWEST_WEIGHT)

    def set_size(self, node: int, size: int) -> None:
        """Set the announced size of a list."""
        was_empty = self._sizes.get(node, 1) <= 0
        self._sizes[node] = size
        if was_empty and size > 0:
            self._enqueue(node)
        self.stale = True

    def _is_open(self, node: int) -> bool:
        return self._sizes.get(node, 1) > 0 and super()._is_open(node)

    def _find_best(self) -> float | None:
        while self._next_index < len(self._nodes):
            self._enqueue(self._nodes[self._next_index])
            self._next_index += 1
        while self._sized and not self._is_open(self._sized[0][2]):
            heapq.heappop(self._sized)
        while self._unsized and (node := self._unsized[0]) and not self._is_unsized(node):
            self._unsized.popleft()
            if self._is_open(node):
                self._enqueue(node)
        unsized_gain = self.expected.gain.mean if self._unsized else None
        gains = (gain for gain in (self._sized_gain(), unsized_gain) if gain is not None)
        return max(gains, default=None)

    def _enqueue(self, node: int) -> None:
        size = self._sizes.get(node)
        if size is None:
            self._unsized.append(node)
        else:
            entry = (-min(size, self._page_size), next(self._order), node)
            heapq.heappush(self._sized, entry)

    def _is_unsized(self, node: int) -> bool:
        return self._is_open(node) and node not in self._sizes

    def _sized_gain(self) -> float | None:
        """Return the expected gain of the longest list with a size."""
        return -self._sized[0][0] * self._returned.mean if self._sized else None

    def ready(self) -> int:
        """Return 1 when there is a list."""
        return int(self.best_gain() is not None)

    def take(self) -> Task:
        """Take the longest list, or one without a size when more is expected of that."""
        best = self.best_gain()
        if best is None:
            raise LookupError(f"no open request in queue {self.name}")
        sized_gain = self._sized_gain()
        if sized_gain is not None and sized_gain >= best:
            return self._task([heapq.heappop(self._sized)[2]])
        return self._task([self._unsized.popleft()])

    def learn(
        self, task: Task, gain: float, discovered: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Learn also which share of an announced size the first page returned."""
        super().learn(task, gain, discovered, items, goes_on)
        announced = min(self._page_size, self._sizes.get(task.nodes[0], 0))
        if announced:
            self._returned.learn(min(_RETURNED_MAX, items / announced))

    def unfinished(self, given_up: bool) -> OpenLists:
        """Count the sized lists that are not begun when this queue is given up."""
        if not given_up:
            return OpenLists()
        sizes = [size for node, size in self._sizes.items() if self._is_open(node)]
        return OpenLists(len(sizes), sum(sizes))

    def pending(self) -> int:
        """Return an upper bound of the open requests: known lists not requested."""
        return len(self._sized) + len(self._unsized) + len(self._nodes) - self._next_index
