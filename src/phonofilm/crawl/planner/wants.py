"""Wanted kinds of a goal, and those of which enough is collected."""

from __future__ import annotations

from collections.abc import Set

from phonofilm.crawl.scope.first_of import FirstOf
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.sources.manifest import Endpoint


class Wants:
    """Wanted kinds, and the satisfied ones among them."""

    def __init__(self, goal: Goal, scope: Scope) -> None:
        self.kinds = goal.wants.keys()
        self.follows_all = scope.name == "everything"
        self.satisfied: Set[str] = frozenset()
        self._first = scope if isinstance(scope, FirstOf) else None

    def are_satisfied(self, spec: Endpoint) -> bool:
        """Tell whether enough is collected of all wanted kinds that an endpoint brings."""
        if not self.satisfied:
            return False
        first = self._first
        if first and first.kind in self.satisfied and not first.brings_items(spec):
            return True
        kinds = {spec.item_kind, spec.subject, *spec.expected_items} & self.kinds
        return bool(kinds) and kinds <= self.satisfied
