"""The planner chooses the request with the highest expected gain per unit of quota.

The gain of a response is `full_new + 0.5 * mentioned_new` over wanted kinds. A request that only
leads to others is worth the mean rate of the best path behind it, so it goes out when that pays and
nothing nearer is left. Estimates begin with the priors of the manifest and follow the responses;
now and then the request whose estimate is least sure goes out instead of the best one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Set

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.base import Forecast, ListObserver, Quota, Unlimited
from phonofilm.crawl.planner.forecast import QueueForecast
from phonofilm.crawl.planner.lists import QueueLists
from phonofilm.crawl.planner.policies import POLICIES, Policy, best_path_gain
from phonofilm.crawl.planner.queue_set import QueueSet
from phonofilm.crawl.planner.queues.base import QueueYield, RequestQueue
from phonofilm.crawl.planner.relevance import GoalEndpoints
from phonofilm.crawl.planner.wants import Wants

# A request that is expected to bring less is of no use, once the patience of its queue is over.
# Chosen in November 2026, not tuned (docs/decisions/0002-queues-are-given-up-on-evidence.md).
GAIN_MIN = 0.02
# An update looks at every queue, so it costs more than a choice. Chosen, not tuned.
_RESPONSES_PER_PATH_UPDATE = 32
# What lies behind so many requests counts no more. Chosen, not tuned.
_PATH_LENGTH_MAX = 4
# A kind that a request discovers more rarely opens no path.
_DISCOVERED_MIN = 0.001
# One request in fifty goes where most could be hoped for, so that a better queue is noticed: by two
# standard errors, and one more for every 200 choices that passed a queue by. Set with the closed
# worlds of benchmarks/policies.py, November 2026; no alternative is recorded.
_EXPLORED_SHARE = 1 / 50
_EXPLORATION_ERRORS, _CHOICES_PER_ERROR = 2, 200


class Planner:
    """Chooser over the queues of one crawl.

    With one worker, the same responses make the same crawl.
    """

    def __init__(
        self,
        endpoints: GoalEndpoints,
        frontier: Frontier,
        policy: Policy = POLICIES["information"],
        quota: Quota | None = None,
        seed: int = 7,
    ) -> None:
        quota = quota or Unlimited()
        self._quota_weight, self._uniform_quota = quota.quota_weight, quota.uniform_quota
        self._policy, self._frontier = policy, frontier
        self._random = random.Random(seed)  # noqa: S311 - no secret is made of it
        self._wants = Wants(endpoints.goal, endpoints.scope)
        self._queues = QueueSet(endpoints, frontier, frontier.absent(), policy.in_order)
        self.lists: ListObserver = QueueLists(self._queues, frontier)
        self.forecast: Forecast = QueueForecast(self._queues, self._wants, frontier)
        self.quota_blocked = False
        self._unprobed = sorted(self._queues.absent)
        self._choices = self._responses_since_update = 0
        self._order: list[RequestQueue] = []
        self._resume(frontier)
        self._update_paths()

    def _resume(self, frontier: Frontier) -> None:
        """Learn from the requests of earlier runs, and take over their open pages."""
        for name, gain, discovered in frontier.answered_requests():
            queue = self._queues.by_name.get(name)
            if queue is not None:
                queue.expected.learn(gain, json.loads(discovered) if discovered else {})
        for request, row, node, total in frontier.open_continuations():
            self.lists.add_continuation(request, row, node, total)
        for queue in self._queues:  # patience begins anew where lists announce unseen items
            wanted = queue.spec.item_kind in self._wants.kinds
            if wanted and queue.unfinished(given_up=True).items > 0:
                queue.expected.fruitless = 0

    def set_satisfied(self, kinds: Set[str]) -> None:
        """Set the wanted kinds of which enough is collected."""
        if kinds != self._wants.satisfied:
            self._wants.satisfied = kinds
            for queue in self._queues:
                queue.stale = True

    def next(self) -> Task | None:
        """Return the next request; None when none is worth it, or all wait for responses."""
        self.quota_blocked = False
        explores = not self._policy.in_order and self._random.random() < _EXPLORED_SHARE
        best: tuple[float, RequestQueue | None] = (-1.0, None)
        best_partial: tuple[float, RequestQueue | None] = (-1.0, None)
        score = self._policy.score
        passes_by_score = self._uniform_quota and not explores
        for queue in self._order:
            if queue.stale:
                queue.path_gain = self._path_gain(queue, queue.best_gain())
            path_gain = queue.path_gain
            value = score(queue, path_gain)
            if path_gain <= 0 or (passes_by_score and value <= best[0]):
                continue
            if path_gain < GAIN_MIN and queue.out_of_patience:
                continue
            weight = self._quota_weight(queue.endpoint)
            if weight is None:
                self.quota_blocked = True
                continue
            if explores:
                value += self._exploration_bonus(queue)
            value /= weight
            if value <= best[0]:
                continue
            nodes = queue.ready()
            if nodes >= queue.spec.batch:
                best = (value, queue)
            elif nodes and value > best_partial[0]:
                best_partial = (value, queue)
        chosen = best[1] or best_partial[1]  # batches that are not full wait until the end
        return self._take(chosen) if chosen else None

    def _exploration_bonus(self, queue: RequestQueue) -> float:
        """Return how much more than expected a request could bring."""
        passed_by = self._choices - queue.last_choice
        return queue.expected.gain.error * (_EXPLORATION_ERRORS + passed_by / _CHOICES_PER_ERROR)

    def _take(self, queue: RequestQueue) -> Task:
        self._choices += 1
        queue.last_choice = self._choices
        return queue.take()

    def _path_gain(self, queue: RequestQueue, gain: float | None) -> float:
        """Return the expected gain of a request with what follows; 0 without a request."""
        return 0.0 if gain is None else best_path_gain(queue, self._wanted_gain(queue, gain))

    def _wanted_gain(self, queue: RequestQueue, gain: float) -> float:
        """Return an expected gain; 0 where enough is collected of all that the queue brings."""
        return 0.0 if self._wants.are_satisfied(queue.spec) else gain

    def learn(self, task: Task, gain: float, discovered: dict[str, int], items: int = 0) -> None:
        """Learn from a response: its gain, its new nodes by kind, its number of items."""
        continuations = self._queues.continuations.get(task.request.endpoint)
        goes_on = continuations is not None and continuations.goes_on(task)
        queue = self._queues.by_name.get(task.queue)
        if queue is not None:
            queue.learn(task, gain, discovered, items, goes_on)
        if continuations is not None:
            new_items = discovered.get(continuations.spec.item_kind, 0)
            continuations.on_page(task.nodes[0], gain, items, new_items)
        for kind in discovered:
            for about_kind in self._queues.by_subject.get(kind, ()):
                about_kind.on_discovery(task.queue)
        self._responses_since_update += 1
        if self._responses_since_update >= _RESPONSES_PER_PATH_UPDATE:
            self._update_paths()

    def look_again(self) -> None:
        """Look for requests about nodes that are followed further without a response."""
        for queue in self._queues:
            queue.on_discovery()
            queue.stale = True
        self._update_paths()

    @property
    def absent(self) -> Set[str]:
        """Endpoints that are taken for absent."""
        return self._queues.absent

    def probe(self) -> Task | None:
        """Return a request of an endpoint that is taken for absent, one of each; then None."""
        while self._unprobed:
            task = self._queues.probe(self._unprobed.pop())
            if task is not None:
                return task
        return None

    def drop(self, endpoint: str) -> None:
        """Make no further request of an endpoint; another one may do the same instead."""
        if endpoint not in self._queues.absent:
            self._unprobed.append(endpoint)
        self._queues.drop(endpoint)
        self._update_paths()

    def restore(self, endpoint: str) -> None:
        """Make requests of an endpoint again, because it answered."""
        self._queues.restore(endpoint)
        for request, row, node, total in self._frontier.open_continuations():
            if request.endpoint == endpoint:
                self.lists.add_continuation(request, row, node, total)
        self._update_paths()

    def _update_paths(self) -> None:
        """Estimate the onward paths: the best rate of requests about the discovered nodes."""
        self._responses_since_update = 0
        gains = {q.name: self._wanted_gain(q, q.expected.gain.mean) for q in self._queues}
        for _ in range(_PATH_LENGTH_MAX):
            rates = self._best_rates(gains)
            for queue in self._queues:
                queue.onward = tuple(_onward_paths(queue, rates))
                queue.stale = True
                gains[queue.name] = self._path_gain(queue, queue.expected.gain.mean)
        # The most promising first, so that the others are passed over at a glance.
        self._order = sorted(self._queues, key=lambda queue: -gains[queue.name])

    def _best_rates(self, gains: dict[str, float]) -> dict[str, tuple[float, float]]:
        """Return the best gain of a request about a kind of node, and its requests per node."""
        rates: dict[str, tuple[float, float]] = {}
        for queue in self._queues:
            subject = queue.spec.subject
            if subject and not queue.name.endswith("+"):
                rate = (gains[queue.name], 1 / queue.spec.batch)
                rates[subject] = max(rate, rates.get(subject, (0.0, 1.0)))
        return rates

    def yields(self) -> list[QueueYield]:
        """Return the yield of each queue, and the number of its open requests."""
        return [self._yield_of(queue) for queue in self._queues]

    def _yield_of(self, queue: RequestQueue) -> QueueYield:
        path_gain = self._path_gain(queue, queue.best_gain() or 0.0)
        gain = queue.expected.gain
        return QueueYield(
            name=queue.name,
            calls=gain.values,
            gain=round(gain.mean, 3),
            error=round(gain.error, 3),
            pending=queue.pending(),
            dry=path_gain <= 0 or (path_gain < GAIN_MIN and queue.out_of_patience),
        )


def _onward_paths(
    queue: RequestQueue, rates: dict[str, tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return gain and requests of the requests about all that a request discovers, by kind."""
    paths = []
    for kind, number in queue.expected.discovered.items():
        if kind in rates and number.mean > _DISCOVERED_MIN:
            gain, requests_per_node = rates[kind]
            requests = number.mean * requests_per_node
            paths.append((requests * gain, requests))
    return paths
