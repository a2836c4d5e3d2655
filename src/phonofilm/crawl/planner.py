"""Chooses the next call: the one that is expected to bring most per unit of budget.

Information is `full_new + 0.5 * mentioned_new` of wanted kinds. A call that only leads elsewhere is
worth the mean rate of the whole path behind it, so it is made when that pays and nothing nearer is
left. Estimates begin with the manifest's priors and follow what calls brought.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Protocol

from phonofilm.crawl.frontier import Frontier
from phonofilm.crawl.goal import Goal, Scope
from phonofilm.crawl.ledger import Ask
from phonofilm.crawl.veins import FULL, MENTION, FirstPages, FurtherPages, Vein, Yield
from phonofilm.errors import UsageError
from phonofilm.records import BY_KIND, core_fields
from phonofilm.sources.manifest import Endpoint, Manifest

# A request expected to bring less than this is not worth a call.
DRY = 0.02
# An expectation is believed after so many calls in a row brought nothing: a vein that lists what is
# wanted is given up late, one that only brushes it early.
_PATIENCE = {True: 400, False: 60}
_DISCOUNT = 0.9
_VALUE_EVERY = 32


class Policy(Protocol):
    """A way to choose: the ready vein with the greatest score is asked next.

    Scores are taken anew every few answers, not for every call.
    """

    def __call__(self, vein: Vein) -> float: ...


def by_information(vein: Vein) -> float:
    """Expected information per call, with what it leads to."""
    return vein.value


def breadth_first(vein: Vein) -> float:
    """The usual script: lists first, then whatever was met first."""
    return 2.0 if vein.spec.role in ("seed", "search") or vein.spec.node == "genre" else 1.0


POLICIES: dict[str, Policy] = {"information": by_information, "breadth": breadth_first}


def policy(name: str) -> Policy:
    """A policy by name; UsageError names those there are."""
    if name not in POLICIES:
        raise UsageError(
            f"There is no policy called {name!r}.", next_step=f"Policies: {', '.join(POLICIES)}."
        )
    return POLICIES[name]


class Planner:
    """The veins of one crawl. With one worker, the same answers make the same crawl."""

    def __init__(
        self, manifest: Manifest, access: str, goal: Goal, scope: Scope, frontier: Frontier,
        absent: frozenset[str], score: Policy = by_information,
    ) -> None:  # fmt: skip
        self._manifest, self._access = manifest, access
        self._goal, self._scope, self._frontier = goal, scope, frontier
        self._absent = set(absent)
        self._score = score
        self.satisfied: set[str] = set()
        self._veins: dict[str, Vein] = {}
        self._further: dict[str, FurtherPages] = {}
        self._since_valued = 0
        self._order: list[Vein] = []
        for name in self._useful(manifest.permitted(access)):
            self._add(name, manifest.endpoints[name])
        self._resume()

    def _add(self, name: str, spec: Endpoint) -> None:
        gain, met = self._prior(spec)
        itself = self._only_itself(spec)
        direct = spec.lists in self._goal.wants or (itself and spec.node in self._goal.wants)
        if spec.node:
            self._veins[name] = FirstPages(
                name, name, spec, Yield(gain, met), direct, self._frontier, itself
            )
        if spec.paging:
            more = f"{name}+"
            self._further[name] = FurtherPages(
                more, name, spec, Yield(gain, met), direct, self._frontier
            )
            self._veins[more] = self._further[name]

    def _prior(self, spec: Endpoint) -> tuple[float, dict[str, float]]:
        """Expected gain and meetings of the first call, from the manifest alone."""
        gain = 0.0
        for kind, number in spec.prior.items():
            if kind in self._goal.wants and (not self._scope.closed or kind in _own(spec)):
                gain += number * (FULL if self._gives_full(spec, kind) else MENTION)
        if self._only_itself(spec):
            gain = spec.batch * MENTION if spec.node in self._goal.wants else 0.0
            return gain, {}
        met = {k: n for k, n in spec.prior.items() if not self._scope.closed or k in _own(spec)}
        return gain, met

    def _only_itself(self, spec: Endpoint) -> bool:
        """Whether all that a call is wanted for is the node itself: of no use once that is full."""
        if spec.role == "measure":
            return spec.lists not in self._goal.wants
        return spec.role == "detail" and spec.lists == spec.node

    def _gives_full(self, spec: Endpoint, kind: str) -> bool:
        wanted = core_fields(BY_KIND[kind]) & self._manifest.obtainable(kind, self._access)
        shapes = [s for s in spec.gives if s.startswith(kind + ".")]
        return any(wanted <= self._manifest.shown(shape, self._access) for shape in shapes)

    def _useful(self, permitted: dict[str, Endpoint]) -> list[str]:
        """Endpoints that can bring something wanted, directly or by what they lead to."""
        present = {
            name: endpoint
            for name, endpoint in permitted.items()
            if name not in self._absent and not (self._scope.closed and endpoint.role == "relate")
        }
        best = {n: e for n, e in present.items() if not self._beaten(n, e, present)}
        wanted = set(self._goal.wants)
        useful: set[str] = set()
        while True:
            more = {n for n, e in best.items() if n not in useful and _brings(e, wanted)}
            if not more:
                return [name for name in best if name in useful]
            useful |= more
            wanted |= {best[name].node for name in more}

    def _beaten(self, name: str, spec: Endpoint, present: dict[str, Endpoint]) -> bool:
        """A single look-up beside a batch one; a list beside a fuller list of the same things."""
        for other, rival in present.items():
            if other == name or rival.node != spec.node or not spec.node:
                continue
            if rival.role == spec.role == "detail" and rival.batch > spec.batch:
                return True
            itself = spec.role == "detail" and spec.node in self._goal.wants
            if rival.lists == spec.lists and not itself and rival.role != "relate":
                mine, theirs = self._fields(spec), self._fields(rival)
                if spec.role == "detail" and rival.role == "contain" and mine < theirs:
                    return True
        return False

    def _fields(self, spec: Endpoint) -> frozenset[str]:
        core = core_fields(BY_KIND[spec.lists]) if spec.lists in BY_KIND else frozenset()
        shapes = [s for s in spec.gives if s.startswith(spec.lists + ".")]
        held = (self._manifest.shown(shape, self._access) for shape in shapes)
        return frozenset().union(*held) & core

    def _resume(self) -> None:
        """What earlier runs learned, and the pages they were told of."""
        for name, gain, met in self._frontier.calls():
            if name in self._veins:
                self._veins[name].learn(gain, json.loads(met) if met else {})
        for row, endpoint, node, offset in self._frontier.waiting():
            if endpoint in self._further:
                self._further[endpoint].add(row, node, offset)
        self._value()

    def continues(self, endpoint: str, row: int, node: int, offset: int) -> None:
        """Another page was told of."""
        if endpoint in self._further:
            self._further[endpoint].add(row, node, offset)

    def learn(self, vein: str, gain: float, met: dict[str, int]) -> None:
        """A call was answered."""
        if vein in self._veins:
            self._veins[vein].learn(gain, met)
        self._since_valued += 1
        if self._since_valued >= _VALUE_EVERY:
            self._value()

    def drop(self, endpoint: str) -> None:
        """An endpoint is absent; what another endpoint can do instead is asked there."""
        self._absent.add(endpoint)
        self._veins.pop(endpoint, None)
        self._veins.pop(f"{endpoint}+", None)
        self._further.pop(endpoint, None)
        for name in self._useful(self._manifest.permitted(self._access)):
            if name not in self._veins and self._manifest.endpoints[name].node:
                self._add(name, self._manifest.endpoints[name])
        self._value()

    def _value(self) -> None:
        """The rate of each vein over the path behind it, by a few rounds of improvement."""
        self._since_valued = 0
        for vein in self._veins.values():
            vein.value = self._own(vein)
        for _ in range(4):
            follow = self._best_follow()
            for vein in self._veins.values():
                vein.value = max([self._own(vein), *self._paths(vein, follow)])
        self._order = sorted(self._veins.values(), key=self._score, reverse=True)

    def _own(self, vein: Vein) -> float:
        """The expected gain; nothing where all that a call brings is in hand already."""
        if not self.satisfied:
            return vein.expected.gain
        spec = vein.spec
        brings = {spec.lists, spec.node, *spec.prior} & self._goal.wants.keys()
        return 0.0 if brings and brings <= self.satisfied else vein.expected.gain

    def _best_follow(self) -> dict[str, tuple[float, float]]:
        """By kind of node: the best rate of asking about one, and calls it takes."""
        best: dict[str, tuple[float, float]] = {}
        for vein in self._veins.values():
            if isinstance(vein, FirstPages):
                rate = (vein.value, 1 / vein.spec.batch)
                best[vein.spec.node] = max(rate, best.get(vein.spec.node, (0.0, 1.0)))
        return best

    def _paths(self, vein: Vein, follow: dict[str, tuple[float, float]]) -> Iterable[float]:
        own = self._own(vein)
        for kind, number in vein.expected.met.items():
            if kind in follow and number > 0.001:
                rate, each = follow[kind]
                calls = number * each
                yield _DISCOUNT * (own + calls * rate) / (1 + calls)

    def next(self) -> Ask | None:
        """The next call, or None when nothing is worth one (or all waits for answers)."""
        flush = None
        for vein in self._order:
            ready = vein.ready()
            if ready and not self.is_dry(vein):
                if ready >= vein.spec.batch:
                    return vein.take()
                flush = flush or vein
        return flush.take() if flush else None  # half-full batches go last

    @staticmethod
    def is_dry(vein: Vein) -> bool:
        """Nothing more is expected: the estimate says so, and calls enough stand behind it."""
        if vein.value <= 0:
            return True
        patience = _PATIENCE[vein.direct]
        return vein.value < DRY and vein.expected.fruitless >= patience

    def expected_new(self) -> dict[str, float]:
        """By wanted kind: how many new things the open calls would bring if none overlapped."""
        more = dict.fromkeys(self._goal.wants, 0.0)
        for vein in self._veins.values():
            given_up = vein.expected.fruitless >= _PATIENCE[vein.direct]
            calls = 0 if given_up else vein.pending()
            for kind, number in vein.expected.met.items():
                if kind in more and calls:
                    more[kind] += calls * number
        return more

    def yields(self) -> list[tuple[str, int, float, int]]:
        """By vein: calls made, gain expected of the next, calls that could be made."""
        return [
            (v.name, v.expected.calls, v.expected.gain, v.pending()) for v in self._veins.values()
        ]


def _own(spec: Endpoint) -> set[str]:
    return {spec.lists, spec.node} if spec.role == "detail" else {spec.lists}


def _brings(spec: Endpoint, wanted: set[str]) -> bool:
    kinds = {shape.partition(".")[0] for shape in spec.gives} | {spec.lists}
    return bool(kinds & wanted)
