"""Counters and ending of a crawl, and the conditions of its goal that end it."""

from __future__ import annotations

from collections import Counter

from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.responses.recorder import ResponseRecorder
from phonofilm.errors import PhonofilmError

# Responses between two looks at the coverage, which costs more than recording one. Chosen in
# November 2026, not tuned.
_RESPONSES_PER_LOOK = 20


class Ending:
    """Status and error with which a crawl ends; the first one set wins.

    The status is goal, done, parked, interrupted or stopped; empty while the crawl goes on.
    """

    __slots__ = ("error", "status")

    def __init__(self) -> None:
        self.status = ""
        self.error: PhonofilmError | None = None

    def stop(self, status: str) -> None:
        """End the crawl with a status."""
        self.status = self.status or status

    def fail(self, error: PhonofilmError) -> None:
        """End the crawl with an error."""
        self.error = self.error or error
        self.stop("stopped")


class RequestCounters:
    """Requests of one run by endpoint and status, and the information gained."""

    __slots__ = ("by_endpoint", "by_status", "gain", "requests", "usable")

    def __init__(self) -> None:
        self.requests = 0
        self.by_endpoint: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.gain = 0.0
        self.usable = 0  # responses that said something, also that an id does not exist


class StopConditions:
    """Conditions of a goal that end a crawl: requests, seconds, wanted numbers and coverage."""

    def __init__(self, context: CrawlContext, recorder: ResponseRecorder) -> None:
        self._goal = context.goal
        self._clock, self._started = context.clock, context.clock.steady()
        self._recorder = recorder
        self._open_ended = context.goal.open_ended()
        self._wanted = set(context.goal.wants)
        self._next_look, self._covered = _RESPONSES_PER_LOOK, False

    def requests_used_up(self, requests: int) -> bool:
        """Tell whether no further request is allowed after so many."""
        return self._goal.max_calls is not None and requests >= self._goal.max_calls

    def out_of_time(self) -> bool:
        """Tell whether the allowed seconds are over."""
        seconds_max = self._goal.max_seconds
        return bool(seconds_max) and self._clock.steady() - self._started >= (seconds_max or 0.0)

    def goal_met(self) -> bool:
        """Tell whether the wanted coverage or all wanted numbers are reached."""
        if self._goal.until is not None and self._is_covered():
            return True
        return not self._open_ended and self._recorder.satisfied >= self._wanted

    def _is_covered(self) -> bool:
        """Tell whether the coverage of all wanted kinds was reached at the last look."""
        if self._recorder.responses >= self._next_look:
            self._next_look = self._recorder.responses + _RESPONSES_PER_LOOK
            coverage = self._recorder.coverage.coverage()
            lowest = min((share.estimate for share in coverage.values()), default=0.0)
            self._covered = bool(coverage) and lowest >= (self._goal.until or 0.0)
        return self._covered
