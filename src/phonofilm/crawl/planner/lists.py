"""Observer of lists: it hands their sizes, members and next pages to the queues."""

from __future__ import annotations

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.queue_set import QueueSet
from phonofilm.crawl.planner.queues.counted_lists import CountedListQueue
from phonofilm.crawl.planner.queues.sized_lists import SizedListQueue
from phonofilm.sources.contract import Request


class QueueLists:
    """Observer of lists for the queues of a planner."""

    def __init__(self, queues: QueueSet, frontier: Frontier) -> None:
        self._queues = queues
        self._members = frontier.index.list_members

    @property
    def counted_kinds(self) -> frozenset[str]:
        """Kinds of lists whose known members are counted."""
        return frozenset(self._queues.counted)

    def set_total(self, task: Task, total: int | None) -> None:
        """Set the total that a page announces for its list."""
        queue = self._queues.by_name.get(task.queue)
        if total is not None and isinstance(queue, CountedListQueue):
            queue.set_list_total(task.nodes[0], total)

    def set_size(self, endpoint: str, node: int, size: int) -> None:
        """Set the size that a record announces for a list of its own."""
        queue = self._queues.by_name.get(endpoint)
        if isinstance(queue, SizedListQueue):
            queue.set_size(node, size)

    def add_members(self, kind: str, node: int, number: int) -> None:
        """Count new members of a list; one that becomes known by its first member is added."""
        before = self._members[node]
        self._members[node] = before + number
        for queue in self._queues.counted[kind]:
            queue.on_new_members(node, before)
            queue.on_discovery()
        for continuations in self._queues.counted_continuations:
            continuations.stale = True

    def add_continuation(self, request: Request, row: int, node: int, total: int | None) -> None:
        """Add the next page of a list, by its row in the frontier."""
        queue = self._queues.continuations.get(request.endpoint)
        if queue is not None:
            queue.add(request, row, node, total)

    def abandon(self, request: Request, node: int, total: int | None) -> None:
        """Leave a list that gave too many empty pages; its next page is not requested."""
        queue = self._queues.continuations.get(request.endpoint)
        if queue is not None:
            queue.abandon(request, node, total)
