"""What belongs together: links joined, strongest first, unless what they join cannot be one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Facts = Mapping[int, tuple[str, tuple[Any, ...]]]
"""By record: its source, and the facts that may keep it apart from others of that source."""


class Clustered(NamedTuple):
    """The cluster of each record that has company, by its smallest member.

    `refused` links were not taken; `contradicted` decisions do not go with newer ones.
    """

    cluster_of: dict[int, int]
    refused: list[tuple[int, int]]
    contradicted: list[tuple[int, int]]


class _Groups:
    """Growing groups of records: who is in which, and by source what is in it."""

    def __init__(self, facts: Facts, apart: Callable[[Any, Any], bool]) -> None:
        self._facts, self._apart = facts, apart
        self._decided: dict[int, set[int]] = {}
        self._above: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}

    def find(self, record: int) -> int:
        """The root of a record's group."""
        above = self._above
        root = above.get(record, record)
        while root != above.get(root, root):
            root = above[root]
        above[record] = root
        return root

    def _of(self, root: int) -> list[int]:
        return self.members.get(root) or [root]

    def join(self, a: int, b: int) -> None:
        """Makes two groups one; the smaller is moved."""
        mine, theirs = self._of(a), self._of(b)
        if len(mine) < len(theirs):
            a, b, mine, theirs = b, a, theirs, mine
        for record in theirs:
            self._above[record] = a
        self._above[a] = a
        self.members[a] = mine + theirs
        self.members.pop(b, None)

    def keep_apart(self, one: int, other: int) -> None:
        """A person said that they are two."""
        self._decided.setdefault(one, set()).add(other)
        self._decided.setdefault(other, set()).add(one)

    def told_apart(self, a: int, b: int) -> bool:
        """Whether two groups hold records that a person told apart."""
        theirs = self._of(b)
        return any(not self._decided.get(one, _NOBODY).isdisjoint(theirs) for one in self._of(a))

    def cannot(self, a: int, b: int) -> bool:
        """Whether two groups hold records that cannot be one, or that a person told apart."""
        if self._decided and self.told_apart(a, b):
            return True
        mine, theirs = self._of(a), self._of(b)
        for one in mine:
            source, held = self._facts[one]
            for other in theirs:
                other_source, also = self._facts[other]
                if source == other_source and self._apart(held, also):
                    return True
        return False


_NOBODY: set[int] = set()


def clusters(
    links: Iterable[tuple[int, int]],
    facts: Facts,
    apart: Callable[[Any, Any], bool],
    decided: Iterable[tuple[int, int, bool]] = (),
) -> Clustered:
    """Groups of records. `links` come strongest first, in an order that depends on them alone.

    `decided` is what people said, the newest first: two records, and whether they are one. It holds
    against any rule, and the newer against the older.
    """
    groups = _Groups(facts, apart)
    contradicted = []
    for a, b, same in decided:
        x, y = groups.find(a), groups.find(b)
        if (x == y) is not same and (x == y or (same and groups.told_apart(x, y))):
            contradicted.append((a, b))
        elif not same:
            groups.keep_apart(a, b)
        elif x != y:
            groups.join(x, y)
    refused = []
    for a, b in links:
        x, y = groups.find(a), groups.find(b)
        if x == y:
            continue
        if groups.cannot(x, y):
            refused.append((a, b))
        else:
            groups.join(x, y)
    found = {
        record: smallest
        for members in groups.members.values()
        for smallest in [min(members)]
        for record in members
    }
    return Clustered(found, refused, contradicted)
