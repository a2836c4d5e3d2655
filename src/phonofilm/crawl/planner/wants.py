"""Wanted kinds of a goal, and those of which enough is collected."""

from __future__ import annotations

from collections.abc import Set

from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.sources.manifest import Endpoint


class Wants:
    """Wanted kinds, and the satisfied ones among them."""

    def __init__(self, goal: Goal, scope: Scope) -> None:
        self.kinds = goal.wants.keys()
        self.follows_all = scope.name == "everything"
        self.satisfied: Set[str] = frozenset()

    def are_satisfied(self, spec: Endpoint) -> bool:
        """Tell whether enough is collected of all wanted kinds that an endpoint brings."""
        if not self.satisfied:
            return False
        kinds = {spec.item_kind, spec.subject, *spec.expected_items} & self.kinds
        return bool(kinds) and kinds <= self.satisfied
