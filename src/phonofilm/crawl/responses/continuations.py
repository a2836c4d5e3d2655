"""Record which page of a list follows a response, and how much a list that ended fell short."""

from __future__ import annotations

from collections.abc import Mapping

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.base import ListObserver
from phonofilm.crawl.responses.pagination import FAILED_PAGES_MAX, PageCheck, PaginationGuard
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.records import BY_KIND, Record
from phonofilm.sources.contract import Finding, Page, Request
from phonofilm.sources.manifest import Endpoint

# Records that stand for a position in a list; other items are counted by their own kind.
_POSITIONS = ("entry", "chart_entry")
# What lists of a genre announce is what a search counts, and no promise (decisions/0004).
_COUNTED_BY_SEARCH = ("genre",)


class ContinuationRecorder:
    """Pages that follow, by list: an endpoint with a node."""

    def __init__(
        self,
        *,
        endpoints: Mapping[str, Endpoint],
        access: str,
        scope: Scope,
        frontier: Frontier,
        lists: ListObserver,
    ) -> None:
        self._endpoints, self._access, self._scope = endpoints, access, scope
        self._frontier, self._lists = frontier, lists
        self._guard = PaginationGuard(frontier)

    def record(self, task: Task, page: Page, new_nodes: int) -> int:
        """Record the pages after a response that discovered so many nodes.

        Returns the offset at which the response really begins.
        """
        check = self._check(task, page)
        if check.finding:
            page.findings.append(check.finding)
            page.continues = []
        followed = [self._follow(task, page, link, new_nodes) for link in page.continues]
        if not any(followed) and len(task.request.ids) == 1:
            self._end_list(task, page, check)
        return check.offset

    def _check(self, task: Task, page: Page) -> PageCheck:
        request = task.request
        if len(request.ids) != 1 or not (page.continues or request.offset):
            return PageCheck(request.offset)
        return self._guard.check(task, page, self._list_of(task, page), task.nodes[0])

    def _list_of(self, task: Task, page: Page) -> str:
        """Return the endpoint of a list: a first page may be embedded in another response."""
        return page.continues[0].endpoint if page.continues else task.request.endpoint

    def _follow(self, task: Task, page: Page, link: Request, new_nodes: int) -> bool:
        """Add the next page of a list; tell whether the list goes on."""
        endpoint = self._endpoints.get(link.endpoint)
        if endpoint is None or not _is_within_reach(link.offset, endpoint):
            return False
        if self._scope.closed and endpoint.role == "search" and endpoint.item_kind == "artist":
            return False  # the artist of that very name is on the first page or nowhere
        node = _node_of(task, link.ids)
        brought = new_nodes if link.cursor else len(page.records)
        finding = self._guard.follow(task, link, node, brought)
        if finding:
            page.findings.append(finding)
            if finding.kind == "barren_pages" and link.cursor:
                self._lists.abandon(link, node, page.total)
            return False
        since = endpoint.gone.get(self._access)
        if since and link.endpoint != task.request.endpoint:  # a wider access level reads it
            reason = f"gone at access {self._access} since {since}"
            page.findings.append(Finding("list_not_available", f"{link.key}: {reason}"))
        if not self._guard.is_requested(task, link, node):
            self._add(link, node, page.total)
        return True

    def _add(self, link: Request, node: int, total: int | None) -> None:
        row = self._frontier.add_continuation(link, node, total)
        self._lists.add_continuation(link, row, node, total)

    def _end_list(self, task: Task, page: Page, check: PageCheck) -> None:
        """Record how many of its announced items a list did not give."""
        name, node = task.request.endpoint, task.nodes[0]
        endpoint = self._endpoints[name]
        if not endpoint.paging or not _announces(endpoint):
            return
        progress = self._guard.progress(task, name, node)
        total = page.total if page.total is not None else progress.total
        if total is None or (endpoint.max_offset and total > endpoint.max_offset):
            return
        items = 0 if check.finding else _count_items(endpoint, page.records)
        missing = total - task.request.offset - items
        self._frontier.set_shortfall(name, node, max(0, missing, progress.failed_items))

    def skip(self, task: Task) -> None:
        """Go on after a page that failed, where the list is known to be longer.

        The page itself is requested again by the next run.
        """
        request, endpoint = task.request, self._endpoints[task.request.endpoint]
        if not endpoint.paging or request.cursor or len(request.ids) != 1:
            return
        node, size = task.nodes[0], endpoint.page_size(self._access)
        progress = self._guard.progress(task, request.endpoint, node)
        total = progress.total or self._frontier.continuation_total(task.continuation_row)
        if total is None or total <= request.offset:
            return
        progress.total = total
        progress.failed_pages += 1
        progress.failed_items += min(size, total - request.offset)
        self._frontier.set_shortfall(request.endpoint, node, progress.failed_items)
        link = request._replace(offset=request.offset + size)
        if link.offset >= total or progress.failed_pages > FAILED_PAGES_MAX:
            return
        if not self._guard.is_requested(task, link, node):
            self._add(link, node, total)


def _announces(endpoint: Endpoint) -> bool:
    """Tell whether the announced size of a list counts what belongs to its node."""
    kind = endpoint.node_kind
    return endpoint.role == "contain" and kind in BY_KIND and kind not in _COUNTED_BY_SEARCH


def _count_items(endpoint: Endpoint, records: list[Record]) -> int:
    """Count the items of a page: positions where the list has them, else records of its kind."""
    positions = sum(record.kind in _POSITIONS for record in records)
    return positions or sum(record.kind == endpoint.item_kind for record in records)


def _node_of(task: Task, ids: tuple[str, ...]) -> int:
    """Return the node of a continuation; one of a batch continues only one of its ids."""
    return task.nodes[0 if ids == task.request.ids else task.request.ids.index(ids[0])]


def _is_within_reach(offset: int, endpoint: Endpoint) -> bool:
    """Tell whether some page size keeps a request at this offset below the maximum."""
    if not endpoint.max_offset:
        return True
    return offset + min(endpoint.page.values()) <= endpoint.max_offset
