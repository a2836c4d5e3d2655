"""Numbers with a 90 % interval."""

from __future__ import annotations

from typing import NamedTuple

Z = 1.645  # standard deviations from the mean to each end of a two-sided interval of 90 %


class Range(NamedTuple):
    """A number with the ends of its 90 % interval."""

    middle: float
    low: float
    high: float
