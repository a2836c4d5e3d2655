"""Request queues: the open requests of one endpoint, and the yield of those that were made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.levels import FOLLOWED, FULL_MASK, LOOKED_UP, flags_from
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.estimates import GainEstimate
from phonofilm.sources.contract import Request
from phonofilm.sources.manifest import Endpoint

# Information of a new full record of a wanted kind, and of one that is only mentioned.
FULL, MENTION = 1.0, 0.5
# A low expectation is believed after so many requests in a row without gain: a queue whose endpoint
# lists wanted kinds is given up late, one that only mentions them early. Chosen in November 2026
# because gains come in runs, not tuned (docs/decisions/0002-queues-are-given-up-on-evidence.md).
PATIENCE_DIRECT, PATIENCE_INDIRECT = 400, 60
# An empty page says nothing about other lists, so the pagination guard judges each list by itself
# (20 empty pages in a row). A whole queue is given up when 400 lists could have been judged so.
# Chosen in November 2026, not tuned.
EMPTY_PAGES_PATIENCE = 400 * 20
_GROWTH_MIN = 1024


class QueueYield(msgspec.Struct):
    """Expected gain of the next request of a queue, with its standard error.

    A name with `+` is the queue of the pages after the first. `dry` means that nothing more is
    expected of the `pending` requests.
    """

    name: str
    calls: int
    gain: float
    error: float
    pending: int
    dry: bool


class OpenLists(NamedTuple):
    """Lists that a queue left before their end, and the items that none of their pages listed."""

    lists: int = 0
    items: int = 0


class QueueOptions(NamedTuple):
    """Parts and settings of a queue.

    With `in_order`, requests go out in the order of discovery and the same is expected of all.
    With `until_full`, a request tells only about its node, so that it is of no use once the node is
    full. With `counted`, records name the lists that they stand in, so that known members are
    counted. `list_sizes` are announced sizes by node, shared between the queues of an endpoint.
    """

    name: str
    spec: Endpoint
    expected: GainEstimate
    frontier: Frontier
    list_sizes: dict[int, int]
    page_size: int = 1
    patience: int = PATIENCE_DIRECT
    in_order: bool = False
    until_full: bool = False
    counted: bool = False


class RequestQueue(ABC):
    """Open requests of one kind, and what the next one is expected to bring.

    The planner keeps three values here: `path_gain` of the best request with what follows it, the
    `onward` paths that its discoveries open (gain and requests of each), and `last_choice`, the
    number of the planner's choice that fell on this queue last. `stale` says that the best request
    must be looked up again.
    """

    def __init__(self, options: QueueOptions) -> None:
        self.name, self.spec = options.name, options.spec
        self.endpoint = options.name.removesuffix("+")
        self.expected, self.patience = options.expected, options.patience
        self.in_order = options.in_order
        self.last_choice = 0
        self.path_gain = 0.0
        self.onward: tuple[tuple[float, float], ...] = ()
        self.stale = True
        self._frontier = options.frontier
        self._best: float | None = None

    def best_gain(self) -> float | None:
        """Return the expected gain of the best open request; None when there is none."""
        if self.stale:
            self._best, self.stale = self._find_best(), False
        return self._best

    def on_discovery(self, queue: str = "") -> None:
        """Look for the best request again: a response of a queue discovered nodes."""
        self.stale = True

    def learn(
        self, task: Task, gain: float, discovered: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Learn from a response with so many items; `goes_on` when its list has another page."""
        self.expected.learn(gain, discovered, goes_on and not items)
        self.stale = True

    @property
    def out_of_patience(self) -> bool:
        """True when so many requests brought nothing in a row that a low estimate is believed."""
        expected = self.expected
        return expected.fruitless >= self.patience or expected.empty_pages >= EMPTY_PAGES_PATIENCE

    def unfinished(self, given_up: bool) -> OpenLists:
        """Count abandoned lists, and every other open list when this queue is given up."""
        return OpenLists()

    @abstractmethod
    def _find_best(self) -> float | None: ...

    @abstractmethod
    def ready(self) -> int:
        """Return the number of nodes that the next request would carry; 0 without a request."""

    @abstractmethod
    def take(self) -> Task:
        """Take the best request; only when `ready`."""

    @abstractmethod
    def pending(self) -> int:
        """Return an upper bound of the open requests."""


class NodeQueue(RequestQueue):
    """Queue of requests about nodes of one kind, each made once."""

    def __init__(self, options: QueueOptions) -> None:
        super().__init__(options)
        index = self._frontier.index
        # Nodes in the order of discovery; one that is followed further comes again at the end.
        self._nodes: array[int] = index.by_kind[self.spec.subject]
        self._flags = index.flags
        self._requested = bytearray()
        self._flags_min = flags_from(LOOKED_UP if self.spec.role == "detail" else FOLLOWED)
        self._skip_mask = FULL_MASK if options.until_full else 0
        for node in self._frontier.settled_nodes(self.endpoint):
            self._mark_requested(node)

    def _mark_requested(self, node: int) -> None:
        missing = node + 1 - len(self._requested)
        if missing > 0:
            self._requested.extend(bytes(max(_GROWTH_MIN, missing)))
        self._requested[node] = 1

    def _is_open(self, node: int) -> bool:
        """Tell whether a request about a node is still of use."""
        flags = self._flags[node]
        if flags < self._flags_min or flags & self._skip_mask:
            return False
        return not (node < len(self._requested) and self._requested[node])

    def _task(self, nodes: Iterable[int]) -> Task:
        """Return the request about some nodes, and mark them as requested."""
        nodes = tuple(nodes)
        for node in nodes:
            self._mark_requested(node)
        self.stale = True
        ids = tuple(self._frontier.id_of(node) for node in nodes)
        return Task(Request(self.endpoint, ids), nodes, queue=self.name)
