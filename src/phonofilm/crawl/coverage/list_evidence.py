"""Evidence from lists: announced sizes, known members, and members that other responses mentioned.

A list is identified by its node. Where records carry their memberships (an artist its genres), the
known members of every list are counted, whether the list was requested or not. A member is
*recaptured* when a response other than a page of its list mentions it, so the recaptured share of
sized lists tells how likely a member is met without its list.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

import msgspec

# Lists of fewer members are short: few responses mention them, so each has its own recapture rate.
LONG_LIST_MIN = 8
# Memberships are averaged over so many of the newest listed nodes, because early ones stand in
# more lists than late ones.
NEWEST_NODES_MAX = 400
# A recapture rate of short or of long lists is drawn towards the rate of all with this weight.
_RATE_PRIOR_MEMBERS = 5
# All three were set on closed worlds of 3,000 to 20,000 artists, November 2026
# (benchmarks/RESULTS.md, "Coverage").
_GROWTH_MIN = 4096
_NO_LIST = -1

Pair = Annotated[list[int], msgspec.Meta(min_length=2, max_length=2)]


class ListEvidence(msgspec.Struct):
    """Counts over lists. Pairs are of short lists and of long ones.

    `missing_members` sums the announced members of sized lists that are not known;
    `open_members` counts known members of lists without a size. A sized list adds its size to
    `sized_members` and its recaptured members to `sized_recaptured`.
    """

    sizes: dict[int, int]
    recaptured: dict[int, int]
    missing_members: int
    open_members: Pair
    sized_members: Pair
    sized_recaptured: Pair

    @classmethod
    def empty(cls) -> ListEvidence:
        """Return evidence about no list."""
        return cls(
            sizes={},
            recaptured={},
            missing_members=0,
            open_members=[0, 0],
            sized_members=[0, 0],
            sized_recaptured=[0, 0],
        )

    @property
    def has_sized_members(self) -> bool:
        """Whether some list announced its size."""
        return bool(sum(self.sized_members))

    def add_members(self, list_node: int, known: int, number: int) -> None:
        """Add new members of a list, which are counted among its known ones already."""
        size = self.sizes.get(list_node)
        if size is not None:
            self.missing_members -= max(0, size - known + number) - max(0, size - known)
        elif known >= LONG_LIST_MIN > known - number:  # a short list that became a long one
            self.open_members[0] -= known - number
            self.open_members[1] += known
        else:
            self.open_members[known >= LONG_LIST_MIN] += number

    def recapture(self, list_node: int, number: int = 1) -> None:
        """Count members of a list that a response other than its pages mentioned."""
        self.recaptured[list_node] = self.recaptured.get(list_node, 0) + number
        size = self.sizes.get(list_node)
        if size is not None:
            self.sized_recaptured[size >= LONG_LIST_MIN] += number

    def set_size(self, list_node: int, size: int, known: int) -> None:
        """Set the announced size of a list; the first one stays."""
        if list_node in self.sizes:
            return
        recaptured = self.recaptured.get(list_node, 0)
        # The member that made the list known says nothing about how likely others are recaptured.
        discoverer = min(1, recaptured)
        self.sizes[list_node] = size
        self.open_members[known >= LONG_LIST_MIN] -= known
        self.missing_members += max(0, size - known)
        self.sized_members[size >= LONG_LIST_MIN] += max(0, size - discoverer)
        self.sized_recaptured[size >= LONG_LIST_MIN] += recaptured - discoverer

    def close(self, list_node: int, known: int) -> None:
        """Reduce a size to the known members, because no page can bring the others."""
        size = self.sizes.get(list_node)
        if size is not None:
            self.missing_members -= max(0, size - known)
            self.sizes[list_node] = min(known, size)

    def recapture_rate(self, long: bool) -> float:
        """Estimate the share of members that responses other than pages of the list mention."""
        recaptured, members = self.sized_recaptured, self.sized_members
        overall = min(1.0, (sum(recaptured) + 0.5) / (sum(members) + 1))
        prior = _RATE_PRIOR_MEMBERS
        return min(1.0, (recaptured[long] + prior * overall) / (members[long] + prior))


class DiscoveringLists:
    """The list whose page discovered a node, by node, until another response mentions the node."""

    def __init__(self) -> None:
        self.by_node = array("i")

    def add(
        self, nodes: Sequence[int], memberships: Sequence[Sequence[int]], list_node: int
    ) -> None:
        """Add the new nodes of a response; `list_node` is the list it is a page of, or 0."""
        self._grow(max(nodes))
        by_node = self.by_node
        for node, lists in zip(nodes, memberships, strict=True):
            by_node[node] = list_node if list_node and list_node in lists else _NO_LIST

    def restore(self, stored: bytes) -> None:
        """Restore the lists of an earlier run."""
        self.by_node = array("i")
        self.by_node.frombytes(stored)

    def recaptured(self, nodes: Iterable[int], list_node: int) -> list[int]:
        """Return the discovering list of each known node that now came without it.

        Each node counts once.
        """
        by_node, size = self.by_node, len(self.by_node)
        lists = []
        for node in nodes:
            if node < size and by_node[node] > 0 and by_node[node] != list_node:
                lists.append(by_node[node])
                by_node[node] = _NO_LIST
        return lists

    def _grow(self, node: int) -> None:
        missing = node + 1 - len(self.by_node)
        if missing > 0:
            self.by_node.frombytes(bytes(max(_GROWTH_MIN, missing) * self.by_node.itemsize))


class ResponseMemberships(NamedTuple):
    """The lists of each new node of a response; `list_node` is the list it is a page of, or 0."""

    memberships: list[tuple[int, ...]]
    list_node: int


class NewestMemberships:
    """Memberships of the newest nodes, response by response."""

    def __init__(self) -> None:
        self.responses: deque[ResponseMemberships] = deque()
        self._nodes = 0

    def add(self, memberships: list[tuple[int, ...]], list_node: int) -> None:
        """Add the new nodes of a response, and drop responses that are too old."""
        self.responses.append(ResponseMemberships(memberships, list_node))
        self._nodes += len(memberships)
        while self._nodes - len(self.responses[0].memberships) >= NEWEST_NODES_MAX:
            self._nodes -= len(self.responses.popleft().memberships)

    def restore(self, responses: list[ResponseMemberships]) -> None:
        """Restore the responses of an earlier run."""
        self.responses = deque(responses)
        self._nodes = sum(len(response.memberships) for response in responses)

    def listed(self) -> list[tuple[tuple[int, ...], bool]]:
        """Return the lists of the newest listed nodes, and whether one of these lists named it."""
        nodes = [
            (lists, list_node in lists)
            for memberships, list_node in self.responses
            for lists in memberships
            if lists
        ]
        return nodes[-NEWEST_NODES_MAX:]
