"""Requests of `find` and `--probe`: they count towards the same budgets as those of crawls.

They stand in a setting of the frontier and not among its requests, because a crawl of another
process may be numbering those at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from phonofilm.crawl.frontier.frontier import Frontier

_KEY = "single_requests"
_DAY_SECONDS = 86_400


def requests_of_day(frontier: Frontier, now: float) -> list[tuple[float, str]]:
    """Return Unix seconds and endpoint of the requests of the last day, of all verbs."""
    since = now - _DAY_SECONDS
    return sorted(frontier.history.requests_since(since) + _single_requests(frontier, since))


def add_single_requests(
    frontier: Frontier, requests: Sequence[tuple[float, str]], now: float
) -> None:
    """Add requests, Unix seconds and endpoint; those that are older than a day are dropped."""
    rows = [*_single_requests(frontier, now - _DAY_SECONDS), *requests]
    frontier.settings[_KEY] = json.dumps(rows)


def _single_requests(frontier: Frontier, since: float) -> list[tuple[float, str]]:
    stored = frontier.settings.get(_KEY)
    rows = json.loads(stored) if stored else []
    return [(float(at), str(endpoint)) for at, endpoint in rows if at > since]
