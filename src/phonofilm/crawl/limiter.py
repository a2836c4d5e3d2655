"""How fast may be asked: rolling windows, pauses, parking. It tells; the engine waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from phonofilm.crawl.clock import Clock
from phonofilm.sources.manifest import Budget

# Longer waits are not sat out: the source is parked and the run ends (or goes on elsewhere).
LONGEST_WAIT_SECONDS = 60.0
FIRST_BACKOFF_SECONDS = 30.0
MOST_BACKOFFS = 5
DAY = 86_400.0
LONGEST_PARKING_SECONDS = 30 * DAY
_ASKED = "the source asks to come back later"


class Window:
    """At most `limit` calls in any `seconds`, on a clock that the caller reads."""

    def __init__(self, budget: Budget) -> None:
        self.limit, self.seconds = budget.limit, budget.seconds
        self._calls: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until the next call is allowed; 0 when it is allowed now."""
        while self._calls and self._calls[0] <= now - self.seconds:
            self._calls.popleft()
        return 0.0 if len(self._calls) < self.limit else self._calls[0] + self.seconds - now

    def note(self, now: float) -> None:
        """A call is made."""
        self._calls.append(now)

    def left(self, now: float) -> int:
        """Calls that the window still allows."""
        self.wait(now)
        return self.limit - len(self._calls)


class Limiter:
    """One account's budgets. Short windows run on steady time, long ones on the wall's.

    A wait of more than `LONGEST_WAIT_SECONDS` means parked: `parked_until` (Unix seconds) is set.
    """

    def __init__(self, budgets: Iterable[Budget], clock: Clock, past: Iterable[float] = ()) -> None:
        self._clock = clock
        budgets = list(budgets)
        self._short = [Window(b) for b in budgets if b.seconds <= 3600]
        self._long = [Window(b) for b in budgets if b.seconds > 3600]
        now = clock.wall()
        for instant in past:
            if instant > now:  # written when the wall clock was ahead
                continue
            for window in self._long:
                window.note(instant)
        self._paused_until = 0.0
        self._backoffs = 0
        self._refused_at = float("-inf")
        self.parked_until: float | None = None
        self.reason = ""

    def wait(self) -> float:
        """Seconds until a call is allowed; 0 when now. Parks when the wait is too long."""
        now = self._clock.steady()
        if not self._short and not self._long:
            return max(self._paused_until - now, 0.0)
        longest = max((w.wait(self._clock.wall()) for w in self._long), default=0.0)
        if longest > LONGEST_WAIT_SECONDS:
            self.park(longest, "the daily budget of the manifest is spent")
        short = max((w.wait(now) for w in self._short), default=0.0)
        return max(longest, short, self._paused_until - now, 0.0)

    def note(self) -> None:
        """A call is sent."""
        for window in self._short:
            window.note(self._clock.steady())
        for window in self._long:
            window.note(self._clock.wall())

    def answered(self) -> None:
        """An answer came: whatever was wrong is over."""
        self._backoffs = 0

    def refused(self, retry_after_seconds: float | None, quota: bool, sent: float) -> None:
        """A call was refused that left at `sent` (steady seconds).

        Calls that were under way when the first refusal came are no further refusals.
        """
        if quota or (retry_after_seconds or 0) > LONGEST_WAIT_SECONDS:
            self.park(DAY if retry_after_seconds is None else retry_after_seconds, _ASKED)
        elif retry_after_seconds is not None:
            self._pause(retry_after_seconds)
        elif sent >= self._refused_at:
            self._refused_at = self._clock.steady()
            self._back_off()

    def _pause(self, seconds: float) -> None:
        # A source that says 0 still refused: not asking for a moment keeps a storm away.
        self._paused_until = max(self._paused_until, self._clock.steady() + max(seconds, 0.25))

    def _back_off(self) -> None:
        self._backoffs += 1
        if self._backoffs > MOST_BACKOFFS:
            self.park(DAY, "refused five times without a time of return")
        self._pause(FIRST_BACKOFF_SECONDS * 2 ** (self._backoffs - 1))

    def park(self, seconds: float, reason: str) -> None:
        """Nothing is asked for so long; only ever longer."""
        until = self._clock.wall() + min(seconds, LONGEST_PARKING_SECONDS)
        if self.parked_until is None or until > self.parked_until:
            self.parked_until, self.reason = until, reason

    def left(self) -> int | None:
        """Calls left in the tightest window; None when no budget is known."""
        now, wall = self._clock.steady(), self._clock.wall()
        lefts = [w.left(now) for w in self._short] + [w.left(wall) for w in self._long]
        return min(lefts, default=None)
