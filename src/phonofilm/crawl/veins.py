"""Veins: places where one kind of call can be made, and what such calls brought so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections import deque

from phonofilm.crawl.frontier import Frontier
from phonofilm.crawl.goal import FOLLOWED, LOOKED_UP
from phonofilm.crawl.ledger import Ask
from phonofilm.sources.base import Request
from phonofilm.sources.manifest import Endpoint

FULL, MENTION = 1.0, 0.5
# How fast estimates follow what happens: the last twenty calls or so.
_NEWEST_WEIGHT = 0.05


class Yield:
    """What a call of a vein brings: own gain, and things of each kind met for the first time.

    Both begin with the manifest's prior, which counts as one call.
    """

    def __init__(self, gain: float, met: dict[str, float]) -> None:
        self.calls = 0
        self.gain = gain
        self.met = dict(met)
        self.fruitless = 0

    def learn(self, gain: float, met: dict[str, int]) -> None:
        """One more call was made."""
        self.calls += 1
        weight = max(_NEWEST_WEIGHT, 1 / (self.calls + 1))
        self.gain += weight * (gain - self.gain)
        for kind in self.met.keys() | met.keys():
            held = self.met.get(kind, 0.0)
            self.met[kind] = held + weight * (met.get(kind, 0) - held)
        self.fruitless = 0 if gain > 0 else self.fruitless + 1


class Vein(ABC):
    """First pages of one endpoint, or the pages after them."""

    def __init__(
        self, name: str, endpoint: str, spec: Endpoint, expected: Yield, direct: bool
    ) -> None:
        self.name, self.endpoint, self.spec = name, endpoint, spec
        self.expected = expected
        self.direct = direct
        self.value = 0.0

    def learn(self, gain: float, met: dict[str, int]) -> None:
        """A call of this vein was answered."""
        self.expected.learn(gain, met)

    @abstractmethod
    def ready(self) -> int:
        """Nodes that the next call would carry; 0 when there is nothing to ask."""

    @abstractmethod
    def take(self) -> Ask:
        """The next call; only when `ready`."""

    @abstractmethod
    def pending(self) -> int:
        """Calls that could still be made, at most."""


class FirstPages(Vein):
    """Nodes of a kind in the order they were met; batches where the endpoint takes them."""

    def __init__(
        self, name: str, endpoint: str, spec: Endpoint, expected: Yield, direct: bool,
        frontier: Frontier, only_itself: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(name, endpoint, spec, expected, direct)
        self._frontier = frontier
        self._nodes: array[int] = frontier.by_kind[spec.node]
        self._cursor = 0
        self._gathered: deque[int] = deque()
        self._asked = bytearray()
        self._level = LOOKED_UP if spec.role == "detail" else FOLLOWED
        self._only_itself = only_itself
        for node in frontier.asked(endpoint):
            self._mark(node)

    def _mark(self, node: int) -> None:
        if node >= len(self._asked):
            self._asked.extend(bytes(max(1024, node + 1 - len(self._asked))))
        self._asked[node] = 1

    def _wanted(self, node: int) -> bool:
        if node < len(self._asked) and self._asked[node]:
            return False
        if self._frontier.level(node) < self._level:
            return False
        return not (self._only_itself and self._frontier.is_full(node))

    def ready(self) -> int:
        """Fills the next batch as far as nodes are known."""
        gathered = self._gathered
        if not gathered and self._cursor >= len(self._nodes):
            return 0
        while gathered and not self._wanted(gathered[0]):
            gathered.popleft()
        while len(gathered) < self.spec.batch and self._cursor < len(self._nodes):
            node = self._nodes[self._cursor]
            self._cursor += 1
            if self._wanted(node):
                gathered.append(node)
        return len(gathered)

    def take(self) -> Ask:
        """The next node, or a batch of them."""
        nodes: list[int] = []
        while self._gathered and len(nodes) < self.spec.batch:
            node = self._gathered.popleft()
            if self._wanted(node):
                self._mark(node)
                nodes.append(node)
        ids = tuple(self._frontier.id_of(node) for node in nodes)
        return Ask(Request(self.endpoint, ids), tuple(nodes), None, self.name)

    def pending(self) -> int:
        """An upper bound: nodes not passed yet."""
        left = len(self._gathered) + len(self._nodes) - self._cursor
        return -(-left // self.spec.batch)


class FurtherPages(Vein):
    """Pages after an answer, in the order they were told of."""

    def __init__(
        self,
        name: str,
        endpoint: str,
        spec: Endpoint,
        expected: Yield,
        direct: bool,
        frontier: Frontier,
    ) -> None:
        super().__init__(name, endpoint, spec, expected, direct)
        self._frontier = frontier
        self._waiting: deque[tuple[int, int, int]] = deque()

    def add(self, row: int, node: int, offset: int) -> None:
        """A page was told of."""
        self._waiting.append((row, node, offset))

    def ready(self) -> int:
        """One page at a time; pages of what is not followed any more wait."""
        for _ in range(len(self._waiting)):
            if self._frontier.level(self._waiting[0][1]) >= FOLLOWED:
                return 1
            self._waiting.rotate(-1)
        return 0

    def take(self) -> Ask:
        """The page that waits longest."""
        row, node, offset = self._waiting.popleft()
        ids = (self._frontier.id_of(node),)
        return Ask(Request(self.endpoint, ids, offset), (node,), row, self.name)

    def pending(self) -> int:
        """Pages told of and not asked."""
        return len(self._waiting)
