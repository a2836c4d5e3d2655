"""Running estimates: a mean with its standard error, and the expected yield of a request."""

from __future__ import annotations

import math
from collections.abc import Mapping

# Unless a queue says otherwise, the last 20 requests decide about a mean. Set with the closed
# worlds of benchmarks/policies.py, November 2026; no alternative is recorded.
_NEWEST_WEIGHT = 0.05


class Estimate:
    """A mean that follows the newest values, and the variance around it.

    The prior counts as `weight` values. No value counts for less than `newest_weight` when it
    comes, so the last `1 / newest_weight` values decide.
    """

    __slots__ = ("_newest_weight", "_weight", "mean", "values", "variance")

    def __init__(
        self, prior: float, weight: float = 1.0, newest_weight: float = _NEWEST_WEIGHT
    ) -> None:
        self.mean, self.variance = prior, prior * prior
        self.values = 0
        self._weight, self._newest_weight = weight, newest_weight

    def learn(self, value: float) -> None:
        """Add a value."""
        self.values += 1
        share = max(self._newest_weight, 1 / (self.values + self._weight))
        deviation = value - self.mean
        self.mean += share * deviation
        self.variance += share * (deviation * deviation - self.variance)

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        counted = min(self.values + self._weight, 1 / self._newest_weight)
        return math.sqrt(self.variance / max(1.0, counted))


class GainEstimate:
    """Expected gain of a request, and expected new nodes of each kind.

    Both begin with the manifest's priors, which count as one request. `fruitless` is the number of
    requests in a row without gain. `empty_pages` counts the empty pages among them that link to
    another page; those are not part of `fruitless`.
    """

    __slots__ = ("discovered", "empty_pages", "fruitless", "gain")

    def __init__(self, gain: float, discovered: Mapping[str, float]) -> None:
        self.gain = Estimate(gain)
        self.discovered = {kind: Estimate(number) for kind, number in discovered.items()}
        self.fruitless = self.empty_pages = 0

    def learn(self, gain: float, discovered: Mapping[str, int], goes_on: bool = False) -> None:
        """Add a response; `goes_on` marks an empty page that links to another page."""
        for kind in discovered.keys() - self.discovered.keys():
            estimate = self.discovered[kind] = Estimate(0.0)
            estimate.values = self.gain.values
        self.gain.learn(gain)
        for kind, estimate in self.discovered.items():
            estimate.learn(discovered.get(kind, 0))
        if gain > 0:
            self.fruitless = self.empty_pages = 0
        elif goes_on:
            self.empty_pages += 1
        else:
            self.fruitless += 1
