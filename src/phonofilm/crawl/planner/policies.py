"""Policies: exchangeable ways to choose the next request, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from phonofilm.crawl.planner.queues.base import RequestQueue
from phonofilm.errors import UsageError

# What follows is less sure than the request itself. Chosen in November 2026, not tuned.
_DISCOUNT = 0.9
_LISTS_SCORE, _OTHER_SCORE = 2.0, 1.0


class Policy(NamedTuple):
    """A way to choose: the ready queue with the highest score sends the next request.

    `score` gets a queue and the expected gain of its best request with what follows. With
    `in_order`, the requests of a queue go out in the order of discovery.
    """

    text: str
    in_order: bool
    score: Callable[[RequestQueue, float], float]


def best_path_gain(queue: RequestQueue, gain: float) -> float:
    """Return the expected gain per request over the best path that begins with a request."""
    best = gain
    for onward_gain, requests in queue.onward:
        best = max(best, _DISCOUNT * (gain + onward_gain) / (1 + requests))
    return best


def by_gain(queue: RequestQueue, path_gain: float) -> float:
    """Score a queue by its expected gain."""
    return path_gain


def lists_first(queue: RequestQueue, path_gain: float) -> float:
    """Score the first pages of lists before all other requests, whatever they bring."""
    first = queue.spec.role in ("seed", "search") or queue.spec.subject == "genre"
    return _LISTS_SCORE if first and not queue.name.endswith("+") else _OTHER_SCORE


POLICIES = {
    "information": Policy(
        text="most expected information per request, by list and by cohort",
        in_order=False,
        score=by_gain,
    ),
    "averages": Policy(
        text="the endpoint that brings most on average", in_order=True, score=by_gain
    ),
    "breadth": Policy(
        text="lists first, then nodes in the order of discovery: the usual script",
        in_order=True,
        score=lists_first,
    ),
}


def policy(name: str) -> Policy:
    """Return a policy by name; UsageError lists the known ones."""
    if name not in POLICIES:
        raise UsageError(
            f"There is no policy called {name!r}.", next_step=f"Policies: {', '.join(POLICIES)}."
        )
    return POLICIES[name]
