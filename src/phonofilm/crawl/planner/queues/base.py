"""Veins: places where one kind of call can be made, and what such calls brought so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections import deque
from typing import NamedTuple

import msgspec

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.crawl.frontier.levels import FOLLOWED, FULL_MASK, LOOKED_UP, flags_from
from phonofilm.crawl.planner.estimates import GainEstimate
from phonofilm.sources.contract import Request
from phonofilm.sources.manifest import Endpoint

FULL, MENTION = 1.0, 0.5
# A low expectation is believed after so many requests in a row without gain: a queue whose endpoint
# lists wanted kinds is given up late, one that only brushes them early.
# Tuned on closed worlds, November 2026 (ARCHITECTURE.md, "A vein is given up on evidence").
PATIENCE_DIRECT, PATIENCE_INDIRECT = 400, 60
# An empty page says nothing of other lists, so the pagination guard judges each list by itself (20
# empty pages in a row). A whole queue is given up when 400 lists could have been judged so.
# Chosen, not tuned.
EMPTY_PAGES_PATIENCE = 400 * 20


class QueueYield(msgspec.Struct):
    """What the next call of a kind is expected to bring, with its standard error.

    A `+` after the name: the pages after the first. `dry`: no more is expected of what is open.
    """

    name: str
    calls: int
    gain: float
    error: float
    pending: int
    dry: bool


class OpenLists(NamedTuple):
    """Lists that a queue left before their end, and the items that none of their pages listed."""

    lists: int
    items: int


class RequestQueue(ABC):
    """One kind of call. `best` says what the best call at hand is expected to bring.

    `plain` veins ask in the order in which things were met and expect the same of all of them.
    """

    def __init__(
        self, name: str, spec: Endpoint, expected: GainEstimate, plain: bool = False
    ) -> None:
        self.name, self.endpoint, self.spec = name, name.removesuffix("+"), spec
        self.expected = expected
        self.plain = plain
        self.patience = PATIENCE_DIRECT
        self.chosen = 0  # the planner's choice that was the last one here
        self.worth = 0.0  # what `best` told, with what follows; the planner keeps it
        self.follow: tuple[tuple[float, float], ...] = ()  # gain and calls of what it leads to
        self._held: float | None = None
        self.stale = True

    def best(self) -> float | None:
        """Expected gain of the best call at hand; None when there is nothing to ask."""
        if self.stale:
            self._held, self.stale = self._find(), False
        return self._held

    def touch(self, origin: str = "") -> None:
        """An answer came from a vein: the best call is looked for anew."""
        self.stale = True

    def learn(
        self, ask: Task, gain: float, met: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Learn from a response with so many items; `goes_on` when its list has another page."""
        self.expected.learn(gain, met, goes_on and not items)
        self.stale = True

    @property
    def out_of_patience(self) -> bool:
        """Whether so many requests in a row brought nothing that a low expectation is believed."""
        expected = self.expected
        return expected.fruitless >= self.patience or expected.empty_pages >= EMPTY_PAGES_PATIENCE

    def unfinished(self, given_up: bool) -> OpenLists:
        """Count abandoned lists, and every other open list when this queue is given up."""
        return OpenLists(0, 0)

    @abstractmethod
    def _find(self) -> float | None: ...

    @abstractmethod
    def ready(self) -> int:
        """Nodes that the next call would carry; 0 when there is nothing to ask."""

    @abstractmethod
    def take(self) -> Task:
        """The best call; only when `ready`."""

    @abstractmethod
    def pending(self) -> int:
        """Calls that could still be made, at most."""


class NodeQueue(RequestQueue):
    """What calls about nodes of one kind share: which nodes are still to be asked about."""

    def __init__(
        self,
        name: str,
        spec: Endpoint,
        expected: GainEstimate,
        frontier: Frontier,
        plain: bool = False,
        only_itself: bool = False,
    ) -> None:
        super().__init__(name, spec, expected, plain)
        self._frontier = frontier
        self._nodes: array[int] = frontier.index.by_kind[spec.subject]
        self._asked = bytearray()
        level = LOOKED_UP if spec.role == "detail" else FOLLOWED
        self._flags_min = flags_from(level)
        self._done_mask = FULL_MASK if only_itself else 0
        for node in frontier.settled_nodes(self.endpoint):
            self._mark(node)

    def _mark(self, node: int) -> None:
        if node >= len(self._asked):
            self._asked.extend(bytes(max(1024, node + 1 - len(self._asked))))
        self._asked[node] = 1

    def _wanted(self, node: int) -> bool:
        flags = self._frontier.index.flags[node]
        if flags < self._flags_min or flags & self._done_mask:
            return False
        return not (node < len(self._asked) and self._asked[node])

    def _ask(self, nodes: list[int]) -> Task:
        for node in nodes:
            self._mark(node)
        self.stale = True
        ids = tuple(self._frontier.id_of(node) for node in nodes)
        return Task(Request(self.endpoint, ids), tuple(nodes), None, self.name)


class BatchQueue(NodeQueue):
    """Nodes in the order they were met, as many in a call as the endpoint takes."""

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
        self._cursor = 0
        self._gathered: deque[int] = deque()

    def touch(self, origin: str = "") -> None:
        """An answer came: perhaps there is something to ask now."""
        self.stale = self.stale or self._held is None or self._cursor < len(self._nodes)

    def _find(self) -> float | None:
        return self.expected.gain if self.ready() else None

    def ready(self) -> int:
        """Fills the next batch as far as nodes are known."""
        gathered = self._gathered
        if not gathered and self._cursor >= len(self._nodes):
            return 0
        while gathered and not self._wanted(gathered[0]):
            gathered.popleft()
        nodes, flags, cursor = self._nodes, self._frontier.index.flags, self._cursor
        flags_min, done_mask, batch = self._flags_min, self._done_mask, self.spec.batch
        while len(gathered) < batch and cursor < len(nodes):
            node = nodes[cursor]
            cursor += 1
            node_flags = flags[node]
            if node_flags >= flags_min and not node_flags & done_mask and self._wanted(node):
                gathered.append(node)
        self._cursor = cursor
        return len(gathered)

    def take(self) -> Task:
        """The next node, or a batch of them."""
        nodes: list[int] = []
        while self._gathered and len(nodes) < self.spec.batch:
            node = self._gathered.popleft()
            if self._wanted(node):
                nodes.append(node)
        return self._ask(nodes)

    def pending(self) -> int:
        """An upper bound: nodes not passed yet."""
        left = len(self._gathered) + len(self._nodes) - self._cursor
        return -(-left // self.spec.batch)
