"""Follow levels of nodes, and the flags that hold a level and the full bit.

A node is something that requests can be made about: an artist, a genre, a query. One byte per node
holds its flags: bit 0 is set when the node is full, bits 1 and 2 hold its `FollowLevel`. The
helpers below are the only place that knows this layout; a greater level makes a greater byte, so
`flags >= flags_from(level)` compares levels without unpacking them.
"""

from __future__ import annotations

from enum import IntEnum


class FollowLevel(IntEnum):
    """Level to which a node is followed: not at all, looked up itself, or with all of its items."""

    IGNORED = 0
    LOOKED_UP = 1
    FOLLOWED = 2


IGNORED = FollowLevel.IGNORED
LOOKED_UP = FollowLevel.LOOKED_UP
FOLLOWED = FollowLevel.FOLLOWED

FULL_MASK = 1
LEVEL_SHIFT = 1
# A level by flags: a tuple, because looking up an enum member costs ten times as much.
LEVELS = tuple(level for level in FollowLevel for _ in range(1 << LEVEL_SHIFT))


def pack_flags(level: int, full: bool | int) -> int:
    """Pack a level and the full bit into the flags of a node."""
    return level << LEVEL_SHIFT | full


def flags_from(level: int) -> int:
    """Return the smallest flags of a node that is followed at least to a level."""
    return level << LEVEL_SHIFT
