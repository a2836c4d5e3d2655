"""How much of what is reachable is in hand, with a 90 % interval, by kind and by list.

Reachable is what permitted calls lead to from the seeds; what none of them reaches is not counted
and cannot be seen.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from phonofilm.crawl.coverage.population import PopulationEstimator
from phonofilm.crawl.frontier.base import Frontier
from phonofilm.crawl.intervals import Range
from phonofilm.crawl.planner.base import Scheduler
from phonofilm.records.kinds import PARENTS_FIRST


class Coverage(NamedTuple):
    """A fraction with the ends of its interval."""

    estimate: float
    low: float
    high: float


class CoverageEstimator(NamedTuple):
    """What coverage is told from; `census` counts things of the kind `counted`."""

    planner: Scheduler
    frontier: Frontier
    population: PopulationEstimator
    counted: str = "artist"

    def coverage(self) -> dict[str, Coverage]:
        """By wanted kind, in the order of the wants."""
        tally = self.frontier.tally()
        unknown: dict[str, Range] = {}
        unseen = self._unseen()
        for kind in PARENTS_FIRST:  # unknown artists have unknown albums
            if kind == self.counted and self.planner.follows_all:
                unknown[kind] = self.population.unknown(*self.planner.open_requests(kind))
            else:
                unknown[kind] = self.planner.expected_more(kind, unknown)
            unknown[kind] = Range(*(max(value, unseen[kind]) for value in unknown[kind]))
        known = {kind: sum(tally.get(kind, {}).values()) for kind in self.planner.wanted}
        return {
            kind: _share(number, unknown[kind])
            for kind, number in known.items()
            if number or unseen[kind] >= 1
        }

    def _unseen(self) -> defaultdict[str, float]:
        """Return the new items, by kind, that lists given up still announce.

        Lists of different endpoints announce the same things, so the largest number counts.
        """
        unseen = defaultdict[str, float](float)
        for lists in self.planner.lists_given_up():
            unseen[lists.kind] = max(unseen[lists.kind], lists.items * lists.new_share)
        return unseen

    def lists(self, most: int = 20) -> dict[str, Coverage]:
        """The known share of the lists with most known members, by their names."""
        counted = self.frontier.index.list_members.most_common(most)
        shares = ((node, self.population.share_of(node)) for node, _ in counted)
        return {
            self.frontier.id_of(node): Coverage(*(round(value, 4) for value in share))
            for node, share in shares
        }


def _share(known: int, unknown: Range) -> Coverage:
    if unknown.middle == float("inf"):
        return Coverage(0.5, 0.02, 0.98)
    middle, high, low = (round(known / (known + value), 4) for value in unknown)
    return Coverage(middle, low, high)
