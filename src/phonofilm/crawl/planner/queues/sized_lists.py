"""Lists whose node says how long they are: the longest are asked first, empty ones never."""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from typing import Any

from phonofilm.crawl.frontier.base import Task
from phonofilm.crawl.planner.estimates import Estimate
from phonofilm.crawl.planner.queues.base import NodeQueue, OpenLists

_FAST = 0.1


class SizedListQueue(NodeQueue):
    """First pages by what they are said to hold; where nothing is said, the mean is expected."""

    page_size = 1

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._lengths: dict[int, int] = {}
        self._told: list[tuple[int, int, int]] = []
        self._untold: deque[int] = deque()
        self._order, self._cursor = count(), 0
        # Of what a thing claims to have, so much is to be had: totals count what nobody may see.
        self._share = Estimate(0.95, 5.0, _FAST)

    def unfinished(self, given_up: bool) -> OpenLists:
        """Count the sized lists that are not begun when this queue is given up."""
        if not given_up:
            return OpenLists(0, 0)
        sizes = [size for node, size in self._lengths.items() if self._wanted(node)]
        return OpenLists(len(sizes), sum(sizes))

    def use_sizes(self, sizes: dict[int, int]) -> None:
        """Share the announced sizes of this endpoint's lists, by node."""
        self._lengths = sizes

    def length(self, node: int, number: int) -> None:
        """A list is so long now."""
        was_empty = self._lengths.get(node, 1) <= 0
        self._lengths[node] = number
        if was_empty and number > 0:
            self._line_up(node)
        self.stale = True

    def _wanted(self, node: int) -> bool:
        return self._lengths.get(node, 1) > 0 and super()._wanted(node)

    def _find(self) -> float | None:
        while self._cursor < len(self._nodes):  # a node comes again when it is followed further
            self._line_up(self._nodes[self._cursor])
            self._cursor += 1
        while self._told and not self._wanted(self._told[0][2]):
            heapq.heappop(self._told)
        while self._untold and (node := self._untold[0]) and not self._is_untold(node):
            self._untold.popleft()
            if self._wanted(node):
                self._line_up(node)
        return self._worth()

    def _line_up(self, node: int) -> None:
        number = self._lengths.get(node)
        if number is None:
            self._untold.append(node)
        else:
            told = -min(number, self.page_size)
            heapq.heappush(self._told, (told, next(self._order), node))

    def _is_untold(self, node: int) -> bool:
        return self._wanted(node) and node not in self._lengths

    def _worth(self) -> float | None:
        told = -self._told[0][0] * self._share.mean if self._told else None
        untold = self.expected.gain if self._untold else None
        return max((value for value in (told, untold) if value is not None), default=None)

    def ready(self) -> int:
        """One list at a time."""
        return int(self.best() is not None)

    def take(self) -> Task:
        """The longest list, or one that nobody measured when more is expected of it."""
        worth = self.best()
        if worth is None:
            raise LookupError(f"nothing to ask of {self.name}")
        told = -self._told[0][0] * self._share.mean if self._told else -1.0
        node = heapq.heappop(self._told)[2] if told >= worth else self._untold.popleft()
        return self._ask([node])

    def learn(
        self, ask: Task, gain: float, met: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """So much of what was told was there."""
        super().learn(ask, gain, met, items, goes_on)
        number = min(self.page_size, self._lengths.get(ask.nodes[0], 0))
        if number:
            self._share.learn(min(2.0, items / number))

    def pending(self) -> int:
        """Lists known and not asked, at most."""
        return len(self._told) + len(self._untold) + len(self._nodes) - self._cursor
