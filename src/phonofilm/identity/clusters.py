"""Join links into clusters, strongest first, unless the joined records are in conflict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Facts = Mapping[int, tuple[str, tuple[Any, ...]]]
"""Source of each record, with the facts that may conflict with others of that source."""


class Clusters(NamedTuple):
    """Cluster of each linked record, named by its smallest member.

    `refused` links would join records in conflict; newer decisions overrule `contradicted` ones.
    """

    cluster_of: dict[int, int]
    refused: list[tuple[int, int]]
    contradicted: list[tuple[int, int]]


class _Groups:
    """Disjoint sets of records (union-find), with the pairs that a person separated."""

    def __init__(self, facts: Facts, conflict: Callable[[Any, Any], bool]) -> None:
        self._facts, self._conflict = facts, conflict
        self._separated: dict[int, set[int]] = {}
        self._parents: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}

    def find(self, record: int) -> int:
        """Return the root of a record's group."""
        parents = self._parents
        root = parents.get(record, record)
        while root != parents.get(root, root):
            root = parents[root]
        parents[record] = root
        return root

    def _members_of(self, root: int) -> list[int]:
        return self.members.get(root) or [root]

    def join(self, a: int, b: int) -> None:
        """Join two groups by their roots; the smaller one moves."""
        larger, smaller = self._members_of(a), self._members_of(b)
        if len(larger) < len(smaller):
            a, b, larger, smaller = b, a, smaller, larger
        for record in smaller:
            self._parents[record] = a
        self._parents[a] = a
        self.members[a] = larger + smaller
        self.members.pop(b, None)

    def separate(self, one: int, other: int) -> None:
        """Keep two records in different groups, because a person decided so."""
        self._separated.setdefault(one, set()).add(other)
        self._separated.setdefault(other, set()).add(one)

    def are_separated(self, a: int, b: int) -> bool:
        """Tell whether a person separated a record of one group from a record of the other."""
        others = self._members_of(b)
        return any(
            not self._separated.get(one, _NO_RECORDS).isdisjoint(others)
            for one in self._members_of(a)
        )

    def are_in_conflict(self, a: int, b: int) -> bool:
        """Tell whether records of two groups are in conflict or were separated by a person."""
        if self._separated and self.are_separated(a, b):
            return True
        others = self._members_of(b)
        for one in self._members_of(a):
            source, facts = self._facts[one]
            for other in others:
                other_source, other_facts = self._facts[other]
                if source == other_source and self._conflict(facts, other_facts):
                    return True
        return False


_NO_RECORDS: set[int] = set()


def clusters(
    links: Iterable[tuple[int, int]],
    facts: Facts,
    conflict: Callable[[Any, Any], bool],
    decisions: Iterable[tuple[int, int, bool]] = (),
) -> Clusters:
    """Join links into clusters; `links` are sorted strongest first, independent of arrival.

    `decisions` of people, newest first, are two records and whether they are the same. A decision
    overrules every rule, and a newer one overrules an older one.
    """
    groups = _Groups(facts, conflict)
    contradicted = []
    for a, b, same in decisions:
        x, y = groups.find(a), groups.find(b)
        if (x == y) is not same and (x == y or (same and groups.are_separated(x, y))):
            contradicted.append((a, b))
        elif not same:
            groups.separate(a, b)
        elif x != y:
            groups.join(x, y)
    refused = []
    for a, b in links:
        x, y = groups.find(a), groups.find(b)
        if x == y:
            continue
        if groups.are_in_conflict(x, y):
            refused.append((a, b))
        else:
            groups.join(x, y)
    cluster_of = {
        record: smallest
        for members in groups.members.values()
        for smallest in [min(members)]
        for record in members
    }
    return Clusters(cluster_of, refused, contradicted)
