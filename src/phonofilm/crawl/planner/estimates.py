"""What a kind of call is expected to bring, and how sure that is."""

from __future__ import annotations

import math


class Estimate:
    """A mean that follows what happens, and how far single values stray from it.

    The prior counts as `weight` calls; no call ever counts for less than `newest`, so that the
    last `1 / newest` calls decide. `error` is the standard error of the mean.
    """

    __slots__ = ("_newest", "_weight", "calls", "mean", "variance")

    def __init__(self, prior: float, weight: float = 1.0, newest: float = 0.05) -> None:
        self.mean, self.variance = prior, prior * prior
        self.calls = 0
        self._weight, self._newest = weight, newest

    def learn(self, value: float) -> None:
        """One more call brought so much."""
        self.calls += 1
        share = max(self._newest, 1 / (self.calls + self._weight))
        stray = value - self.mean
        self.mean += share * stray
        self.variance += share * (stray * stray - self.variance)

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        counted = min(self.calls + self._weight, 1 / self._newest)
        return math.sqrt(self.variance / max(1.0, counted))


class GainEstimate:
    """What a call of a vein brings: own gain, and things of each kind met for the first time.

    Both begin with the manifest's prior, which counts as one call. `fruitless` are the calls in a
    row without gain; `empty_pages` those among them, not counted there, whose list goes on.
    """

    __slots__ = ("empty_pages", "fruitless", "met", "own")

    def __init__(self, gain: float, met: dict[str, float]) -> None:
        self.own = Estimate(gain)
        self.met = {kind: Estimate(number) for kind, number in met.items()}
        self.fruitless = self.empty_pages = 0

    @property
    def gain(self) -> float:
        """Expected gain of the next call."""
        return self.own.mean

    @property
    def calls(self) -> int:
        """Calls it was learned from."""
        return self.own.calls

    def learn(self, gain: float, met: dict[str, int], goes_on: bool = False) -> None:
        """Learn from one more response; `goes_on` marks an empty page before another page."""
        for kind in met.keys() - self.met.keys():
            fresh = self.met[kind] = Estimate(0.0)
            fresh.calls = self.own.calls
        self.own.learn(gain)
        for kind, estimate in self.met.items():
            estimate.learn(met.get(kind, 0))
        if gain > 0:
            self.fruitless = self.empty_pages = 0
        elif goes_on:
            self.empty_pages += 1
        else:
            self.fruitless += 1
