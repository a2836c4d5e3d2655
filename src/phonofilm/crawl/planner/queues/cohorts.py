"""First pages about single nodes, chosen by the company they were met in.

Things that one answer told of lie near each other: they are alike in kind, fame and age, and what
one of them leads to was often told by another. So each answer's things are one group; a group is
worth what its own calls brought lately, drawn towards what groups asked as often bring on average.
"""

from __future__ import annotations

import heapq
from array import array
from collections import deque
from itertools import count

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.crawl.planner.estimates import Estimate, GainEstimate
from phonofilm.crawl.planner.queues.base import NodeQueue
from phonofilm.sources.manifest import Endpoint

# Groups asked six times or more are one class.
_CLASSES = 7
# The class's mean counts as much as so many of the group's own latest calls.
_DRAWN = 3.0
_LATEST = 0.5
# Longer answers make several groups; after a restart nobody knows which answer told of what, but
# neighbours in order of meeting mostly came together.
_GROUP = 50


class Cohort:
    """Nodes of one answer that are still to be asked about."""

    __slots__ = ("asked", "latest", "nodes", "version")

    def __init__(self, nodes: array[int]) -> None:
        self.nodes = nodes
        self.asked = self.version = 0
        self.latest = 0.0


class PendingCohorts:
    """Groups that were never asked, first come first served: spans of the nodes of their kind.

    Numbers, not objects: there are as many as answers, and the garbage collector looks at objects.
    """

    __slots__ = ("ends", "group", "worth")

    def __init__(self) -> None:
        self.ends: deque[int] = deque()  # first node and end of each, one after the other
        self.group: Cohort | None = None
        self.worth: Estimate | None = None

    def add(self, first: int, end: int) -> None:
        """Another answer's nodes, in groups of bearable size."""
        for start in range(first, end, _GROUP):
            self.ends.append(start)
            self.ends.append(min(end, start + _GROUP))

    def head(self, nodes: array[int]) -> Cohort | None:
        """The group whose turn it is."""
        if self.group is None and self.ends:
            self.group = Cohort(nodes[self.ends.popleft() : self.ends.popleft()])
        return self.group


class CohortQueue(NodeQueue):
    """Calls about one node each."""

    def __init__(
        self,
        name: str,
        spec: Endpoint,
        expected: GainEstimate,
        frontier: Frontier,
        plain: bool = False,
        only_itself: bool = False,
    ) -> None:
        super().__init__(name, spec, expected, frontier, plain, only_itself)
        self._fresh: dict[str, PendingCohorts] = {}
        self._tried: list[list[tuple[float, int, int, Cohort]]] = [[] for _ in range(_CLASSES)]
        self._by_tries: list[Estimate] = []
        self._under_way: dict[int, tuple[Cohort, int, PendingCohorts | None]] = {}
        self._order = count()
        self._grouped = 0
        self._chosen: Cohort | None = None
        self._from: PendingCohorts | None = None
        self._left = 0
        self.touch()

    def touch(self, origin: str = "") -> None:
        """An answer came from a vein: what it told of is a group."""
        end = len(self._nodes)
        if end == self._grouped:
            return
        origin = "" if self.plain else origin
        if origin not in self._fresh:
            self._fresh[origin] = PendingCohorts()
        self._fresh[origin].add(self._grouped, end)
        self._left += end - self._grouped
        self._grouped = end
        self.stale = self.stale or self._held is None

    def _advance(self, group: Cohort) -> array[int]:
        """The nodes that are still to be asked about, without those before them that are not."""
        nodes = group.nodes
        while nodes and not self._wanted(nodes[0]):
            nodes.pop(0)
            self._left -= 1
        return nodes

    def _pick(self, group: Cohort) -> int:
        """The node that was told of least often: what it leads to is known least."""
        nodes, place = self._advance(group), 0
        if not self.plain:
            mentions = self._frontier.index.mentions
            told = [mentions[node] for node in nodes]
            place = told.index(min(told))
            if not self._wanted(nodes[place]):
                nodes.pop(place)
                self._left -= 1
                return self._pick(group)
        self._left -= 1
        return nodes.pop(place)

    def _find(self) -> float | None:
        self._chosen, best = None, -1.0
        for waiting in self._fresh.values():
            group = waiting.head(self._nodes)
            while group is not None and not self._advance(group):
                waiting.group = None
                group = waiting.head(self._nodes)
            worth = self.expected.gain if self.plain else self._fresh_worth(waiting)
            if group is not None and worth > best:
                best, self._chosen, self._from = worth, group, waiting
        for tries in range(1, _CLASSES):
            group = self._top(self._tried[tries])
            if group is not None:
                drawn = (self._prior(tries) * _DRAWN + group.latest) / (_DRAWN + 1)
                if drawn > best:
                    best, self._chosen = drawn, group
        return None if self._chosen is None else best

    def _top(self, heap: list[tuple[float, int, int, Cohort]]) -> Cohort | None:
        while heap:
            *_, version, group = heap[0]
            if version == group.version and self._advance(group):
                return group
            heapq.heappop(heap)
        return None

    def _fresh_worth(self, waiting: PendingCohorts) -> float:
        """What the first calls about things met by one kind of call brought."""
        return waiting.worth.mean if waiting.worth else self._prior(0)

    def _prior(self, tries: int) -> float:
        """What groups asked so often bring; where none was, a little less than one try before."""
        if tries < len(self._by_tries):
            return self._by_tries[tries].mean
        if not self._by_tries:
            return self.expected.gain
        return float(self._by_tries[-1].mean * 0.8 ** (tries + 1 - len(self._by_tries)))

    def ready(self) -> int:
        """One node at a time."""
        return int(self.best() is not None)

    def take(self) -> Task:
        """The next node of the best group."""
        if self.best() is None or self._chosen is None:
            raise LookupError(f"nothing to ask of {self.name}")
        group = self._chosen
        node = self._pick(group)
        if not self.plain:
            came = self._from if not group.asked else None
            self._under_way[node] = (group, group.asked, came)
            if came is not None:
                came.group = None
                group.latest = self._fresh_worth(came)
            group.asked += 1
            self._push(group)
        return self._ask([node])

    def _push(self, group: Cohort) -> None:
        if group.nodes:
            group.version += 1
            entry = (-group.latest, next(self._order), group.version, group)
            heapq.heappush(self._tried[min(group.asked, _CLASSES - 1)], entry)

    def learn(
        self, ask: Task, gain: float, met: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """The group is worth what its calls brought lately."""
        super().learn(ask, gain, met, items, goes_on)
        held = self._under_way.pop(ask.nodes[0], None)
        if held is None:
            return
        group, tries, came = held
        tries = min(tries, _CLASSES - 1)
        while len(self._by_tries) <= tries:
            self._by_tries.append(Estimate(self._prior(len(self._by_tries)), 1.0, 0.02))
        self._by_tries[tries].learn(gain)
        if came is not None:
            came.worth = came.worth or Estimate(self._prior(0), 1.0, 0.02)
            came.worth.learn(gain)
        group.latest = gain if not tries else group.latest + _LATEST * (gain - group.latest)
        self._push(group)

    def pending(self) -> int:
        """An upper bound: nodes not passed yet."""
        return self._left
