"""Forecast of the new nodes that open requests will bring, as evidence on coverage."""

from __future__ import annotations

from collections import Counter

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.levels import FOLLOWED
from phonofilm.crawl.intervals import Range, Z
from phonofilm.crawl.planner.base import NOTHING, ListsGivenUp
from phonofilm.crawl.planner.queue_set import QueueSet
from phonofilm.crawl.planner.queues.base import NodeQueue, RequestQueue
from phonofilm.crawl.planner.wants import Wants


class QueueForecast:
    """Forecast over the queues of a planner."""

    def __init__(self, queues: QueueSet, wants: Wants, frontier: Frontier) -> None:
        self._queues, self._wants, self._frontier = queues, wants, frontier

    @property
    def wanted_kinds(self) -> tuple[str, ...]:
        """Wanted kinds."""
        return tuple(self._wants.kinds)

    @property
    def follows_all(self) -> bool:
        """True when every discovered node is followed, not only named ones or those of a genre."""
        return self._wants.follows_all

    def open_requests(self, kind: str) -> tuple[int, bool]:
        """Return the open related requests of a kind, and whether any list of it is open."""
        related, lists_open = 0, False
        for queue in self._queues:
            if queue.spec.item_kind != kind:
                continue
            if queue.spec.role == "relate":
                related += _open_requests(queue)
            elif queue.spec.role != "detail":
                lists_open = lists_open or _open_requests(queue) > 0
        return related, lists_open

    def expected_more(self, kind: str, unknown: dict[str, Range]) -> Range:
        """Estimate new nodes of a kind that open requests bring, and requests about unknown nodes.

        Requests of different queues bring the same nodes, so the best queue is the estimate and
        their sum the upper end.
        """
        middle = low = high = 0.0
        for queue in self._queues:
            number = queue.expected.discovered.get(kind)
            if number is None:
                continue
            first_pages = isinstance(queue, NodeQueue)
            subjects = unknown.get(queue.spec.subject, NOTHING) if first_pages else NOTHING
            open_now, batch = _open_requests(queue), queue.spec.batch
            requests = Range(*(open_now + nodes / batch for nodes in subjects))
            error = Z * number.error
            middle = max(middle, requests.middle * number.mean)
            low = max(low, requests.low * max(0.0, number.mean - error))
            high += requests.high * (number.mean + error) if requests.high else 0.0
        return Range(middle, min(low, middle), max(high, middle))

    def lists_given_up(self) -> list[ListsGivenUp]:
        """Return the lists that are left before their end, by endpoint.

        Lists of kinds that are not wanted count only when the pagination guard left them: that
        little is expected of the others is a choice, and what they announce is not wanted.
        """
        lists, items, fruitless = Counter[str](), Counter[str](), Counter[str]()
        for queue in self._queues:
            if self._wants.are_satisfied(queue.spec):
                continue
            wanted = queue.spec.item_kind in self._wants.kinds
            unfinished = queue.unfinished(given_up=wanted and queue.out_of_patience)
            lists[queue.endpoint] += unfinished.lists
            items[queue.endpoint] += unfinished.items
            fruitless[queue.endpoint] += queue.expected.fruitless + queue.expected.empty_pages
        given_up = [
            self._given_up(endpoint, number, items[endpoint], fruitless[endpoint])
            for endpoint, number in lists.items()
            if number
        ]
        return given_up + self._short_lists()

    def _short_lists(self) -> list[ListsGivenUp]:
        """Return the followed lists that gave less than they announced, by endpoint."""
        lists, items = Counter[str](), Counter[str]()
        for (endpoint, node), number in self._frontier.shortfalls().items():
            if self._frontier.level(node) == FOLLOWED:
                lists[endpoint] += 1
                items[endpoint] += number
        return [
            ListsGivenUp(
                endpoint=endpoint,
                kind=self._queues.spec_of(endpoint).item_kind,
                lists=number,
                items=items[endpoint],
                new_share=1.0,
                requests_without_gain=0,
                ended=True,
            )
            for endpoint, number in lists.items()
        ]

    def _given_up(self, endpoint: str, lists: int, items: int, fruitless: int) -> ListsGivenUp:
        continuations = self._queues.continuations.get(endpoint)
        return ListsGivenUp(
            endpoint=endpoint,
            kind=self._queues.spec_of(endpoint).item_kind,
            lists=lists,
            items=items,
            new_share=continuations.ends.new_share if continuations else 1.0,
            requests_without_gain=fruitless,
        )


def _open_requests(queue: RequestQueue) -> int:
    """Return the open requests of a queue that is not given up."""
    return 0 if queue.out_of_patience else queue.pending()
