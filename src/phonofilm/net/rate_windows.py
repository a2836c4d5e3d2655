"""Rolling rate-limit windows: documented ones, and one that is inferred from rejections."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from phonofilm.sources.manifest import Budget

# All constants here were tuned on 2026-11-20 with `benchmarks/windows.py`: hidden windows of 180 in
# 30 s, 50 in 5 s and 1,000 in 60 s, with and without Retry-After, steady, changing, and lengthened
# by rejections. Aim: at least 95 % of what is allowed is used, at most 1 % is rejected.

# Window lengths that services use; an inferred length near one of them is taken for it.
_USUAL_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
# A request that leaves exactly a window later may arrive a little earlier than the first one did.
MARGIN_SECONDS = 0.05
_REMEMBERED_REQUESTS = 20_000
# A trial allows a tenth more, then twice as much each time, because one rejection may be a whim.
_FIRST_GROWTH = 0.1
_GROWTH_MAX = 1.0
# Windows without a rejection before the next trial: first, and the bounds once a trial failed.
_FIRST_QUIET_WINDOWS = 2.0
_QUIET_WINDOWS_MIN = 10.0
_QUIET_WINDOWS_MAX = 640.0
# Counts of accepted requests are similar when the smaller one is at least this share of the other.
_SIMILAR_MIN = 0.8
# Requests are spread over this share of the window, so that few are in flight when it changes.
_PACE = 0.9
# Times of return come in whole seconds, rounded up; a little is lost on the way.
_ROUNDING_SECONDS = 1.1
_EARLY_SECONDS_MAX = 0.1


class RollingWindow:
    """Rolling window of at most `limit` requests in any `seconds`; the caller reads the clock."""

    def __init__(self, budget: Budget) -> None:
        self.limit, self.seconds = budget.limit, budget.seconds
        self.endpoints = frozenset(budget.endpoints)
        self._sent: deque[float] = deque()

    def applies_to(self, endpoint: str) -> bool:
        """Tell whether requests of an endpoint count."""
        return not self.endpoints or endpoint in self.endpoints

    def wait(self, now: float) -> float:
        """Return the seconds until the next request is allowed, 0 for now."""
        while self._sent and self._sent[0] <= now - self.seconds:
            self._sent.popleft()
        if len(self._sent) < self.limit:
            return 0.0
        return self._sent[len(self._sent) - self.limit] + self.seconds - now

    def on_sent(self, now: float) -> None:
        """Count a request."""
        self._sent.append(now)

    def remaining(self, now: float) -> int:
        """Return the requests that the window still allows."""
        self.wait(now)
        return max(0, self.limit - len(self._sent))


class InferredWindow:
    """An undocumented rate-limit window, inferred from rejected requests. Times are steady seconds.

    Retry-After tells when the oldest request leaves the window; without it, the length is searched
    from above. While nothing is rejected the limit is raised in trials; a trial that is rejected is
    taken back.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
        self.seconds: float | None = None
        self._sent: deque[float] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._accepted: deque[float] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._first_accepted: float | None = None  # since the last rejection
        self._first_before_rejection: float | None = None  # the same, before the first rejection
        self._rejected_at = 0.0
        # Of a rejection without Retry-After: its count, and the length it would be the limit of.
        self._suspected: tuple[int, float] | None = None
        self._row_began: float | None = None  # the first rejection of a row
        self._has_retry_after = False  # the last rejection said when to return
        self._seconds_is_guess = False  # the length is a bound from above
        self._before_trial: tuple[int, float] | None = None
        self._quiet_windows, self._growth = _FIRST_QUIET_WINDOWS, _FIRST_GROWTH
        self._quiet_since = 0.0

    def on_sent(self, now: float) -> None:
        """Count a request."""
        self._sent.append(now)

    def wait(self, now: float) -> float:
        """Return the seconds until the next request fits, 0 while nothing was rejected."""
        if self.limit is None or self.seconds is None or not self._sent:
            return 0.0
        # Evenly, not in bursts: when the window changes, few requests are in flight. But where a
        # rejection costs half a minute of back-off, what is allowed is used before it comes.
        pace = _PACE * self.seconds / self.limit if self._has_retry_after else 0.0
        allowed_at = self._sent[-1] + pace
        if len(self._sent) >= self.limit:
            oldest = self._sent[len(self._sent) - self.limit]
            allowed_at = max(allowed_at, oldest + self.seconds + MARGIN_SECONDS)
        if allowed_at <= now:
            return 0.0
        self._try_more(now)
        return allowed_at - now

    def _try_more(self, now: float) -> None:
        """Start a trial: this window delays requests, and nothing was rejected for some time."""
        limit, seconds = self.limit or 1, self.seconds or 1.0
        is_unsettled = self._seconds_is_guess or self._before_trial is not None
        windows = _FIRST_QUIET_WINDOWS if is_unsettled else self._quiet_windows
        if now - self._quiet_since < windows * seconds:
            return
        self._quiet_since, self._before_trial = now, (limit, seconds)
        shorter = [s for s in _USUAL_SECONDS if s < seconds - 0.5]
        if self._seconds_is_guess and shorter:
            self.seconds = float(shorter[-1])
        else:
            self.limit = limit + max(1, round(limit * self._growth))
            self._growth = min(_GROWTH_MAX, self._growth * 2)

    def on_accepted(self, sent_at: float) -> None:
        """Note that a request sent at `sent_at` was answered."""
        self._accepted.append(sent_at)
        if self._first_accepted is None:
            self._first_accepted = sent_at
        if self._row_began is not None and sent_at > self._rejected_at:
            self._end_row(self._row_began, sent_at)

    def _end_row(self, began: float, sent_at: float) -> None:
        """Suspect a window after a row of rejections: it is no longer than until this request."""
        self._row_began = None
        if self.seconds is None and self._first_before_rejection is not None:
            seconds = _usual_below(sent_at - self._first_before_rejection)
            self._suspected = self._accepted_between(began - seconds, began), seconds

    def on_rejected(self, now: float, retry_after_seconds: float | None) -> None:
        """Note one request more than fits; those in flight with it are not passed on to here."""
        self._rejected_at = self._quiet_since = now
        self._has_retry_after = retry_after_seconds is not None
        if self._before_trial is not None:
            self._take_back_trial()
        elif retry_after_seconds is not None:
            self._infer(now, now + retry_after_seconds)
        elif self._row_began is None:
            self._suspect(now)
        if self._row_began is None:
            self._row_began, self._first_before_rejection = now, self._first_accepted
        self._first_accepted = None

    def _suspect(self, now: float) -> None:
        """Lower the limit when rejections come at similar counts; one alone may be a whim."""
        suspected_limit, seconds = self._suspected or (self.limit or 0, self.seconds or 0.0)
        if not seconds:
            return
        count = self._accepted_between(now - seconds, now)
        is_full = self.limit is not None and count >= _SIMILAR_MIN * self.limit
        if is_full or _SIMILAR_MIN <= count / max(1, suspected_limit) <= 1 / _SIMILAR_MIN:
            self._seconds_is_guess = self._seconds_is_guess or self.seconds is None
            self.limit, self.seconds = max(1, min(count, self.limit or count)), seconds
        self._suspected = count, seconds

    def _take_back_trial(self) -> None:
        """Return to the window before the trial, and wait longer before the next one."""
        if self._before_trial is not None:
            self.limit, self.seconds = self._before_trial
        self._before_trial, self._seconds_is_guess = None, False
        self._growth = _FIRST_GROWTH
        doubled = max(_QUIET_WINDOWS_MIN, self._quiet_windows * 2)
        self._quiet_windows = min(doubled, _QUIET_WINDOWS_MAX)

    def _infer(self, now: float, return_at: float) -> None:
        """Infer length and limit: at the time of return the oldest request leaves the window."""
        if self.seconds is None or return_at - now > self.seconds + 1.0:
            self.seconds = self._length(now, return_at)
        self._seconds_is_guess = False
        index = bisect_right(self._accepted, now - self.seconds)
        inside = len(self._accepted) - index
        if inside and return_at - (self._accepted[index] + self.seconds) > _ROUNDING_SECONDS:
            # It holds fewer than it did; whole seconds are half a second late on average.
            late_seconds = 0.5 if (return_at - now).is_integer() else 0.0
            inside = 1 + self._accepted_since(return_at - late_seconds - self.seconds)
        self.limit = max(1, inside)

    def _length(self, now: float, return_at: float) -> float:
        """Return the usual length whose oldest request leaves at the time of return."""
        for seconds in _USUAL_SECONDS:
            index = bisect_right(self._accepted, now - seconds)
            if index < len(self._accepted):
                late_seconds = return_at - (self._accepted[index] + seconds)
                if -_EARLY_SECONDS_MAX <= late_seconds <= _ROUNDING_SECONDS:
                    return float(seconds)
        return return_at - (now if self._first_accepted is None else self._first_accepted)

    def _accepted_between(self, after: float, until: float) -> int:
        return bisect_right(self._accepted, until) - bisect_right(self._accepted, after - 1e-9)

    def _accepted_since(self, instant: float) -> int:
        return len(self._accepted) - bisect_right(self._accepted, instant)


def _usual_below(seconds: float) -> float:
    """Return the longest usual length that is not longer."""
    return float(max((s for s in _USUAL_SECONDS if s <= seconds + 0.1), default=seconds))
