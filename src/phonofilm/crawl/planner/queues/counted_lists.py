"""Queue of lists whose known members are counted: the class of lists with the best yield first.

Records name the lists that they stand in (a genre, a word of a name), so that a list has known
members before it is requested. How much a list brings depends on how many of its members are known,
so lists are put into classes by the bit length of that number.
"""

from __future__ import annotations

from collections import deque

from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.estimates import Estimate
from phonofilm.crawl.planner.queues.base import NodeQueue, QueueOptions

# What lists hold for us shrinks while more becomes known, so the last five of a class decide.
# Tried on closed worlds and in development mode, November 2026 (benchmarks/RESULTS.md: one estimate
# for each class and a fifth for the newest were kept).
_NEWEST_WEIGHT = 0.2
# Before any list announced its size, a fifth of the members is taken as known; two lists' worth.
# Chosen in November 2026, not tuned.
_KNOWN_SHARE_PRIOR, _KNOWN_SHARE_PRIOR_LISTS, _KNOWN_SHARE_MIN = 0.2, 2.0, 0.05


class CountedListQueue(NodeQueue):
    """Queue of first pages, by class of known members."""

    def __init__(self, options: QueueOptions) -> None:
        super().__init__(options)
        self._lists: dict[int, deque[int]] = {}  # by class; the first of each is the next
        self._gains: dict[int, Estimate] = {}  # by class
        self._prior_gain = options.expected.gain.mean
        self._known_share = Estimate(_KNOWN_SHARE_PRIOR, _KNOWN_SHARE_PRIOR_LISTS)
        self._in_flight: dict[int, int] = {}  # known members at the request, by node
        self._members = self._frontier.index.list_members
        self._next_index = 0
        self._best_class = 0

    def _class_of(self, node: int) -> int:
        return 0 if self.in_order else self._members[node].bit_length()

    def on_new_members(self, node: int, members_before: int) -> None:
        """Move a list to another class when its new members make that necessary."""
        member_class = self._class_of(node)
        if member_class != members_before.bit_length() and self._is_open(node):
            self._lists.setdefault(member_class, deque()).append(node)
            self.stale = True

    def on_discovery(self, queue: str = "") -> None:
        """Look for the best list again, if some are new."""
        self.stale = self.stale or self._next_index < len(self._nodes)

    def _find_best(self) -> float | None:
        while self._next_index < len(self._nodes):
            node = self._nodes[self._next_index]
            self._next_index += 1
            if self._is_open(node):
                self._lists.setdefault(self._class_of(node), deque()).append(node)
        best, self._best_class = None, 0
        for member_class, nodes in self._lists.items():
            while nodes and not (
                self._is_open(nodes[0]) and self._class_of(nodes[0]) == member_class
            ):
                nodes.popleft()
            if nodes and (best is None or self._class_gain(member_class) > best):
                best, self._best_class = self._class_gain(member_class), member_class
        return best

    def _class_gain(self, member_class: int) -> float:
        if self.in_order:
            return self.expected.gain.mean
        estimate = self._gains.get(member_class)
        return estimate.mean if estimate else self._class_prior(member_class)

    def _class_prior(self, member_class: int) -> float:
        """Return the prior of a class: as long a list as its known share tells, at most a page."""
        if not member_class:
            return self._prior_gain
        known = 1 << member_class - 1
        return min(self._prior_gain, known / max(_KNOWN_SHARE_MIN, self._known_share.mean))

    def ready(self) -> int:
        """Return 1 when there is a list."""
        return int(self.best_gain() is not None)

    def take(self) -> Task:
        """Take a list of the class with the best yield."""
        if self.best_gain() is None:
            raise LookupError(f"no open request in queue {self.name}")
        node = self._lists[self._best_class].popleft()
        self._in_flight[node] = self._members[node]
        return self._task([node])

    def learn(
        self, task: Task, gain: float, discovered: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Learn also the gain of the class that the list was in when it was requested."""
        super().learn(task, gain, discovered, items, goes_on)
        member_class = self._in_flight.pop(task.nodes[0], 0).bit_length()
        if member_class not in self._gains:
            prior = self._class_prior(member_class)
            self._gains[member_class] = Estimate(prior, newest_weight=_NEWEST_WEIGHT)
        self._gains[member_class].learn(gain)

    def set_list_total(self, node: int, total: int) -> None:
        """Learn which share of a list was known, from the total that its first page announces."""
        if total > 0:
            self._known_share.learn(min(1.0, self._in_flight.get(node, 0) / total))

    def pending(self) -> int:
        """Return an upper bound of the open requests: known lists not requested."""
        return sum(map(len, self._lists.values())) + len(self._nodes) - self._next_index
