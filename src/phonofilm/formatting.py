"""Numbers as people read them, in tables, cards and progress lines."""

from __future__ import annotations

from collections.abc import Sequence


def format_coverage(coverage: Sequence[float]) -> str:
    """Format a coverage (estimate, low, high) as a percentage with the ends of its interval.

    The interval is left out where it is narrower than what whole percents show.
    """
    estimate, low, high = coverage
    if round(low, 2) == round(high, 2):
        return f"{estimate:.0%}"
    return f"{estimate:.0%} ({low:.0%} to {high:.0%})"
