"""Process-local arrays of a frontier: known keys, flags, mentions and members of lists, by node.

The keys are 64-bit hashes in memory, rebuilt from an append-only table at start: a unique index
over text keys is eight times slower at two million keys than at ten thousand. The hash is Python's
own, so it stays inside one process and is never stored. Nodes are numbered from 1 in the order of
discovery; new rows and changed flags gather here until the frontier stores them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from phonofilm.crawl.frontier.levels import FULL_MASK, LEVEL_SHIFT, LEVELS, FollowLevel, pack_flags
from phonofilm.records.kinds import NODE_KINDS

KIND_NUMBER = {kind: number for number, kind in enumerate(NODE_KINDS)}
MENTIONS_MAX = 255  # one byte per node
_GROWTH_MIN = 1024  # nodes; chosen, not tuned
NodeRow = tuple[int, int, str, int]
"""Number, kind number, id and flags of a node, as they are stored."""


class Discovered(NamedTuple):
    """Nodes that a response mentioned, by how they changed what is known of the followed part.

    Counts are of nodes followed for the first time, full or only mentioned, and of followed ones
    that became full. `filled` are numbers and ids of all nodes that became full now, followed or
    not; `already_known` are the numbers of all other nodes that were known before.
    """

    first_full: int = 0
    first_mentioned: int = 0
    became_full: int = 0
    filled: Sequence[tuple[int, str]] = ()
    already_known: Sequence[int] = ()


class FrontierIndex:
    """Arrays by node number, and what changed in them since the last commit."""

    __slots__ = (
        "_answered",
        "_counts",
        "_followed_counts",
        "_full_counts",
        "_known",
        "by_kind",
        "changed_flags",
        "flags",
        "kinds",
        "list_members",
        "mentions",
        "new_rows",
        "raised",
    )

    def __init__(self) -> None:
        self.flags = bytearray(1)
        self.kinds = bytearray(1)
        self.mentions = bytearray(1)  # how often a node was mentioned again, in this run
        # A node is appended again when it is followed further, so that queues see it again.
        self.by_kind: dict[str, array[int]] = {kind: array("q") for kind in NODE_KINDS}
        self.list_members: Counter[int] = Counter()  # known members of counted lists
        self.new_rows: list[NodeRow] = []
        self.changed_flags: dict[int, int] = {}
        # Answered nodes that were followed further since: their responses are to be read again.
        self.raised: set[int] = set()
        self._answered = bytearray()
        self._known: dict[str, dict[int, int]] = {kind: {} for kind in NODE_KINDS}
        self._counts, self._full_counts = [0] * len(NODE_KINDS), [0] * len(NODE_KINDS)
        self._followed_counts = [0] * len(NODE_KINDS)

    def __len__(self) -> int:
        return len(self.flags) - 1

    def load(self, rows: Iterable[NodeRow]) -> None:
        """Load stored nodes in the order of their numbers."""
        for seq, kind, id_, flags in rows:
            self._known[NODE_KINDS[kind]][hash(id_)] = seq
            self.flags.append(flags)
            self.kinds.append(kind)
            self.mentions.append(0)
            self.by_kind[NODE_KINDS[kind]].append(seq)
            self._counts[kind] += 1
            self._full_counts[kind] += flags & FULL_MASK
            self._followed_counts[kind] += flags > FULL_MASK

    def mark_answered(self, nodes: Iterable[int]) -> None:
        """Mark nodes as having a landed response."""
        for seq in nodes:
            if seq >= len(self._answered):
                self._answered.extend(bytes(max(_GROWTH_MIN, seq + 1 - len(self._answered))))
            self._answered[seq] = 1

    def take_raised(self) -> set[int]:
        """Return the answered nodes that were followed further since the last time."""
        raised = self.raised.copy()
        self.raised.clear()
        return raised

    def mark_stored(self) -> None:
        """Forget the changes, because a transaction holds them."""
        self.new_rows.clear()
        self.changed_flags.clear()

    def add_nodes(self, kind: str, mentions: Iterable[tuple[str, int, bool]]) -> Discovered:
        """Add the mentions of one kind in a response: id, level, full.

        Levels and fullness only ever grow. One loop for a whole response, with `pack_flags` written
        out, because it runs for every record of every response.
        """
        known, flags, number = self._known[kind], self.flags, KIND_NUMBER[kind]
        seen, nodes, new_rows = self.mentions, self.by_kind[kind], self.new_rows
        first_full = first_mentioned = became_full = 0
        filled: list[tuple[int, str]] = []
        already_known: list[int] = []
        for id_, level, full in mentions:
            key = hash(id_)
            seq = known.get(key)
            if seq is None:
                known[key] = seq = len(flags)
                packed = level << LEVEL_SHIFT | full
                flags.append(packed)
                seen.append(0)
                nodes.append(seq)
                new_rows.append((seq, number, id_, packed))
                followed = level > 0
                if full:
                    filled.append((seq, id_))
            else:
                was_full = flags[seq] & FULL_MASK
                if seen[seq] < MENTIONS_MAX:
                    seen[seq] += 1
                followed, filled_now = self._raise(nodes, seq, level, full)
                became_full += filled_now
                if full and not was_full:
                    filled.append((seq, id_))
                else:
                    already_known.append(seq)
            if followed:
                if flags[seq] & FULL_MASK:
                    first_full += 1
                else:
                    first_mentioned += 1
        self._count_new(number)
        return Discovered(
            first_full=first_full,
            first_mentioned=first_mentioned,
            became_full=became_full,
            filled=filled,
            already_known=already_known,
        )

    def _raise(self, nodes: array[int], seq: int, level: int, full: bool) -> tuple[bool, bool]:
        """Raise a known node to a level and fullness.

        Returns whether it is followed for the first time, and whether it became full while it was
        followed before.
        """
        old = self.flags[seq]
        old_level, was_full = old >> LEVEL_SHIFT, old & FULL_MASK
        raised, fills = level > old_level, full and not was_full
        if raised or fills:
            self._set_flags(seq, pack_flags(max(level, old_level), was_full or full))
            if raised:
                nodes.append(seq)
                if seq < len(self._answered) and self._answered[seq]:
                    self.raised.add(seq)
        return raised and not old_level, bool(fills and old_level)

    def _count_new(self, number: int) -> None:
        new = self.flags[len(self.kinds) :]
        self.kinds.extend(bytes((number,)) * len(new))
        self._counts[number] += len(new)
        self._full_counts[number] += sum(flags & FULL_MASK for flags in new)
        self._followed_counts[number] += sum(flags > FULL_MASK for flags in new)

    def _set_flags(self, seq: int, flags: int) -> None:
        if seq < len(self.kinds):  # a node of this very response is counted after it
            kind, old = self.kinds[seq], self.flags[seq]
            self._full_counts[kind] += (flags & FULL_MASK) - (old & FULL_MASK)
            self._followed_counts[kind] += (flags > FULL_MASK) - (old > FULL_MASK)
        self.flags[seq] = flags
        self.changed_flags[seq] = flags

    def mark_full(self, seq: int) -> bool:
        """Mark a node as full; return whether it was not full before."""
        if self.flags[seq] & FULL_MASK:
            return False
        self._set_flags(seq, self.flags[seq] | FULL_MASK)
        return True

    def mark_not_full(self, seq: int) -> None:
        """Mark a node as not full, because the response that filled it was lost."""
        if self.flags[seq] & FULL_MASK:
            self._set_flags(seq, self.flags[seq] & ~FULL_MASK)

    def reset_levels(self) -> None:
        """Follow no node any more; what is full stays full."""
        self.flags[:] = bytes(flags & FULL_MASK for flags in self.flags)
        self._followed_counts = [0] * len(NODE_KINDS)

    def followed_count(self, kind: str) -> int:
        """Return the number of nodes of a kind that are followed, full or only mentioned."""
        return self._followed_counts[KIND_NUMBER[kind]] if kind in KIND_NUMBER else 0

    def followed_tally(self) -> dict[str, dict[str, int]]:
        """Count the followed nodes by kind, full and only mentioned; looks at every node."""
        counts = Counter(zip(self.kinds, self.flags, strict=True))
        tally: dict[str, dict[str, int]] = {}
        for (number, flags), count in counts.items():
            if flags > FULL_MASK:
                row = tally.setdefault(NODE_KINDS[number], {"full": 0, "mentioned": 0})
                row["full" if flags & FULL_MASK else "mentioned"] += count
        return tally

    def seq_of(self, kind: str, id_: str) -> int | None:
        """Return the number of a node, or None when it is unknown."""
        return self._known[kind].get(hash(id_))

    def is_full(self, seq: int) -> bool:
        """Tell whether look-ups can add nothing to a node."""
        return bool(self.flags[seq] & FULL_MASK)

    def level(self, seq: int) -> FollowLevel:
        """Return how far a node is followed."""
        return LEVELS[self.flags[seq]]

    def new_id(self, seq: int) -> str:
        """Return the id of a node that is not stored yet."""
        return next(id_ for number, _, id_, _ in reversed(self.new_rows) if number == seq)

    def counts(self) -> Iterator[tuple[str, int, int]]:
        """Yield each known kind with its number of nodes and of full ones."""
        rows = zip(NODE_KINDS, self._counts, self._full_counts, strict=True)
        return ((kind, count, full) for kind, count, full in rows if count)
