"""The queues of one crawl, made from the endpoints that are relevant for its goal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.queues.base import (
    PATIENCE_DIRECT,
    PATIENCE_INDIRECT,
    NodeQueue,
    QueueOptions,
    RequestQueue,
)
from phonofilm.crawl.planner.queues.batches import BatchQueue
from phonofilm.crawl.planner.queues.cohorts import CohortQueue
from phonofilm.crawl.planner.queues.continuations import ContinuationQueue
from phonofilm.crawl.planner.queues.counted_lists import CountedListQueue
from phonofilm.crawl.planner.queues.sized_lists import SizedListQueue
from phonofilm.crawl.planner.relevance import GoalEndpoints
from phonofilm.sources.manifest import Endpoint


class QueueSet:
    """Queues by name, and the indexes that responses are distributed by.

    An endpoint has a queue of first pages under its own name, if it is about a node, and a queue of
    further pages under its name and `+`, if it has pages.
    """

    def __init__(
        self, endpoints: GoalEndpoints, frontier: Frontier, absent: frozenset[str], in_order: bool
    ) -> None:
        self._endpoints, self._frontier, self._in_order = endpoints, frontier, in_order
        self.absent = set(absent)
        self.by_name: dict[str, RequestQueue] = {}
        self.by_subject: dict[str, list[NodeQueue]] = {}  # by kind of node
        self.counted: defaultdict[str, list[CountedListQueue]] = defaultdict(list)  # by kind
        self.continuations: dict[str, ContinuationQueue] = {}  # by endpoint
        self.counted_continuations: list[ContinuationQueue] = []
        for name in endpoints.relevant(self.absent):
            self._add(name)

    def __iter__(self) -> Iterator[RequestQueue]:
        return iter(self.by_name.values())

    def spec_of(self, endpoint: str) -> Endpoint:
        """Return the manifest's entry of an endpoint."""
        return self._endpoints.manifest.endpoints[endpoint]

    def drop(self, endpoint: str) -> None:
        """Remove the queues of an absent endpoint; add those that can do the same instead."""
        self.absent.add(endpoint)
        self.by_name.pop(endpoint, None)
        self.by_name.pop(f"{endpoint}+", None)
        self.continuations.pop(endpoint, None)
        for name in self._endpoints.relevant(self.absent):
            if name not in self.by_name and self.spec_of(name).subject:
                self._add(name)

    def restore(self, endpoint: str) -> None:
        """Add the queues of an endpoint that is not absent after all."""
        self.absent.discard(endpoint)
        if endpoint in self._endpoints.relevant(self.absent):
            self._add(endpoint)

    def probe(self, endpoint: str) -> Task | None:
        """Return a request of an absent endpoint; None when no node is open, or it is of no use."""
        spec = self.spec_of(endpoint)
        if not spec.subject or endpoint not in self._endpoints.relevant(self.absent - {endpoint}):
            return None
        sizes = self._frontier.list_sizes(endpoint) if spec.size_field else {}
        queue = _first_page_queue(self._options(endpoint, spec, sizes))
        return queue.take() if queue.ready() else None

    def _add(self, name: str) -> None:
        endpoint = self.spec_of(name)
        sizes = self._frontier.list_sizes(name) if endpoint.size_field else {}
        if endpoint.subject:
            self._add_first_pages(self._options(name, endpoint, sizes))
        if endpoint.paging:
            self._add_continuations(self._options(f"{name}+", endpoint, sizes))

    def _options(self, name: str, endpoint: Endpoint, sizes: dict[int, int]) -> QueueOptions:
        endpoints, has_pages = self._endpoints, endpoint.paging or endpoint.size_field
        return QueueOptions(
            name=name,
            spec=endpoint,
            expected=endpoints.prior(endpoint),
            frontier=self._frontier,
            list_sizes=sizes,
            page_size=endpoint.page_size(endpoints.access) if has_pages else 1,
            patience=PATIENCE_DIRECT if endpoints.is_direct(endpoint) else PATIENCE_INDIRECT,
            in_order=self._in_order,
            until_full=endpoints.is_until_full(endpoint),
            counted=endpoints.is_counted(endpoint),
        )

    def _add_first_pages(self, options: QueueOptions) -> None:
        queue = _first_page_queue(options)
        self.by_name[queue.name] = queue
        self.by_subject.setdefault(options.spec.subject, []).append(queue)
        if isinstance(queue, CountedListQueue):
            self.counted[options.spec.subject].append(queue)

    def _add_continuations(self, options: QueueOptions) -> None:
        queue = ContinuationQueue(options)
        self.by_name[queue.name] = queue
        self.continuations[queue.endpoint] = queue
        if queue.counted:
            self.counted_continuations.append(queue)


def _first_page_queue(options: QueueOptions) -> NodeQueue:
    """Return the kind of queue that knows most about the lists of an endpoint."""
    if options.spec.batch > 1 or options.until_full:
        return BatchQueue(options)
    if options.counted:
        return CountedListQueue(options)
    if options.spec.size_field:
        return SizedListQueue(options)
    return CohortQueue(options)
