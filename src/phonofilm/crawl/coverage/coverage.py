"""Coverage: the collected share of what is reachable, with a 90 % interval, by kind and by list.

Reachable is what permitted requests lead to from the seeds. What none of them reaches is invisible,
so it is not counted.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import NamedTuple

from phonofilm.crawl.coverage.population import PopulationEstimator
from phonofilm.crawl.frontier.base import Frontier
from phonofilm.crawl.intervals import Range
from phonofilm.crawl.planner.base import Forecast
from phonofilm.records.kinds import PARENTS_FIRST


class Coverage(NamedTuple):
    """A fraction with the ends of its 90 % interval."""

    estimate: float
    low: float
    high: float


_NO_EVIDENCE = Coverage(estimate=0.5, low=0.02, high=0.98)


class CoverageEstimator(NamedTuple):
    """Estimates coverage from open requests and from the population of the kind `counted_kind`."""

    forecast: Forecast
    frontier: Frontier
    population: PopulationEstimator
    counted_kind: str = "artist"

    def coverage(self) -> dict[str, Coverage]:
        """Estimate the coverage of each wanted kind, in the order of the wants.

        Only followed nodes count as known, not those that another scope or a credit brought.
        """
        unlisted = self._unlisted()
        unknown: dict[str, Range] = {}
        for kind in PARENTS_FIRST:  # unknown artists have unknown albums
            estimate = self._unknown(kind, unknown)
            unknown[kind] = Range(*(max(value, unlisted[kind]) for value in estimate))
        followed_count = self.frontier.index.followed_count
        known = {kind: followed_count(kind) for kind in self.forecast.wanted_kinds}
        return {
            kind: _known_share(number, unknown[kind])
            for kind, number in known.items()
            if number or unlisted[kind] >= 1
        }

    def _unknown(self, kind: str, unknown_parents: dict[str, Range]) -> Range:
        if kind == self.counted_kind and self.forecast.follows_all:
            return self.population.unknown(*self.forecast.open_requests(kind))
        return self.forecast.expected_more(kind, unknown_parents)

    def _unlisted(self) -> defaultdict[str, float]:
        """Return the new items, by kind, that lists announce which were left before their end.

        Lists of different endpoints announce the same items, so the largest number counts.
        """
        unlisted = defaultdict[str, float](float)
        for lists in self.forecast.lists_given_up():
            unlisted[lists.kind] = max(unlisted[lists.kind], lists.items * lists.new_share)
        return unlisted

    def lists(self, limit: int = 20) -> dict[str, Coverage]:
        """Estimate the known share of the lists with the most known members, by id."""
        largest = self.frontier.index.list_members.most_common(limit)
        return {self.frontier.id_of(node): self._list_share(node) for node, _ in largest}

    def _list_share(self, node: int) -> Coverage:
        return Coverage(*(round(value, 4) for value in self.population.share_of(node)))


def _known_share(known: int, unknown: Range) -> Coverage:
    """Return the known share of all; the upper end of unknown nodes is the lower end of it."""
    if unknown.middle == math.inf:
        return _NO_EVIDENCE
    estimate, low, high = (
        round(known / (known + number), 4) for number in (unknown.middle, unknown.high, unknown.low)
    )
    return Coverage(estimate, low, high)
