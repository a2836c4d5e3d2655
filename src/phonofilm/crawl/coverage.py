"""How much of what is reachable is in hand, as far as the calls still open can tell."""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.crawl.planner import Planner


class Coverage(NamedTuple):
    """A fraction with the range it may lie in. 1.0 says: no open call is expected to bring more."""

    estimate: float
    low: float
    high: float


def coverage(planner: Planner, tally: dict[str, dict[str, int]]) -> dict[str, Coverage]:
    """By kind: known things against known plus what open calls are expected to bring.

    Expected new things overlap (many lists name the same ones), so half of their sum is the
    estimate, none of it the upper end and all of it the lower.
    """
    result = {}
    for kind, more in planner.expected_new().items():
        known = sum(tally.get(kind, {}).values())
        if known:
            result[kind] = Coverage(
                round(known / (known + more / 2), 4), round(known / (known + more), 4), 1.0
            )
    return result
