"""Ends that lists announce, and how many of their items no page listed.

A list announces its end by the total of a page, or by a field of its node's record (a track's
number of comments). Offsets count listed items; an empty page takes one offset, too. Lists that
ignore an offset are ended in `crawl/responses/pagination.py`.
"""

from __future__ import annotations

from collections import Counter

from phonofilm.crawl.planner.estimates import Estimate
from phonofilm.sources.contract import Request


class OpenPage:
    """The next page of a list. `total` is the announced total of the list; None when unknown."""

    __slots__ = ("cursor", "depth", "ids", "new_share", "node", "offset", "row", "total", "version")

    def __init__(self, request: Request, row: int, node: int, total: int | None) -> None:
        self.row, self.node, self.total = row, node, total
        self.offset, self.cursor, self.ids = request.offset, request.cursor, request.ids
        self.depth = 0  # pages of the list before it, in this run
        self.version = 0  # of its newest entry in the heap of its queue
        self.new_share: float | None = None  # gain per item of the last pages of the list


class ListEnds:
    """Announced ends of the lists of one endpoint, by node."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self._sizes = sizes
        self._empty_pages: Counter[int] = Counter()  # in this run
        self._new_share = Estimate(1.0)

    @property
    def new_share(self) -> float:
        """Share of the items of late pages that were new; 1 before any item came."""
        return self._new_share.mean

    def add_page(self, items: int, new: int) -> None:
        """Add a page with items, of which some were new."""
        if items:
            self._new_share.learn(min(1.0, new / items))

    def add_empty_page(self, node: int) -> None:
        """Add an empty page of a list that goes on."""
        self._empty_pages[node] += 1

    def is_announced(self, page: OpenPage) -> bool:
        """Tell whether the list announces its end."""
        return page.total is not None or page.node in self._sizes

    def items_after(self, page: OpenPage) -> int:
        """Return the items between the offset of a page and the announced end of its list."""
        end = self._sizes.get(page.node, 0) if page.total is None else page.total
        return end + self._empty_pages[page.node] - page.offset
