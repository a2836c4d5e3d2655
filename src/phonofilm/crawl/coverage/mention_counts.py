"""Evidence from the responses themselves: how often they mention nodes, and how many are new.

A related response lists nodes that are like the one it is about. A node is *listed* when its record
names a list that it stands in, and *unlisted* otherwise. Early responses say little about what is
still to come, so some sums are of late responses: they forget old ones slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

# Index of the two values of a pair.
LISTED, UNLISTED = 0, 1
_MENTIONS_MAX = 3  # the two low bits of a node's flags
_LISTED_FLAG = 4
_GROWTH_MIN = 4096
# The n-th response leaves 1 - 3/n of a sum, so that the sum is worth the last quarter of them.
# Set on closed worlds, November 2026 (benchmarks/RESULTS.md, "Coverage").
_FORGOTTEN_RESPONSES = 3

IntPair = Annotated[list[int], msgspec.Meta(min_length=2, max_length=2)]
FloatPair = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2)]
Frequencies = Annotated[list[int], msgspec.Meta(min_length=4, max_length=4)]


def remaining_share(responses: int) -> float:
    """Return the share of a sum of late responses that the newest one leaves."""
    return max(0.0, 1 - _FORGOTTEN_RESPONSES / responses)


class MentionCounts(msgspec.Struct):
    """Mentions by related responses. Pairs are of listed nodes and of unlisted ones.

    Frequencies are numbers of nodes that were mentioned once, twice and more often; their first
    value has no meaning. `late_...` are sums of late responses.
    """

    flags: bytearray  # by node: mentions by related responses, at most 3, and whether it is listed
    related_responses: int
    mentions: IntPair
    mentioned_nodes: IntPair
    unlisted_frequencies: Frequencies
    frequencies: Frequencies
    late_first_mentions: FloatPair
    late_new_nodes: float
    late_responses: float

    @classmethod
    def empty(cls) -> MentionCounts:
        """Return counts of no mention."""
        return cls(
            flags=bytearray(),
            related_responses=0,
            mentions=[0, 0],
            mentioned_nodes=[0, 0],
            unlisted_frequencies=[0, 0, 0, 0],
            frequencies=[0, 0, 0, 0],
            late_first_mentions=[0.0, 0.0],
            late_new_nodes=0.0,
            late_responses=0.0,
        )

    def add_nodes(self, nodes: Sequence[int], memberships: Iterable[Sequence[int]]) -> None:
        """Add new nodes with the lists that each stands in."""
        self._grow(max(nodes))
        flags = self.flags
        for node, lists in zip(nodes, memberships, strict=True):
            if lists:
                flags[node] |= _LISTED_FLAG

    def add_related_response(self, nodes: Iterable[int], new: int) -> None:
        """Add a related response that mentioned these nodes, so many of them for the first time."""
        self.related_responses += 1
        remaining = remaining_share(self.related_responses)
        self.late_first_mentions[LISTED] *= remaining
        self.late_first_mentions[UNLISTED] *= remaining
        self.late_new_nodes = self.late_new_nodes * remaining + new
        self.late_responses = self.late_responses * remaining + 1
        known = len(self.flags)
        for node in nodes:
            if node < known:
                self._add_mention(node)

    def _add_mention(self, node: int) -> None:
        flags = self.flags[node]
        times, unlisted = flags & _MENTIONS_MAX, not flags & _LISTED_FLAG
        self.mentions[unlisted] += 1
        if not times:
            self.mentioned_nodes[unlisted] += 1
            self.late_first_mentions[unlisted] += 1
        if times < _MENTIONS_MAX:
            self.flags[node] = flags + 1
            self.frequencies[times] -= 1
            self.frequencies[times + 1] += 1
            if unlisted:
                self.unlisted_frequencies[times] -= 1
                self.unlisted_frequencies[times + 1] += 1

    def _grow(self, node: int) -> None:
        missing = node + 1 - len(self.flags)
        if missing > 0:
            self.flags.extend(bytes(max(_GROWTH_MIN, missing)))


class NewShare(msgspec.Struct):
    """Responses with the items that they mentioned, and how many of these were new nodes.

    `late_items` and `late_new_nodes` are sums of late responses.
    """

    responses: int = 0
    late_items: float = 0.0
    late_new_nodes: float = 0.0

    def add(self, items: int, new: int) -> None:
        """Add a response with so many items, of which some are new nodes."""
        self.responses += 1
        remaining = remaining_share(self.responses)
        self.late_items = self.late_items * remaining + items
        self.late_new_nodes = self.late_new_nodes * remaining + new

    @property
    def odds(self) -> float:
        """New nodes for each known one in late responses; 1 before the first response."""
        new = self.late_new_nodes + 0.5
        return new / max(0.5, self.late_items + 1 - new)
