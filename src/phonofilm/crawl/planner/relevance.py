"""Endpoints that are relevant for a goal, and their priors from the manifest alone."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from phonofilm.crawl.planner.estimates import GainEstimate
from phonofilm.crawl.planner.queues.base import FULL, MENTION
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.records import BY_KIND, core_fields
from phonofilm.sources.manifest import Endpoint, Manifest

Endpoints = dict[str, Endpoint]


class GoalEndpoints(NamedTuple):
    """Endpoints of a source at one access level, seen from a goal and a scope."""

    manifest: Manifest
    access: str
    goal: Goal
    scope: Scope

    def relevant(self, absent: Set[str]) -> list[str]:
        """Return endpoints that bring wanted kinds, directly or over other endpoints.

        `absent` are endpoints that the source does not have at this access level.
        """
        endpoints = {
            name: endpoint
            for name, endpoint in self.manifest.permitted(self.access).items()
            if name not in absent and not (self.scope.closed and endpoint.role == "relate")
        }
        best = {
            name: endpoint
            for name, endpoint in endpoints.items()
            if not (self._is_inferior(name, endpoints) or self._is_spared(endpoint, endpoints))
        }
        if self.scope.closed:
            best = {n: e for n, e in best.items() if not self._is_detour(e, endpoints)}
        return self._leading_to(best, set(self.goal.wants))

    def _leading_to(self, endpoints: Endpoints, kinds: set[str]) -> list[str]:
        """Return endpoints that bring some kinds, and those that bring their subjects."""
        relevant: set[str] = set()
        while True:
            more = {
                name
                for name, endpoint in endpoints.items()
                if name not in relevant and self._brings(endpoint, kinds)
            }
            if not more:
                return [name for name in endpoints if name in relevant]
            relevant |= more
            kinds = kinds | {endpoints[name].subject for name in more}

    def _brings(self, endpoint: Endpoint, kinds: set[str]) -> bool:
        """Tell whether an endpoint brings nodes of some kinds that the scope may follow.

        Where artists do not say their genres, only lists of a genre tell who belongs to it.
        """
        shown = {shape.partition(".")[0] for shape in endpoint.returns}
        if self.scope.by_genre and "genres" not in self.manifest.obtainable("artist", self.access):
            shown = {endpoint.subject} if endpoint.role == "detail" else set()
        return not kinds.isdisjoint(shown | {endpoint.item_kind})

    def _is_spared(self, endpoint: Endpoint, endpoints: Endpoints) -> bool:
        """Tell whether single look-ups are left out, because lists bring what they are about.

        Where requests are counted by the day, five named artists cost 36 requests with the tracks
        that their albums list, and 263 with one more for each track (Spotify, November 2026).
        """
        daily = self.manifest.access[self.access].has_daily_quota
        if not (daily and self.scope.implies_tracks and endpoint.subject == "track"):
            return False
        single = endpoint.role == "detail" and endpoint.batch == 1
        lists = (e for e in endpoints.values() if e.item_kind == "track" and e.subject != "track")
        return single and any(lists)

    def _is_inferior(self, name: str, endpoints: Endpoints) -> bool:
        """Tell whether another endpoint brings the same, and more in a request.

        That is a look-up of larger batches, or a list of the same items with more fields.
        """
        endpoint = endpoints[name]
        if not endpoint.subject:
            return False
        rivals = [
            rival
            for other, rival in endpoints.items()
            if other != name and rival.subject == endpoint.subject
        ]
        return any(self._is_better(rival, endpoint) for rival in rivals)

    def _is_better(self, rival: Endpoint, endpoint: Endpoint) -> bool:
        if endpoint.role != "detail":
            return False
        if rival.role == "detail" and rival.batch > endpoint.batch:
            return True
        about_wanted = endpoint.subject in self.goal.wants
        same_items = rival.role == "contain" and rival.item_kind == endpoint.item_kind
        if about_wanted or not same_items:
            return False
        return self._item_fields(endpoint) < self._item_fields(rival)

    def _item_fields(self, endpoint: Endpoint) -> frozenset[str]:
        """Return the core fields of the listed kind that an endpoint shows."""
        kind = endpoint.item_kind
        if kind not in BY_KIND:
            return frozenset()
        fields = (self.manifest.shown(shape, self.access) for shape in _shapes(endpoint, kind))
        return frozenset().union(*fields) & core_fields(BY_KIND[kind])

    def _is_detour(self, endpoint: Endpoint, endpoints: Endpoints) -> bool:
        """Tell whether a list of unwanted items only leads to what another list has all of."""
        kind = endpoint.item_kind
        if endpoint.role != "contain" or endpoint.complete or kind in self.goal.wants:
            return False
        next_kinds = {e.item_kind for e in endpoints.values() if e.subject == kind}
        return any(
            rival.item_kind in next_kinds
            for rival in endpoints.values()
            if rival.complete and rival.subject == endpoint.subject
        )

    def gives_full(self, endpoint: Endpoint, kind: str) -> bool:
        """Tell whether an endpoint shows all core fields of a kind that are obtainable."""
        fields = core_fields(BY_KIND[kind]) & self.manifest.obtainable(kind, self.access)
        shapes = _shapes(endpoint, kind)
        return any(fields <= self.manifest.shown(shape, self.access) for shape in shapes)

    def is_until_full(self, endpoint: Endpoint) -> bool:
        """Tell whether a request only fills its node, so that it is of no use for a full one."""
        if endpoint.role == "measure":
            return endpoint.item_kind not in self.goal.wants
        return endpoint.role == "detail" and endpoint.item_kind == endpoint.subject

    def is_direct(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint lists a wanted kind, or fills nodes of one."""
        wants = self.goal.wants
        fills = self.is_until_full(endpoint) and endpoint.subject in wants
        return endpoint.item_kind in wants or fills

    def is_counted(self, endpoint: Endpoint) -> bool:
        """Tell whether records say at this access level in which lists of this kind they stand."""
        kind, _, field = endpoint.membership_field.partition(".")
        return bool(kind) and field in self.manifest.obtainable(kind, self.access)

    def prior(self, endpoint: Endpoint) -> GainEstimate:
        """Return the gain and the discoveries that the manifest lets expect of a request."""
        if self.is_until_full(endpoint):
            wanted = endpoint.subject in self.goal.wants
            return GainEstimate(endpoint.batch * MENTION if wanted else 0.0, {})
        items = endpoint.expected_items
        if self.scope.closed and endpoint.subject not in self.scope.credited_in:
            kinds = _followed_kinds(endpoint)
            items = {kind: number for kind, number in items.items() if kind in kinds}
        gain = 0.0
        for kind, number in items.items():
            if kind in self.goal.wants:
                gain += number * (FULL if self.gives_full(endpoint, kind) else MENTION)
        return GainEstimate(gain, items)


def _shapes(endpoint: Endpoint, kind: str) -> list[str]:
    """Return the shapes of a kind that an endpoint returns: `artist.full`, `artist.short`."""
    return [shape for shape in endpoint.returns if shape.startswith(f"{kind}.")]


def _followed_kinds(endpoint: Endpoint) -> set[str]:
    """Return the kinds that a closed scope follows: the items, not those credited in them."""
    kinds = {endpoint.item_kind}
    return kinds | {endpoint.subject} if endpoint.role == "detail" else kinds
