"""Guard of all paged lists: no circles, no endless lists, no page that is counted twice.

Services were seen to ignore an offset and send the first page for ever (Spotify, 2018), to repeat
one link for ever, to give empty pages with a link for a while between full ones, and to give the
same items under ever new links (SoundCloud, 2017 to 2026). A page that begins elsewhere than was
asked for, a repeated one, and one past the announced total end a list.
"""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.sources.contract import Finding, Page, Request

# Full pages were recorded after two empty ones in a row; ten times that is patience enough.
EMPTY_PAGES_MAX = 20
# An offset is ours, so a gap of empty pages is short or an end. Chosen in November 2026, not tuned.
EMPTY_OFFSETS_MAX = 3
# Pages in a row that may fail before a list is left to the next run. Chosen, not tuned.
FAILED_PAGES_MAX = 3
# Chosen in November 2026, not tuned: no list of a source is known to be so long.
PAGES_MAX = 10_000


class PageCheck(NamedTuple):
    """Where a page really begins, and the finding that ends its list."""

    offset: int
    finding: Finding | None = None


class ListProgress:
    """Progress through one list, in this run: its pages, and what was requested of it.

    `pages` are offsets by the hash of the node ids on a page; `requested` are offsets, or hashes of
    cursors.
    """

    __slots__ = (
        "empty_pages",
        "failed_items",
        "failed_pages",
        "page_count",
        "pages",
        "requested",
        "total",
    )

    def __init__(self, requested: set[int]) -> None:
        self.requested, self.page_count = requested, len(requested)
        self.pages: dict[int, int] = {}
        self.empty_pages = self.failed_pages = self.failed_items = 0
        self.total: int | None = None


class PaginationGuard:
    """Lists that are being followed, by endpoint and node."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._lists: dict[tuple[str, int], ListProgress] = {}

    def check(self, task: Task, page: Page, endpoint: str, node: int) -> PageCheck:
        """Check a page of the list that an endpoint continues, against its request and total."""
        progress, request = self.progress(task, endpoint, node), task.request
        progress.total = page.total if page.total is not None else progress.total
        progress.failed_pages = 0
        if page.offset is not None and page.offset != request.offset:
            detail = f"{request.key}: the page begins at {page.offset}"
            return PageCheck(max(0, page.offset), Finding("ignored_offset", detail))
        ids = [record.id for record in page.records if record.kind in NODE_KINDS]
        repeated = progress.pages.setdefault(hash(tuple(ids)), request.offset) if ids else None
        trusted = page.offset is not None and request.offset < (page.total or 0)
        if repeated is not None and repeated != request.offset and not trusted:
            detail = f"{request.key}: the same items as at {repeated}"
            return PageCheck(repeated, Finding("repeated_page", detail))
        if ids and page.total is not None and request.offset >= page.total > 0:
            detail = f"{request.key}: past the announced {page.total} items"
            return PageCheck(request.offset, Finding("past_total", detail))
        return PageCheck(request.offset)

    def follow(self, task: Task, link: Request, node: int, brought: int) -> Finding | None:
        """Return None when the link after a response is followed, else the finding that says why.

        `brought` is what the response brought: new nodes where a cursor leads on, because the same
        items come under new links, and any items where an offset does.
        """
        progress = self.progress(task, link.endpoint, node)
        progress.page_count += 1
        progress.empty_pages = 0 if brought else progress.empty_pages + 1
        key = task.request.key
        empty_pages_max = EMPTY_PAGES_MAX if link.cursor else EMPTY_OFFSETS_MAX
        if link.cursor and page_key(link) in progress.requested:
            return Finding("repeating_link", f"{key} leads back to {link.cursor[:80]}")
        if progress.empty_pages >= empty_pages_max:
            return Finding("barren_pages", f"{key}: {progress.empty_pages} with nothing new")
        if progress.page_count >= PAGES_MAX:
            return Finding("endless_list", f"{key}: {progress.page_count} pages")
        return None

    def is_requested(self, task: Task, link: Request, node: int) -> bool:
        """Tell whether a page was requested before; note that it is requested now."""
        requested = self.progress(task, link.endpoint, node).requested
        known = page_key(link) in requested
        requested.add(page_key(link))
        return known

    def progress(self, task: Task, endpoint: str, node: int) -> ListProgress:
        """Return the progress of a list; one that an earlier run began has its stored pages."""
        key = (endpoint, node)
        if key not in self._lists:
            stored = self._frontier.pages(*key) if task.request.offset > 0 else ()
            self._lists[key] = ListProgress({page_key(page) for page in stored})
        return self._lists[key]


def page_key(page: Request) -> int:
    """Return what tells the pages of one list apart: the cursor by hash, or the offset."""
    return hash(page.cursor) if page.cursor else page.offset
