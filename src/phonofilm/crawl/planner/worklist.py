"""Worklist of planned requests, made in its order, each once over all runs.

A batch carries as many ids as the endpoint takes. What responses discover is not followed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.levels import IGNORED
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.base import Forecast, NoForecast, Quota, Unlimited, Unobserved
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.sources.contract import Link, Request
from phonofilm.sources.manifest import Manifest


class PlannedRequest(Link):
    """A planned request: `kind` is the endpoint, `id` what it is about."""


class _BatchPages(Unobserved):
    """Observer that keeps the next pages of batches.

    Of a batch everything is wanted, on however many pages; of a search only the first results.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self.tasks: deque[Task] = deque()

    def add_continuation(self, request: Request, row: int, node: int, total: int | None) -> None:
        """Add the next page of a batch."""
        if self._manifest.endpoints[request.endpoint].batch > 1:
            task = Task(
                request=request, nodes=(node,), continuation_row=row, queue=request.endpoint
            )
            self.tasks.append(task)


class Worklist:
    """Scheduler of planned requests; those that an earlier run settled are left out."""

    def __init__(
        self,
        manifest: Manifest,
        frontier: Frontier,
        planned: Sequence[PlannedRequest],
        quota: Quota | None = None,
    ) -> None:
        self._manifest, self._frontier = manifest, frontier
        self._quota = quota or Unlimited()
        self.quota_blocked = False
        self.absent: Set[str] = frozenset()
        self.lists = _BatchPages(manifest)
        self.forecast: Forecast = NoForecast()
        self._open_ids: dict[str, deque[str]] = {}  # by endpoint
        settled: dict[str, set[int]] = {}
        for endpoint, id_ in dict.fromkeys(planned):
            subject = manifest.endpoints[endpoint].subject
            frontier.add_nodes(subject, [(id_, IGNORED, False)])
            nodes = settled.setdefault(endpoint, set(frontier.settled_nodes(endpoint)))
            if frontier.seq_of(subject, id_) not in nodes:
                self._open_ids.setdefault(endpoint, deque()).append(id_)

    def next(self) -> Task | None:
        """Return the next request with quota; None when all are made, or all wait for quota."""
        self.quota_blocked = False
        pages = self.lists.tasks
        if pages and self._has_quota(pages[0].request.endpoint):
            return pages.popleft()
        for endpoint, ids in self._open_ids.items():
            if ids and self._has_quota(endpoint):
                return self._task(endpoint, ids)
        return None

    def _has_quota(self, endpoint: str) -> bool:
        has_quota = self._quota.quota_weight(endpoint) is not None
        self.quota_blocked = self.quota_blocked or not has_quota
        return has_quota

    def _task(self, endpoint: str, ids: deque[str]) -> Task:
        """Take a batch of the ids of an endpoint."""
        spec = self._manifest.endpoints[endpoint]
        batch = tuple(ids.popleft() for _ in range(min(spec.batch, len(ids))))
        nodes = tuple(self._frontier.seq_of(spec.subject, id_) or 0 for id_ in batch)
        return Task(Request(endpoint, batch), nodes, queue=endpoint)

    def learn(self, task: Task, gain: float, discovered: dict[str, int], items: int = 0) -> None:
        """Learn nothing, because the list is fixed."""

    def set_satisfied(self, kinds: Set[str]) -> None:
        """Ignore the satisfied kinds, because the list is fixed."""

    def look_again(self) -> None:
        """Do nothing, because the list is fixed."""

    def probe(self) -> Task | None:
        """Return None: every run makes the planned requests of all endpoints."""
        return None

    def restore(self, endpoint: str) -> None:
        """Do nothing, because no endpoint of the list is left out at the beginning."""

    def drop(self, endpoint: str) -> None:
        """Drop the requests of an absent endpoint."""
        self._open_ids.pop(endpoint, None)

    def yields(self) -> list[QueueYield]:
        """Return the open requests by endpoint."""
        return [
            QueueYield(name=endpoint, calls=0, gain=0.0, error=0.0, pending=len(ids), dry=not ids)
            for endpoint, ids in self._open_ids.items()
        ]
