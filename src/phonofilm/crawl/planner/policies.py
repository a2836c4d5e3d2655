"""Ways to choose the next call: exchangeable, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from phonofilm.crawl.planner.queues.base import RequestQueue
from phonofilm.errors import UsageError

_DISCOUNT = 0.9


class Policy(NamedTuple):
    """The ready vein with the greatest score is asked next.

    `plain` ones ask within a vein in the order of meeting; `score` gets a vein and what its best
    call is expected to bring with what follows.
    """

    text: str
    plain: bool
    score: Callable[[RequestQueue, float], float]


def with_what_follows(vein: RequestQueue, own: float) -> float:
    """Expected information per call, over the best path behind it."""
    best = own
    for gain, calls in vein.follow:
        best = max(best, _DISCOUNT * (own + gain) / (1 + calls))
    return best


def as_it_is(vein: RequestQueue, worth: float) -> float:
    """What is expected."""
    return worth


def lists_first(vein: RequestQueue, worth: float) -> float:
    """Lists before things, whatever they bring."""
    first = vein.spec.role in ("seed", "search") or vein.spec.subject == "genre"
    return 2.0 if first and not vein.name.endswith("+") else 1.0


POLICIES = {
    "information": Policy(
        "most expected information per call, by list and by company", False, as_it_is
    ),
    "averages": Policy("the kind of call that brings most on average", True, as_it_is),
    "breadth": Policy("lists first, then what was met first: the usual script", True, lists_first),
}


def policy(name: str) -> Policy:
    """A policy by name; UsageError names those there are."""
    if name not in POLICIES:
        raise UsageError(
            f"There is no policy called {name!r}.", next_step=f"Policies: {', '.join(POLICIES)}."
        )
    return POLICIES[name]
