"""Coverage: the collected share of what is reachable, with a 90 % interval, by kind and by list.

Collected are full records. Reachable is what permitted requests lead to from the seeds. What none
of them reaches is invisible, so it is not counted.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from phonofilm.crawl.coverage.population import PopulationEstimator
from phonofilm.crawl.coverage.unobtainable import UnobtainableNodes
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.intervals import Range
from phonofilm.crawl.planner.base import Forecast
from phonofilm.records.kinds import PARENTS_FIRST


class Coverage(NamedTuple):
    """A fraction with the ends of its 90 % interval."""

    estimate: float
    low: float
    high: float


# Factors of a forecast of nodes that responses about other kinds mention: middle, low, high. Set on
# MusicBrainz worlds of 400 artists, November 2026.
_BY_THE_WAY = Range(0.6, 0.35, 1.3)
_NO_EVIDENCE = Coverage(estimate=0.5, low=0.02, high=0.98)


class CoverageEstimator(NamedTuple):
    """Estimates coverage from open requests and from the population of the kind `counted_kind`.

    `full` counts the full records of each wanted kind.
    """

    forecast: Forecast
    frontier: Frontier
    population: PopulationEstimator
    full: Mapping[str, int]
    unobtainable: UnobtainableNodes
    counted_kind: str = "artist"

    def coverage(self) -> dict[str, Coverage]:
        """Estimate the coverage of each wanted kind, in the order of the wants.

        Only followed nodes count, not those that another scope or a credit brought. One that is
        only mentioned is reachable, but not collected.
        """
        unlisted = self._unlisted()
        unknown: dict[str, Range] = {}
        for kind in PARENTS_FIRST:  # unknown artists have unknown albums
            estimate = self._unknown(kind, unknown)
            unknown[kind] = Range(*(max(value, unlisted[kind]) for value in estimate))
        followed_count = self.frontier.index.followed_count
        shares = {}
        for kind in self.forecast.wanted_kinds:
            if (known := followed_count(kind)) or unlisted[kind] >= 1:
                full = self.full[kind]
                lacking = max(0, known - full - self.unobtainable.count(kind))
                shares[kind] = _full_share(full, lacking, unknown[kind])
        return shares

    def _unknown(self, kind: str, unknown_parents: dict[str, Range]) -> Range:
        if kind == self.counted_kind and self.forecast.follows_all:
            related, lists_open = self.forecast.open_requests(kind)
            if related or lists_open:
                return self.population.unknown(related, lists_open)
            return _by_the_way(self.forecast.expected_more(kind, unknown_parents))
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


def _by_the_way(expected: Range) -> Range:
    """Return what is left when only responses about other kinds mention new nodes.

    They mention fewer and fewer, so that what the next one brings is too much for all of them.
    """
    factors = zip(expected, _BY_THE_WAY, strict=True)
    return Range(*(number * factor for number, factor in factors))


def _full_share(full: int, lacking: int, unknown: Range) -> Coverage:
    """Return the full share of all; the upper end of unknown nodes is the lower end of it."""
    if unknown.middle == math.inf:
        return _NO_EVIDENCE
    known = full + lacking
    estimate, low, high = (
        round(full / (known + number) if known + number else 1.0, 4)
        for number in (unknown.middle, unknown.high, unknown.low)
    )
    return Coverage(estimate, low, high)
