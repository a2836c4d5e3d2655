"""Guard of lists that are followed from next link to next link: no circles, no endless lists.

Services were seen to repeat one link for ever, to give empty pages with a link for a while between
full ones, and to give the same items under ever new links (SoundCloud, 2017 to 2026).
"""

from __future__ import annotations

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.sources.contract import Finding, Request

# Full pages were recorded after two empty ones in a row; ten times that is patience enough.
EMPTY_PAGES_MAX = 20
# Chosen in November 2026, not tuned: no list of a source is known to be so long.
PAGES_MAX = 10_000


class ListProgress:
    """Progress through one list: its cursors by hash, pages, and empty pages in a row."""

    __slots__ = ("cursors", "empty_pages", "pages")

    def __init__(self, cursors: set[int]) -> None:
        self.cursors, self.pages, self.empty_pages = cursors, len(cursors), 0


class PaginationGuard:
    """Lists that are being followed, by endpoint and node."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._lists: dict[tuple[str, int], ListProgress] = {}

    def follow(self, task: Task, link: Request, node: int, new_nodes: int) -> Finding | None:
        """Return None when the link after a response is followed, else the finding that says why.

        `new_nodes` is the number of nodes that the response discovered.
        """
        progress = self._progress(task, link, node)
        progress.pages += 1
        progress.empty_pages = 0 if new_nodes else progress.empty_pages + 1
        key = task.request.key
        if hash(link.cursor) in progress.cursors:
            return Finding("repeating_link", f"{key} leads back to {link.cursor[:80]}")
        if progress.empty_pages >= EMPTY_PAGES_MAX:
            return Finding("barren_pages", f"{key}: {progress.empty_pages} with nothing new")
        if progress.pages >= PAGES_MAX:
            return Finding("endless_list", f"{key}: {progress.pages} pages")
        progress.cursors.add(hash(link.cursor))
        return None

    def _progress(self, task: Task, link: Request, node: int) -> ListProgress:
        """Return the progress of a list; one that an earlier run began has its stored cursors."""
        key = (link.endpoint, node)
        if key not in self._lists:
            cursors = self._frontier.cursors(*key) if task.request.offset > 0 else []
            self._lists[key] = ListProgress({hash(cursor) for cursor in cursors})
        return self._lists[key]
