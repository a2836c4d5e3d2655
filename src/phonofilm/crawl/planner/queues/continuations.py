"""Queue of pages after the first: which list to go on with.

The new share of a page is estimated in one of two ways. Where records name the lists that they
stand in, the known members of a list tell how many of its items are unknown:
(total - known members) / (total - offset). Otherwise the new share of pages at the same depth
counts, and the new share of the last pages of that very list.
"""

from __future__ import annotations

import heapq
from itertools import count

from phonofilm.crawl.frontier.levels import FOLLOWED, flags_from
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.estimates import Estimate
from phonofilm.crawl.planner.queues.base import OpenLists, QueueOptions, RequestQueue
from phonofilm.crawl.planner.queues.list_ends import ListEnds, OpenPage
from phonofilm.sources.contract import Request

# Heap entries that are estimated anew for one choice, at most: estimates of pages only ever shrink.
# Chosen in November 2026, not tuned.
_REFRESHED_MAX = 8
_SHRUNK = 1e-9  # an estimate that is lower by less than this is the same
# Deeper pages are like those of this depth.
_DEPTH_MAX = 6
# The last five pages of a depth decide, and the last two of a list. Set with the closed worlds of
# benchmarks/policies.py, November 2026; a fifth for the newest was kept against other weights
# (benchmarks/RESULTS.md, "Calls that policies spend").
_NEWEST_WEIGHT, _LIST_NEWEST_WEIGHT = 0.2, 0.5
# Of unknown members, 90 % are expected to be new records; that counts as much as five pages. Then
# the last 50 pages decide. Totals drift, so counting alone rules no page out. Set with the same
# worlds; no alternative is recorded.
_MEMBER_PRIOR, _MEMBER_PRIOR_PAGES, _MEMBER_NEWEST_WEIGHT, _MEMBER_MAX = 0.9, 5.0, 0.02, 2.0
_GAIN_MIN = 0.001
# A page whose list is at its announced end may still hold an item.
_ITEMS_MIN = 0.5
_FOLLOWED_FLAGS_MIN = flags_from(FOLLOWED)


class ContinuationQueue(RequestQueue):
    """Queue of next pages, at most one of each list."""

    def __init__(self, options: QueueOptions) -> None:
        super().__init__(options)
        self.counted = options.counted
        self.ends = ListEnds(options.list_sizes)
        self._page_size = options.page_size
        self._flags = self._frontier.index.flags
        self._members = self._frontier.index.list_members
        self._pages: dict[int, OpenPage] = {}  # by node
        # Expected gain (negative), order of entry, version of the page, page.
        self._heap: list[tuple[float, int, int, OpenPage]] = []
        self._unfollowed: list[OpenPage] = []
        self._order = count()
        self._new_shares: list[Estimate] = []  # by depth
        self._member_yield = Estimate(_MEMBER_PRIOR, _MEMBER_PRIOR_PAGES, _MEMBER_NEWEST_WEIGHT)
        self._in_flight: dict[int, tuple[OpenPage, float]] = {}  # with unknown members, by row
        self._abandoned: dict[int, int] = {}  # items that no page listed, by node

    def add(self, request: Request, row: int, node: int, total: int | None) -> None:
        """Add the next page of a list, by its row in the frontier."""
        page, previous = OpenPage(request, row, node, total), self._pages.get(node)
        if previous is not None:
            page.depth, page.new_share = previous.depth + 1, previous.new_share
        self._pages[node] = page
        self._enqueue(page)

    def abandon(self, request: Request, node: int, total: int | None) -> None:
        """Leave a list in this run, because the pagination guard saw too many empty pages.

        The list stays open for the next run, unless all items that it announces were listed.
        """
        page = OpenPage(request, 0, node, total)
        if not self.ends.is_announced(page):
            self._frontier.add_continuation(request, node)
            self._abandoned[node] = 1
            return
        # The page before was empty, too; `on_page` counts it only later.
        unlisted = self.ends.items_after(page) + 1
        if unlisted > 0:
            self._frontier.add_continuation(request, node, request.offset + unlisted)
            self._abandoned[node] = unlisted

    def goes_on(self, task: Task) -> bool:
        """Tell whether a response linked to another page of a list that has a pagination guard."""
        page = self._pages.get(task.nodes[0])
        return page is not None and bool(page.cursor) and page.row != task.continuation_row

    def on_page(self, node: int, gain: float, items: int, new: int) -> None:
        """Estimate the next page of a list from the new items of the page before."""
        self.ends.add_page(items, new)
        page = self._pages.get(node)
        if page is None:
            return
        if page.cursor and not items:
            self.ends.add_empty_page(node)
        if items and not self.in_order:
            share, previous = gain / items, page.new_share
            page.new_share = (
                share if previous is None else previous + _LIST_NEWEST_WEIGHT * (share - previous)
            )
            self._enqueue(page)

    def _enqueue(self, page: OpenPage) -> None:
        page.version += 1
        gain = 0.0 if self.in_order else self._gain(page)
        heapq.heappush(self._heap, (-gain, next(self._order), page.version, page))
        self.stale = True

    def _gain(self, page: OpenPage) -> float:
        """Estimate the gain of a page."""
        if self._counts_members(page):
            items = min(self._items(page), self._unknown_members(page))
            return max(_GAIN_MIN, self._member_yield.mean * items)
        at_depth = self._new_share_at(page.depth)
        of_list = at_depth if page.new_share is None else page.new_share
        return self._items(page) * (at_depth + of_list) / 2

    def _items(self, page: OpenPage) -> float:
        """Estimate the items of a page, known or not."""
        size = self._page_size
        if page.total is None:
            return size
        return max(_ITEMS_MIN, min(size, page.total - page.offset))

    def _unknown_members(self, page: OpenPage) -> float:
        """Estimate the unknown members on a page, as if they were spread evenly over the rest."""
        total = page.total or 0
        unknown = max(0, total - self._members[page.node])
        return self._items(page) * unknown / max(1, total - page.offset)

    def _counts_members(self, page: OpenPage) -> bool:
        """Tell whether known members say how much is unknown: not of lists that only seem to end.

        A total at the maximal offset may be a limit of the source, not the size of the list.
        """
        offset_max = self.spec.max_offset
        is_size = not (offset_max and page.total is not None and page.total >= offset_max)
        return self.counted and page.total is not None and is_size

    def _new_share_at(self, depth: int) -> float:
        """Estimate the new share of pages at a depth; below the deepest, that of the deepest."""
        if not self._new_shares:
            return min(1.0, self.expected.gain.mean / self._page_size)
        return self._new_shares[min(depth, len(self._new_shares) - 1)].mean

    def _find_best(self) -> float | None:
        if not self._heap and self._unfollowed:
            unfollowed, self._unfollowed = self._unfollowed, []
            for unfollowed_page in unfollowed:
                self._enqueue(unfollowed_page)
        if self.in_order:
            return None if self._top() is None else self.expected.gain.mean
        gain = 0.0
        for _ in range(_REFRESHED_MAX):
            page = self._top()
            if page is None:
                return None
            gain = self._gain(page)
            if gain >= -self._heap[0][0] - _SHRUNK:
                break
            heapq.heapreplace(self._heap, (-gain, next(self._order), page.version, page))
        return gain

    def _top(self) -> OpenPage | None:
        """Return the first page of the heap; pages of lists that are not followed are set aside."""
        while self._heap:
            *_, version, page = self._heap[0]
            if version == page.version:
                if self._flags[page.node] >= _FOLLOWED_FLAGS_MIN:
                    return page
                self._unfollowed.append(page)
            heapq.heappop(self._heap)
        return None

    def ready(self) -> int:
        """Return 1 when there is a page."""
        return int(self.best_gain() is not None)

    def take(self) -> Task:
        """Take the page with the highest expected gain."""
        if self.best_gain() is None:
            raise LookupError(f"no open request in queue {self.name}")
        page = heapq.heappop(self._heap)[3]
        page.version += 1
        self.stale = True
        unknown = self._unknown_members(page) if self._counts_members(page) else 0.0
        self._in_flight[page.row] = (page, unknown)
        ids = page.ids or (self._frontier.id_of(page.node),)  # the frontier stores no ids of pages
        request = Request(endpoint=self.endpoint, ids=ids, offset=page.offset, cursor=page.cursor)
        return Task(request=request, nodes=(page.node,), continuation_row=page.row, queue=self.name)

    def learn(
        self, task: Task, gain: float, discovered: dict[str, int], items: int, goes_on: bool = False
    ) -> None:
        """Learn also the new share of pages at that depth, and the yield of unknown members."""
        super().learn(task, gain, discovered, items, goes_on)
        page, unknown = self._in_flight.pop(task.continuation_row or 0, (None, 0.0))
        if page is None:
            return
        if unknown > 0:
            self._member_yield.learn(min(_MEMBER_MAX, gain / unknown))
        if items:
            self._learn_new_share(min(page.depth, _DEPTH_MAX), gain / items)
        if self._pages.get(page.node) is page:
            del self._pages[page.node]

    def _learn_new_share(self, depth: int, share: float) -> None:
        while len(self._new_shares) <= depth:
            prior = self._new_share_at(depth)
            self._new_shares.append(Estimate(prior, newest_weight=_NEWEST_WEIGHT))
        self._new_shares[depth].learn(share)

    def unfinished(self, given_up: bool) -> OpenLists:
        """Count abandoned lists, and all others with an open page when this queue is given up."""
        unlisted = [*self._abandoned.values()]
        if given_up:
            unlisted += [n for page in self._followed() if (n := self._unlisted(page)) > 0]
        return OpenLists(len(unlisted), sum(unlisted))

    def _unlisted(self, page: OpenPage) -> int:
        """Return the items that no page listed; a link to another page promises one at least."""
        if not self.ends.is_announced(page):
            return 1
        if self._counts_members(page):
            return (page.total or 0) - self._members[page.node]
        return self.ends.items_after(page)

    def pending(self) -> int:
        """Count the open pages of followed lists: another scope may have left others open."""
        return len(self._followed())

    def _followed(self) -> list[OpenPage]:
        """Return the open pages of followed lists."""
        flags = self._flags
        return [p for p in self._pages.values() if flags[p.node] >= _FOLLOWED_FLAGS_MIN]
