"""Lists that go on over many pages: which list to begin, which to go on with.

A list says how many things stand in it, and what is known of things says in which lists they
stand: a genre, a word of a name. So the share of a list that is not known yet is often known
before it is asked for: (total - known members) / (total - places seen).
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from itertools import count

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.crawl.frontier.levels import FOLLOWED
from phonofilm.crawl.planner.estimates import Estimate, GainEstimate
from phonofilm.crawl.planner.queues.base import NodeQueue, OpenLists, RequestQueue
from phonofilm.sources.contract import Request
from phonofilm.sources.manifest import Endpoint

# Entries looked at anew for one choice, at most: what a list holds for us only ever shrinks.
_REFRESHED = 8
_DEPTHS = 6
# What lists hold for us shrinks while we know more: only the last few tell.
_FAST = 0.2


class CountedListQueue(NodeQueue):
    """First pages of lists whose known members are counted, by the order of that count."""

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
        self._queues: dict[int, deque[int]] = {}
        self._by_count: dict[int, Estimate] = {}
        self._first = expected.gain
        self._known_share = Estimate(0.2, 2.0)
        self._under_way: dict[int, int] = {}
        self._cursor = 0
        self._chosen = 0

    def _class(self, node: int) -> int:
        return 0 if self.plain else self._frontier.index.list_members[node].bit_length()

    def bump(self, node: int, before: int) -> None:
        """Another member of a list became known."""
        here = self._class(node)
        if here != before.bit_length() and self._wanted(node):
            self._queues.setdefault(here, deque()).append(node)
            self.stale = True

    def touch(self, origin: str = "") -> None:
        """New lists were told of."""
        self.stale = self.stale or self._cursor < len(self._nodes)

    def _find(self) -> float | None:
        while self._cursor < len(self._nodes):
            node = self._nodes[self._cursor]
            self._cursor += 1
            if self._wanted(node):
                self._queues.setdefault(self._class(node), deque()).append(node)
        best, self._chosen = None, 0
        for counted, queue in self._queues.items():
            while queue and not (self._wanted(queue[0]) and self._class(queue[0]) == counted):
                queue.popleft()
            if queue and (best is None or self._worth(counted) > best):
                best, self._chosen = self._worth(counted), counted
        return best

    def _worth(self, counted: int) -> float:
        if self.plain:
            return self.expected.gain
        held = self._by_count.get(counted)
        return held.mean if held else self._guess(counted)

    def _guess(self, counted: int) -> float:
        """Nobody asked for such a list yet: as long as its known part tells."""
        if not counted:
            return self._first
        return min(self._first, (1 << counted - 1) / max(0.05, self._known_share.mean))

    def ready(self) -> int:
        """One list at a time."""
        return int(self.best() is not None)

    def take(self) -> Task:
        """A list of the most promising length."""
        if self.best() is None:
            raise LookupError(f"nothing to ask of {self.name}")
        node = self._queues[self._chosen].popleft()
        self._under_way[node] = self._frontier.index.list_members[node]
        return self._ask([node])

    def learn(
        self, ask: Task, gain: float, met: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Lists of this length bring so much."""
        super().learn(ask, gain, met, items, goes_on)
        known = self._under_way.pop(ask.nodes[0], 0)
        counted = known.bit_length()
        if counted not in self._by_count:
            self._by_count[counted] = Estimate(self._guess(counted), 1.0, _FAST)
        self._by_count[counted].learn(gain)

    def set_list_total(self, node: int, total: int) -> None:
        """A list says how long it is."""
        if total > 0:
            self._known_share.learn(min(1.0, self._under_way.get(node, 0) / total))

    def pending(self) -> int:
        """Lists known and not asked, at most."""
        return sum(map(len, self._queues.values())) + len(self._nodes) - self._cursor


class Continuation:
    """The part of a list that was not asked for yet."""

    __slots__ = ("cursor", "depth", "ids", "latest", "node", "offset", "row", "total", "version")

    def __init__(self, request: Request, row: int, node: int, total: int | None) -> None:
        self.row, self.node, self.total = row, node, total
        self.offset, self.cursor, self.ids = request.offset, request.cursor, request.ids
        self.depth = self.version = 0
        self.latest: float | None = None


class ContinuationQueue(RequestQueue):
    """Pages after an answer. `counted` lists tell by their members how much of them is new."""

    def __init__(
        self,
        name: str,
        spec: Endpoint,
        expected: GainEstimate,
        frontier: Frontier,
        page_size: int,
        plain: bool = False,
        counted: bool = False,
    ) -> None:
        super().__init__(name, spec, expected, plain)
        self._frontier, self._page_size, self.counted = frontier, page_size, counted
        self._tails: dict[int, Continuation] = {}
        self._heap: list[tuple[float, int, int, Continuation]] = []
        self._aside: list[Continuation] = []
        self._order = count()
        self._by_depth: list[Estimate] = []
        self._held_share = Estimate(0.9, 5.0, 0.02)
        self._under_way: dict[int, tuple[Continuation, float]] = {}
        self.sizes: dict[int, int] = {}  # by node: as announced by the node's own record
        self._empty_pages: Counter[int] = Counter()  # by node, in this run
        self._abandoned: dict[int, int] = {}  # by node: announced items that no page listed
        self._new_share = Estimate(1.0)

    @property
    def new_share(self) -> float:
        """Share of the listed items of late pages that were new; 1 before any item came."""
        return self._new_share.mean

    def add(self, request: Request, row: int, node: int, total: int | None) -> None:
        """A page was told of."""
        tail = Continuation(request, row, node, total)
        held = self._tails.get(node)
        if held is not None:
            tail.depth, tail.latest = held.depth + 1, held.latest
        self._tails[node] = tail
        self._push(tail)

    def abandon(self, request: Request, node: int, total: int | None) -> None:
        """Leave a list in this run: the pagination guard saw too many pages without news.

        The list stays open for the next run, unless all items that it announces were listed.
        """
        if total is None and node not in self.sizes:
            self._frontier.add_continuation(request, node)
            self._abandoned[node] = 1
            return
        # The last page was an empty one, too; `credit` counts it only later.
        unlisted = self._announced(Continuation(request, 0, node, total)) + 1
        if unlisted > 0:
            self._frontier.add_continuation(request, node, request.offset + unlisted)
            self._abandoned[node] = unlisted

    def goes_on(self, ask: Task) -> bool:
        """Tell whether a response linked to another page of a list that has a pagination guard."""
        page = self._tails.get(ask.nodes[0])
        return page is not None and bool(page.cursor) and page.row != ask.continuation_row

    def unfinished(self, given_up: bool) -> OpenLists:
        """Count abandoned lists, and all others with an open page when this queue is given up."""
        unlisted = [*self._abandoned.values()]
        if given_up:
            unlisted += [n for page in self._tails.values() if (n := self._unlisted(page)) > 0]
        return OpenLists(len(unlisted), sum(unlisted))

    def _unlisted(self, page: Continuation) -> int:
        """Items of a list that no page listed; a link to another page promises one at least."""
        if page.total is None and page.node not in self.sizes:
            return 1
        if self._tells(page):
            return (page.total or 0) - self._frontier.index.list_members[page.node]
        return self._announced(page)

    def _announced(self, page: Continuation) -> int:
        """Items between a page and the end that is announced; an empty page takes one offset."""
        end = self.sizes.get(page.node, 0) if page.total is None else page.total
        return end + self._empty_pages[page.node] - page.offset

    def credit(self, node: int, gain: float, items: int, new: int = 0) -> None:
        """The page before it brought so much."""
        if items:
            self._new_share.learn(min(1.0, new / items))
        tail = self._tails.get(node)
        if tail is not None and tail.cursor and not items:
            self._empty_pages[node] += 1
        if tail is not None and items and not self.plain:
            share = gain / items
            held = tail.latest
            tail.latest = share if held is None else held + 0.5 * (share - held)
            self._push(tail)

    def _push(self, tail: Continuation) -> None:
        tail.version += 1
        worth = 0.0 if self.plain else -self._worth(tail)
        heapq.heappush(self._heap, (worth, next(self._order), tail.version, tail))
        self.stale = True

    def _items(self, tail: Continuation) -> float:
        size = self._page_size
        return size if tail.total is None else max(0.5, min(size, tail.total - tail.offset))

    def _raw(self, tail: Continuation) -> float:
        """New things of a page by the members known of its list."""
        total = tail.total or 0
        unknown = max(0, total - self._frontier.index.list_members[tail.node])
        return self._items(tail) * unknown / max(1, total - tail.offset)

    def _tells(self, tail: Continuation) -> bool:
        """Whether the members known say how much is left: not of lists that go on for ever."""
        reach = self.spec.max_offset
        return self.counted and tail.total is not None and not (reach and tail.total >= reach)

    def _worth(self, tail: Continuation) -> float:
        if self._tells(tail):  # totals drift: nothing is ruled out by counting alone
            return max(0.001, self._held_share.mean * min(self._items(tail), self._raw(tail)))
        drawn = self._share(tail.depth)
        latest = drawn if tail.latest is None else tail.latest
        return self._items(tail) * (drawn + latest) / 2

    def _share(self, depth: int) -> float:
        """The new part of pages so deep; deeper than any asked is like the deepest."""
        if not self._by_depth:
            return min(1.0, self.expected.gain / self._page_size)
        return self._by_depth[min(depth, len(self._by_depth) - 1)].mean

    def _find(self) -> float | None:
        if not self._heap and self._aside:
            kept, self._aside = self._aside, []
            for waiting in kept:
                self._push(waiting)
        if self.plain:
            return None if self._top() is None else self.expected.gain
        worth = 0.0
        for _ in range(_REFRESHED):
            tail = self._top()
            if tail is None:
                return None
            worth = self._worth(tail)
            if worth >= -self._heap[0][0] - 1e-9:
                break
            heapq.heapreplace(self._heap, (-worth, next(self._order), tail.version, tail))
        return worth

    def _top(self) -> Continuation | None:
        """The first page that is still to be asked; those of lists not followed wait aside."""
        while self._heap:
            *_, version, tail = self._heap[0]
            if version == tail.version:
                if self._frontier.level(tail.node) >= FOLLOWED:
                    return tail
                self._aside.append(tail)
            heapq.heappop(self._heap)
        return None

    def ready(self) -> int:
        """One page at a time."""
        return int(self.best() is not None)

    def take(self) -> Task:
        """The page that is expected to bring most."""
        if self.best() is None:
            raise LookupError(f"nothing to ask of {self.name}")
        tail = heapq.heappop(self._heap)[3]
        tail.version += 1
        self.stale = True
        self._under_way[tail.row] = (tail, self._raw(tail) if self._tells(tail) else 0.0)
        ids = tail.ids or (self._frontier.id_of(tail.node),)  # an earlier run kept no ids
        request = Request(self.endpoint, ids, tail.offset, tail.cursor)
        return Task(request, (tail.node,), tail.row, self.name)

    def learn(
        self, ask: Task, gain: float, met: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Pages so deep bring so much of what they hold."""
        super().learn(ask, gain, met, items, goes_on)
        tail, raw = self._under_way.pop(ask.continuation_row or 0, (None, 0.0))
        if tail is None:
            return
        if raw > 0:
            self._held_share.learn(min(2.0, gain / raw))
        if items:
            self._learn_share(min(tail.depth, _DEPTHS), gain / items)
        if self._tails.get(tail.node) is tail:
            del self._tails[tail.node]

    def _learn_share(self, depth: int, share: float) -> None:
        while len(self._by_depth) <= depth:
            self._by_depth.append(Estimate(self._share(depth), 1.0, _FAST))
        self._by_depth[depth].learn(share)

    def pending(self) -> int:
        """Pages told of and not asked."""
        return len(self._tails)
