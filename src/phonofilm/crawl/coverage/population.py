"""Estimate how many nodes of one kind exist that no response mentioned yet.

`PopulationEstimator` gathers evidence response by response (`list_evidence`, `mention_counts`) and
hands it to the formulas of `unknown_nodes`. Its evidence outlives a run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from phonofilm.crawl.coverage import unknown_nodes
from phonofilm.crawl.coverage.list_evidence import (
    DiscoveringLists,
    ListEvidence,
    NewestMemberships,
    ResponseMemberships,
)
from phonofilm.crawl.coverage.mention_counts import MentionCounts, NewShare
from phonofilm.crawl.intervals import Range

# Version of `EstimatorState`: raise it with every change of a field or of its meaning. The state
# before 2026-11-30 carried no version, so it counts as another one.
STATE_VERSION = 3


class EstimatorState(msgspec.Struct):
    """Evidence that outlives a run, as it is stored (MessagePack)."""

    version: int
    known: int
    listed: int
    discovered: int
    has_list_responses: bool
    discovering_lists: bytes
    newest_memberships: list[ResponseMemberships]
    lists: ListEvidence
    mentions: MentionCounts
    list_responses: NewShare
    related_responses: NewShare


class _Versioned(msgspec.Struct):
    version: int


class PopulationEstimator:
    """Evidence about the nodes of one kind; nodes and lists are numbers of the frontier.

    `members` counts the known members by list; its owner updates it before the evidence comes here.
    `has_related` tells whether related requests are permitted at this access level.
    """

    def __init__(self, members: Counter[int], has_related: bool) -> None:
        self._members = members
        self._has_related = has_related
        self.known = self.listed = self.discovered = 0
        self._has_list_responses = False
        self._discovering = DiscoveringLists()
        self._newest = NewestMemberships()
        self._lists = ListEvidence.empty()
        self._mentions = MentionCounts.empty()
        self._list_responses, self._related_responses = NewShare(), NewShare()

    def add(
        self,
        nodes: list[int],
        memberships: list[tuple[int, ...]],
        member_counts: dict[int, int],
        list_node: int,
        related: bool,
    ) -> None:
        """Add the new nodes of a response with the lists that each stands in.

        `member_counts` are the new nodes by list. The response is a page of the list `list_node`
        (0 for none), or a related one.
        """
        self.known += len(nodes)
        self.listed += len(nodes) - memberships.count(())
        self._has_list_responses = self._has_list_responses or not related
        self._discovering.add(nodes, memberships, list_node)
        self._mentions.add_nodes(nodes, memberships)
        self._newest.add(memberships, list_node)
        for node, number in member_counts.items():
            self._lists.add_members(node, self._members[node], number)
            if node != list_node:
                self._lists.recapture(node, number)

    def add_known(self, nodes: Sequence[int], list_node: int) -> None:
        """Add the known nodes of a response, which is a page of `list_node` (0 for none)."""
        for discovering in self._discovering.recaptured(nodes, list_node):
            self._lists.recapture(discovering)

    def set_list_size(self, list_node: int, size: int) -> None:
        """Set the announced size of a list, before the nodes of that response are added."""
        self._lists.set_size(list_node, size, self._members[list_node])

    def close_list(self, list_node: int) -> None:
        """Close a list without a further page.

        Where only lists lead on, what it announced and did not return stays unreachable.
        """
        if not self._has_related:
            self._lists.close(list_node, self._members[list_node])

    def add_list_response(self, items: int, new: int) -> None:
        """Add a response of a list: its different nodes, and how many no response named before."""
        self.discovered += new
        self._list_responses.add(items, new)

    def add_related_response(self, nodes: Sequence[int], new: int) -> None:
        """Add a related response with all nodes that it mentioned; `add` comes before.

        `new` are those that no response named before.
        """
        self.discovered += new
        self._related_responses.add(len(nodes), new)
        self._mentions.add_related_response(nodes, new)

    def share_of(self, list_node: int) -> Range:
        """Estimate the known share of one list."""
        return unknown_nodes.known_share(self._lists, list_node, self._members[list_node])

    def unknown(self, open_related: int, lists_open: bool) -> Range:
        """Estimate the nodes that no response named yet and that requests can reach.

        `open_related` are the known nodes whose related nodes were not requested, and `lists_open`
        tells whether some page of a list can still be requested.
        """
        if not self._has_related:
            open_related = 0
        if not open_related and not lists_open:
            return Range(0.0, 0.0, 0.0)
        if not self.known and not self.discovered:
            return Range(math.inf, 0.0, math.inf)
        if not self._lists.has_sized_members:
            responses = self._related_responses if self._has_related else self._list_responses
            known = max(self.known, self.discovered)
            estimate = unknown_nodes.unknown_by_new_share(known, responses, self._has_related)
        else:
            named = max(0, self.discovered - self.known)
            estimate = Range(
                *(max(0.0, number - named) for number in self._by_lists_and_mentions(open_related))
            )
        return estimate if lists_open else self._limited(estimate, open_related)

    def _by_lists_and_mentions(self, open_related: int) -> Range:
        listed = unknown_nodes.listed_unknown(self._lists, self._newest)
        if not self._has_related:
            return unknown_nodes.unknown_by_searches(listed, self.known, self._list_responses)
        return unknown_nodes.unknown_by_mentions(listed, self.listed, self._mentions, open_related)

    def _limited(self, estimate: Range, open_related: int) -> Range:
        """Limit an estimate to what related responses can bring, because no list is open."""
        limit = unknown_nodes.related_limit(self._mentions, open_related)
        low = estimate.low if estimate.low < limit else 0.0
        return Range(min(limit, estimate.middle), low, min(limit, estimate.high))

    def dump(self) -> bytes:
        """Encode the evidence that outlives a run."""
        state = EstimatorState(
            version=STATE_VERSION,
            known=self.known,
            listed=self.listed,
            discovered=self.discovered,
            has_list_responses=self._has_list_responses,
            discovering_lists=self._discovering.by_node.tobytes(),
            newest_memberships=list(self._newest.responses),
            lists=self._lists,
            mentions=self._mentions,
            list_responses=self._list_responses,
            related_responses=self._related_responses,
        )
        return msgspec.msgpack.encode(state)

    def restore(self, stored: bytes) -> None:
        """Restore the evidence of an earlier run; ignore the state of another version."""
        try:
            if msgspec.msgpack.decode(stored, type=_Versioned).version != STATE_VERSION:
                return
            state = msgspec.msgpack.decode(stored, type=EstimatorState)
        except msgspec.DecodeError:
            return
        self.known, self.listed, self.discovered = state.known, state.listed, state.discovered
        self._has_list_responses = state.has_list_responses
        self._discovering.restore(state.discovering_lists)
        self._newest.restore(state.newest_memberships)
        self._lists, self._mentions = state.lists, state.mentions
        self._list_responses = state.list_responses
        self._related_responses = state.related_responses
