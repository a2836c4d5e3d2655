"""Queue of single-node requests, ranked by the yield of nodes discovered in the same response.

Nodes that one response mentions are alike in kind, fame and age, and what one of them leads to was
often mentioned by another. So the nodes of a response form a cohort. A cohort is worth what its own
requests returned lately, drawn towards the mean of cohorts with as many requests. What a node's
neighbours returned says more than any field of the node (closed worlds, November 2026:
docs/decisions/0003-related-nodes-by-cohort.md). Newest cohorts first, and cohorts by genre or fame
were tried, too; they need up to twice the requests (benchmarks/RESULTS.md).
"""

from __future__ import annotations

import heapq
from array import array
from collections import deque
from itertools import count

from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.estimates import Estimate
from phonofilm.crawl.planner.queues.base import NodeQueue, QueueOptions

# The constants below were set with the closed worlds of benchmarks/policies.py (20,000 artists),
# November 2026: what was tried is in benchmarks/RESULTS.md, "Calls that policies spend".
# Cohorts with six requests or more are one class.
_CLASSES = 7
# The mean of a class counts as much as three of the cohort's own latest requests.
_CLASS_WEIGHT = 3.0
_COHORT_NEWEST_WEIGHT = 0.5
# The last 50 requests decide about the mean of a class.
_CLASS_NEWEST_WEIGHT = 0.02
# A class without a request is expected to bring a little less than the class before.
_CLASS_DECLINE = 0.8
# Longer responses make several cohorts. After a restart it is unknown which response mentioned a
# node, but neighbours in the order of discovery mostly came together.
_COHORT_NODES_MAX = 50


class Cohort:
    """Open nodes that one response mentioned; `gain` is what its latest requests brought."""

    __slots__ = ("gain", "nodes", "requests", "version")

    def __init__(self, nodes: array[int]) -> None:
        self.nodes = nodes
        self.requests = 0
        self.version = 0  # of its newest entry in a heap
        self.gain = 0.0


class PendingCohorts:
    """Cohorts without a request, oldest first: spans of the nodes that one queue discovered.

    Spans, not objects: there are as many as responses, and the garbage collector visits objects.
    """

    __slots__ = ("bounds", "cohort", "gain")

    def __init__(self) -> None:
        self.bounds: deque[int] = deque()  # first index and end of each span, one after the other
        self.cohort: Cohort | None = None  # the oldest, once it was looked at
        self.gain: Estimate | None = None  # of the first requests of such cohorts

    def add(self, first: int, end: int) -> None:
        """Add the nodes of a response, in cohorts of at most 50."""
        for start in range(first, end, _COHORT_NODES_MAX):
            self.bounds.append(start)
            self.bounds.append(min(end, start + _COHORT_NODES_MAX))

    def oldest(self, nodes: array[int]) -> Cohort | None:
        """Return the oldest cohort."""
        if self.cohort is None and self.bounds:
            self.cohort = Cohort(nodes[self.bounds.popleft() : self.bounds.popleft()])
        return self.cohort


class CohortQueue(NodeQueue):
    """Queue of requests about one node each, cohort by cohort."""

    def __init__(self, options: QueueOptions) -> None:
        super().__init__(options)
        self._mentions = self._frontier.index.mentions
        self._pending: dict[str, PendingCohorts] = {}  # by the queue that discovered the nodes
        # Heaps by class: gain (negative), order of entry, version of the cohort, cohort.
        self._started: list[list[tuple[float, int, int, Cohort]]] = [[] for _ in range(_CLASSES)]
        self._class_gains: list[Estimate] = []  # by requests of the cohort before
        self._in_flight: dict[int, tuple[Cohort, int, PendingCohorts | None]] = {}  # by node
        self._order = count()
        self._next_index = 0  # of the nodes: those before it are in a cohort
        self._open_nodes = 0
        self._best_cohort: Cohort | None = None
        self._best_pending: PendingCohorts | None = None
        self.on_discovery()

    def on_discovery(self, queue: str = "") -> None:
        """Make a cohort of the nodes that a response of a queue discovered."""
        end = len(self._nodes)
        if end == self._next_index:
            return
        queue = "" if self.in_order else queue
        if queue not in self._pending:
            self._pending[queue] = PendingCohorts()
        self._pending[queue].add(self._next_index, end)
        self._open_nodes += end - self._next_index
        self._next_index = end
        self.stale = self.stale or self._best is None

    def _open(self, cohort: Cohort) -> array[int]:
        """Return the nodes of a cohort without those at its beginning that are not open."""
        nodes = cohort.nodes
        while nodes and not self._is_open(nodes[0]):
            nodes.pop(0)
            self._open_nodes -= 1
        return nodes

    def _take_node(self, cohort: Cohort) -> int:
        """Take the node that was mentioned least, because least is known of what it leads to."""
        nodes, index = self._open(cohort), 0
        if not self.in_order:
            all_mentions = self._mentions
            mentions = [all_mentions[node] for node in nodes]
            index = mentions.index(min(mentions))
            if not self._is_open(nodes[index]):
                nodes.pop(index)
                self._open_nodes -= 1
                return self._take_node(cohort)
        self._open_nodes -= 1
        return nodes.pop(index)

    def _find_best(self) -> float | None:
        self._best_cohort, best = None, -1.0
        for pending in self._pending.values():
            cohort = self._oldest_open(pending)
            gain = self.expected.gain.mean if self.in_order else self._first_gain(pending)
            if cohort is not None and gain > best:
                best, self._best_cohort, self._best_pending = gain, cohort, pending
        for requests in range(1, _CLASSES):
            cohort = self._top(self._started[requests])
            if cohort is not None:
                gain = self._class_gain(requests) * _CLASS_WEIGHT + cohort.gain
                gain /= _CLASS_WEIGHT + 1
                if gain > best:
                    best, self._best_cohort = gain, cohort
        return None if self._best_cohort is None else best

    def _oldest_open(self, pending: PendingCohorts) -> Cohort | None:
        """Return the oldest cohort with an open node, and drop those before it."""
        cohort = pending.oldest(self._nodes)
        while cohort is not None and not self._open(cohort):
            pending.cohort = None
            cohort = pending.oldest(self._nodes)
        return cohort

    def _top(self, heap: list[tuple[float, int, int, Cohort]]) -> Cohort | None:
        while heap:
            *_, version, cohort = heap[0]
            if version == cohort.version and self._open(cohort):
                return cohort
            heapq.heappop(heap)
        return None

    def _first_gain(self, pending: PendingCohorts) -> float:
        """Return the gain of first requests, of cohorts that the same queue discovered."""
        return pending.gain.mean if pending.gain else self._class_gain(0)

    def _class_gain(self, requests: int) -> float:
        """Return the gain of a request of a cohort after so many; a guess when there was none."""
        estimates = self._class_gains
        if requests < len(estimates):
            return estimates[requests].mean
        if not estimates:
            return self.expected.gain.mean
        return float(estimates[-1].mean * _CLASS_DECLINE ** (requests + 1 - len(estimates)))

    def ready(self) -> int:
        """Return 1 when there is a node."""
        return int(self.best_gain() is not None)

    def take(self) -> Task:
        """Take the next node of the best cohort."""
        cohort = self._best_cohort if self.best_gain() is not None else None
        if cohort is None:
            raise LookupError(f"no open request in queue {self.name}")
        node = self._take_node(cohort)
        if not self.in_order:
            pending = None if cohort.requests else self._best_pending
            self._in_flight[node] = (cohort, cohort.requests, pending)
            if pending is not None:
                pending.cohort = None
                cohort.gain = self._first_gain(pending)
            cohort.requests += 1
            self._enqueue(cohort)
        return self._task([node])

    def _enqueue(self, cohort: Cohort) -> None:
        if cohort.nodes:
            cohort.version += 1
            entry = (-cohort.gain, next(self._order), cohort.version, cohort)
            heapq.heappush(self._started[min(cohort.requests, _CLASSES - 1)], entry)

    def learn(
        self, task: Task, gain: float, discovered: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Learn also the gain of the cohort and of its class."""
        super().learn(task, gain, discovered, items, goes_on)
        in_flight = self._in_flight.pop(task.nodes[0], None)
        if in_flight is None:
            return
        cohort, requests, pending = in_flight
        self._learn_class(min(requests, _CLASSES - 1), gain)
        if pending is not None:
            pending.gain = pending.gain or self._class_estimate(0)
            pending.gain.learn(gain)
        if requests:
            cohort.gain += _COHORT_NEWEST_WEIGHT * (gain - cohort.gain)
        else:
            cohort.gain = gain
        self._enqueue(cohort)

    def _learn_class(self, requests: int, gain: float) -> None:
        while len(self._class_gains) <= requests:
            self._class_gains.append(self._class_estimate(len(self._class_gains)))
        self._class_gains[requests].learn(gain)

    def _class_estimate(self, requests: int) -> Estimate:
        return Estimate(self._class_gain(requests), newest_weight=_CLASS_NEWEST_WEIGHT)

    def pending(self) -> int:
        """Return an upper bound of the open requests: nodes not passed yet."""
        return self._open_nodes
