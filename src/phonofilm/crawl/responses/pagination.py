"""Lists followed from next link to next link: none goes in circles, none goes on for ever.

Services were seen to repeat one link for ever, to give empty pages with a link for a while between
full ones, and to give the same things under ever new links (SoundCloud, 2017 to 2026).
"""

from __future__ import annotations

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.sources.contract import Finding, Request

# Full pages were recorded after two empty ones in a row; so many are patience enough.
EMPTY_PAGES_MAX = 20
PAGES_MAX = 10_000


class ListProgress:
    """One list on its way: the links it gave, and the pages in a row that told nothing new."""

    __slots__ = ("barren", "pages", "seen")

    def __init__(self, seen: set[int]) -> None:
        self.seen, self.pages, self.barren = seen, len(seen), 0


class PaginationGuard:
    """The lists that are being followed, by endpoint and node."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._trails: dict[tuple[str, int], ListProgress] = {}

    def follow(self, ask: Task, link: Request, node: int, fresh: int) -> Finding | None:
        """Why a link after an answer is not followed; None when it is."""
        trail = self._trail_of(ask, link, node)
        trail.pages += 1
        trail.barren = 0 if fresh else trail.barren + 1
        if hash(link.cursor) in trail.seen:
            return Finding("repeating_link", f"{ask.request.key} leads back to {link.cursor[:80]}")
        if trail.barren >= EMPTY_PAGES_MAX:
            return Finding("barren_pages", f"{ask.request.key}: {trail.barren} with nothing new")
        if trail.pages >= PAGES_MAX:
            return Finding("endless_list", f"{ask.request.key}: {trail.pages} pages")
        trail.seen.add(hash(link.cursor))
        return None

    def _trail_of(self, ask: Task, link: Request, node: int) -> ListProgress:
        """A list that an earlier run began is known by the links that were kept."""
        key = (link.endpoint, node)
        if key not in self._trails:
            begun = ask.request.offset > 0
            kept = self._frontier.cursors(*key) if begun else []
            self._trails[key] = ListProgress({hash(cursor) for cursor in kept})
        return self._trails[key]
