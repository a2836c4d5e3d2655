"""Chooses the next call: the one that is expected to bring most per unit of budget.

Information is `full_new + 0.5 * mentioned_new` of wanted kinds. A call that only leads elsewhere is
worth the mean rate of the whole path behind it, so it is made when that pays and nothing nearer is
left. Estimates begin with the manifest's priors and follow what calls brought; now and then the
call with the most to hope for is made instead of the best known one.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable

from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.crawl.intervals import Range, Z
from phonofilm.crawl.planner.base import ListsGivenUp
from phonofilm.crawl.planner.estimates import GainEstimate
from phonofilm.crawl.planner.policies import POLICIES, Policy, with_what_follows
from phonofilm.crawl.planner.queues.base import (
    FULL,
    MENTION,
    PATIENCE_DIRECT,
    PATIENCE_INDIRECT,
    BatchQueue,
    NodeQueue,
    QueueYield,
    RequestQueue,
)
from phonofilm.crawl.planner.queues.cohorts import CohortQueue
from phonofilm.crawl.planner.queues.counted_lists import ContinuationQueue, CountedListQueue
from phonofilm.crawl.planner.queues.sized_lists import SizedListQueue
from phonofilm.crawl.planner.relevance import gives_full, own_kinds, relevant_endpoints
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.sources.contract import Request
from phonofilm.sources.manifest import Endpoint, Manifest

# A request expected to bring less than this is not worth a call.
DRY = 0.02
_VALUE_EVERY = 32
# One call in so many goes where most could be hoped for, so that a better vein is noticed.
_EXPLORE = 1 / 50
NOTHING = Range(0.0, 0.0, 0.0)


class Planner:
    """The veins of one crawl. With one worker, the same answers make the same crawl."""

    def __init__(
        self,
        manifest: Manifest,
        access: str,
        goal: Goal,
        scope: Scope,
        frontier: Frontier,
        absent: frozenset[str],
        policy: Policy = POLICIES["information"],
        seed: int = 7,
    ) -> None:
        self._manifest, self._access = manifest, access
        self._goal, self._scope, self._frontier = goal, scope, frontier
        self._absent = set(absent)
        self._policy = policy
        self._chance = random.Random(seed)  # noqa: S311 - no secret is made of it
        self.quota_weight: Callable[[str], float | None] = lambda endpoint: 1.0
        self.uniform_quota = True  # no call is dearer than another, none is out of quota
        self.quota_blocked = False  # whether calls were left out because their quota is spent
        self._satisfied: set[str] = set()
        self._veins: dict[str, RequestQueue] = {}
        self._further: dict[str, ContinuationQueue] = {}
        self._terms: dict[str, list[CountedListQueue]] = {}
        self._since_valued = self._chosen = 0
        self._order: list[RequestQueue] = []
        self._counted_further: list[ContinuationQueue] = []
        self._by_node: dict[str, list[NodeQueue]] = {}
        for name in self._useful():
            self._add(name, manifest.endpoints[name])
        self._resume()

    @property
    def satisfied(self) -> set[str]:
        """Wanted kinds of which enough is in hand."""
        return self._satisfied

    @satisfied.setter
    def satisfied(self, kinds: set[str]) -> None:
        if kinds != self._satisfied:
            self._satisfied = kinds
            for vein in self._veins.values():
                vein.stale = True

    def _useful(self) -> list[str]:
        return relevant_endpoints(
            self._manifest, self._access, self._goal, self._scope, self._absent
        )

    def _add(self, name: str, spec: Endpoint) -> None:
        itself = self._only_itself(spec)
        direct = spec.item_kind in self._goal.wants or (itself and spec.subject in self._goal.wants)
        made: list[RequestQueue] = []
        sizes = self._frontier.list_sizes(name) if spec.size_field else {}
        if spec.subject:
            made.append(self._first_pages(name, spec, itself, sizes))
        if spec.paging:
            further = ContinuationQueue(
                f"{name}+",
                spec,
                self._expected(spec),
                self._frontier,
                spec.page_size(self._access),
                self._policy.plain,
                self._is_counted(spec),
            )
            self._further[name] = further
            further.sizes = sizes
            if further.counted:
                self._counted_further.append(further)
            made.append(further)
        for vein in made:
            vein.patience = PATIENCE_DIRECT if direct else PATIENCE_INDIRECT
            self._veins[vein.name] = vein
            if isinstance(vein, NodeQueue):
                self._by_node.setdefault(spec.subject, []).append(vein)

    def _first_pages(
        self, name: str, spec: Endpoint, itself: bool, sizes: dict[int, int]
    ) -> NodeQueue:
        plain = self._policy.plain
        kind: type[NodeQueue] = CohortQueue
        if spec.batch > 1 or itself:
            kind = BatchQueue
        elif self._is_counted(spec):
            kind = CountedListQueue
        elif spec.size_field:
            kind = SizedListQueue
        vein = kind(name, spec, self._expected(spec), self._frontier, plain, itself)
        if isinstance(vein, SizedListQueue):
            vein.page_size = spec.page_size(self._access)
            vein.use_sizes(sizes)
        if isinstance(vein, CountedListQueue):
            self._terms.setdefault(spec.subject, []).append(vein)
        return vein

    def _is_counted(self, spec: Endpoint) -> bool:
        """Whether things tell in which lists of this kind they stand, at this access level."""
        kind, _, field = spec.membership_field.partition(".")
        return bool(kind) and field in self._manifest.obtainable(kind, self._access)

    @property
    def counted(self) -> frozenset[str]:
        """Kinds of lists whose known members are counted."""
        return frozenset(self._terms)

    def _expected(self, spec: Endpoint) -> GainEstimate:
        """Expected gain and meetings of the first call, from the manifest alone."""
        gain = 0.0
        wants, closed = self._goal.wants, self._scope.closed
        for kind, number in spec.expected_items.items():
            if kind in wants and (not closed or kind in own_kinds(spec)):
                full = gives_full(self._manifest, self._access, spec, kind)
                gain += number * (FULL if full else MENTION)
        if self._only_itself(spec):
            return GainEstimate(spec.batch * MENTION if spec.subject in wants else 0.0, {})
        met = {k: n for k, n in spec.expected_items.items() if not closed or k in own_kinds(spec)}
        return GainEstimate(gain, met)

    def _only_itself(self, spec: Endpoint) -> bool:
        """Whether all that a call is wanted for is the node itself: of no use once that is full."""
        if spec.role == "measure":
            return spec.item_kind not in self._goal.wants
        return spec.role == "detail" and spec.item_kind == spec.subject

    def _resume(self) -> None:
        """What earlier runs learned, and the pages they were told of."""
        for name, gain, met in self._frontier.answered_requests():
            if name in self._veins:
                self._veins[name].expected.learn(gain, json.loads(met) if met else {})
        for request, row, node, total in self._frontier.open_continuations():
            self.add_continuation(request, row, node, total)
        for queue in self._veins.values():  # a list with unseen items is given another chance
            wanted = queue.spec.item_kind in self._goal.wants
            if wanted and queue.unfinished(given_up=True).items > 0:
                queue.expected.fruitless = 0
        self._value()

    def add_continuation(self, request: Request, row: int, node: int, total: int | None) -> None:
        """Another page was told of."""
        if request.endpoint in self._further:
            self._further[request.endpoint].add(request, row, node, total)

    def abandon_list(self, request: Request, node: int, total: int | None) -> None:
        """Leave a list that gave too many pages without news; its next page is not requested."""
        if request.endpoint in self._further:
            self._further[request.endpoint].abandon(request, node, total)

    def set_list_size(self, endpoint: str, node: int, number: int) -> None:
        """A thing says how long a list of its own is."""
        vein = self._veins.get(endpoint)
        if isinstance(vein, SizedListQueue):
            vein.length(node, number)

    def add_list_members(self, kind: str, node: int, number: int = 1) -> None:
        """Other members of a list became known."""
        before = self._frontier.index.list_members[node]
        self._frontier.index.list_members[node] = before + number
        for vein in self._terms[kind]:
            vein.bump(node, before)
            vein.touch()  # a list met by its first member is met here
        for further in self._counted_further:
            further.stale = True

    def set_list_total(self, ask: Task, total: int | None) -> None:
        """A list said how long it is."""
        vein = self._veins.get(ask.queue)
        if total is not None and isinstance(vein, CountedListQueue):
            vein.set_list_total(ask.nodes[0], total)

    def learn(self, ask: Task, gain: float, met: dict[str, int], items: int = 0) -> None:
        """A call was answered with so many items of what its endpoint lists."""
        further = self._further.get(ask.request.endpoint)
        goes_on = further is not None and further.goes_on(ask)
        if ask.queue in self._veins:
            self._veins[ask.queue].learn(ask, gain, met, items, goes_on)
        if further is not None:
            further.credit(ask.nodes[0], gain, items, met.get(further.spec.item_kind, 0))
        for kind in met:
            for vein in self._by_node.get(kind, ()):
                vein.touch(ask.queue)
        self._since_valued += 1
        if self._since_valued >= _VALUE_EVERY:
            self._value()

    def drop(self, endpoint: str) -> None:
        """An endpoint is absent; what another endpoint can do instead is asked there."""
        self._absent.add(endpoint)
        self._veins.pop(endpoint, None)
        self._veins.pop(f"{endpoint}+", None)
        self._further.pop(endpoint, None)
        for name in self._useful():
            if name not in self._veins and self._manifest.endpoints[name].subject:
                self._add(name, self._manifest.endpoints[name])
        self._value()

    def _value(self) -> None:
        """What each vein leads to: the best rate of asking about what it meets."""
        self._since_valued = 0
        values = {name: self._own(vein, vein.expected.gain) for name, vein in self._veins.items()}
        for _ in range(4):
            best: dict[str, tuple[float, float]] = {}
            for name, vein in self._veins.items():
                if vein.spec.subject and not name.endswith("+"):
                    rate = (values[name], 1 / vein.spec.batch)
                    best[vein.spec.subject] = max(rate, best.get(vein.spec.subject, (0.0, 1.0)))
            for name, vein in self._veins.items():
                vein.follow = tuple(_follow(vein, best))
                vein.stale = True
                values[name] = with_what_follows(vein, self._own(vein, vein.expected.gain))
        # The most promising first: what comes after is passed over at a glance.
        self._order = sorted(self._veins.values(), key=lambda vein: -values[vein.name])

    def _own(self, vein: RequestQueue, gain: float) -> float:
        """The expected gain; nothing where all that a call brings is in hand already."""
        if not self.satisfied:
            return gain
        spec = vein.spec
        brings = {spec.item_kind, spec.subject, *spec.expected_items} & self._goal.wants.keys()
        return 0.0 if brings and brings <= self.satisfied else gain

    def next(self) -> Task | None:
        """The next call, or None when nothing is worth one (or all waits for answers)."""
        self.quota_blocked = False
        explore = not self._policy.plain and self._chance.random() < _EXPLORE
        best: tuple[float, RequestQueue | None] = (-1.0, None)
        flush: tuple[float, RequestQueue | None] = (-1.0, None)
        score = self._policy.score
        for vein in self._order:
            if vein.stale:
                vein.worth = self._worth(vein)
            value = score(vein, vein.worth)
            if vein.worth <= 0 or (value <= best[0] and not explore and self.uniform_quota):
                continue
            if self.is_dry(vein, vein.worth):
                continue
            price = self.quota_weight(vein.endpoint)
            if price is None:
                self.quota_blocked = True
                continue
            if explore:
                value += vein.expected.own.error * (2 + (self._chosen - vein.chosen) / 200)
            value /= price
            if value <= best[0]:
                continue
            carried = vein.ready()
            if carried >= vein.spec.batch:
                best = (value, vein)
            elif carried and value > flush[0]:
                flush = (value, vein)
        chosen = best[1] or flush[1]  # half-full batches go last
        return self._take(chosen) if chosen else None

    def _worth(self, vein: RequestQueue) -> float:
        """What the best call at hand is expected to bring with what follows; 0 without one."""
        gain = vein.best()
        return 0.0 if gain is None else with_what_follows(vein, self._own(vein, gain))

    def _take(self, vein: RequestQueue) -> Task:
        self._chosen += 1
        vein.chosen = self._chosen
        return vein.take()

    @staticmethod
    def is_dry(vein: RequestQueue, worth: float) -> bool:
        """Nothing more is expected: the estimate says so, and calls enough stand behind it."""
        if worth <= 0:
            return True
        return worth < DRY and vein.out_of_patience

    @property
    def follows_all(self) -> bool:
        """Whether all that is met is followed, not only what was named or of a genre."""
        return self._scope.name == "everything"

    @property
    def wanted(self) -> tuple[str, ...]:
        """Wanted kinds."""
        return tuple(self._goal.wants)

    def _open(self, vein: RequestQueue) -> int:
        """Calls that could be made and are worth it."""
        return 0 if vein.out_of_patience else vein.pending()

    def open_requests(self, kind: str) -> tuple[int, bool]:
        """Calls about related things still open, and whether any list of a kind is."""
        left, lists = 0, False
        for vein in self._veins.values():
            if vein.spec.role == "relate" and vein.spec.item_kind == kind:
                left += self._open(vein)
            elif vein.spec.item_kind == kind and vein.spec.role != "detail":
                lists = lists or self._open(vein) > 0
        return left, lists

    def expected_more(self, kind: str, unknown: dict[str, Range]) -> Range:
        """Things of a kind that open calls would bring, and calls about parents not known yet.

        Calls of different veins bring the same things, so the best of them is the estimate and
        their sum the upper end.
        """
        middle = low = high = 0.0
        for vein in self._veins.values():
            number = vein.expected.met.get(kind)
            if number is None:
                continue
            first = isinstance(vein, NodeQueue)
            parents = unknown.get(vein.spec.subject, NOTHING) if first else NOTHING
            calls = [self._open(vein) + more / vein.spec.batch for more in parents]
            error = Z * number.error
            middle = max(middle, calls[0] * number.mean)
            low = max(low, calls[1] * max(0.0, number.mean - error))
            high += calls[2] * (number.mean + error) if calls[2] else 0.0
        return Range(middle, min(low, middle), max(high, middle))

    def lists_given_up(self) -> list[ListsGivenUp]:
        """Return the lists that are left before their end, by endpoint.

        Lists of kinds that are not wanted count only when the pagination guard left them: that
        little is expected of the others is a choice, and what they announce is not wanted.
        """
        lists, items, fruitless = Counter[str](), Counter[str](), Counter[str]()
        for queue in self._veins.values():
            if self._own(queue, 1.0) > 0:
                wanted = queue.spec.item_kind in self._goal.wants
                unfinished = queue.unfinished(wanted and queue.out_of_patience)
                lists[queue.endpoint] += unfinished.lists
                items[queue.endpoint] += unfinished.items
                expected = queue.expected
                fruitless[queue.endpoint] += expected.fruitless + expected.empty_pages
        return [
            ListsGivenUp(
                endpoint=endpoint,
                kind=self._manifest.endpoints[endpoint].item_kind,
                lists=number,
                items=items[endpoint],
                new_share=self._further[endpoint].new_share if endpoint in self._further else 1.0,
                requests_without_gain=fruitless[endpoint],
            )
            for endpoint, number in lists.items()
            if number
        ]

    def yields(self) -> list[QueueYield]:
        """What each kind of call brought, and what is still open."""
        rows = []
        for vein in self._veins.values():
            held, gain = vein.expected, vein.best() or 0.0
            dry = self.is_dry(vein, with_what_follows(vein, self._own(vein, gain)))
            mean, error = round(held.gain, 3), round(held.own.error, 3)
            rows.append(QueueYield(vein.name, held.calls, mean, error, vein.pending(), dry))
        return rows


def _follow(vein: RequestQueue, best: dict[str, tuple[float, float]]) -> list[tuple[float, float]]:
    """Gain and calls of asking about all that a call meets, by kind."""
    rows = []
    for kind, number in vein.expected.met.items():
        if kind in best and number.mean > 0.001:
            rate, each = best[kind]
            rows.append((number.mean * each * rate, number.mean * each))
    return rows
