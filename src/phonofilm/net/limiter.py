"""How fast may be asked: windows, pauses, parking. It tells; the engine waits."""

from __future__ import annotations

from collections.abc import Iterable

from phonofilm.net.clock import Clock
from phonofilm.net.rate_windows import InferredWindow, RollingWindow
from phonofilm.sources.manifest import Budget

# Longer waits are not sat out: the source is parked and the run ends (or goes on elsewhere).
WAIT_SECONDS_MAX = 60.0
FIRST_BACKOFF_SECONDS = 30.0
BACKOFFS_MAX = 5
DAY = 86_400.0
PARKING_SECONDS_MAX = 30 * DAY
_ASKED = "the source asks to come back later"
_SPENT = "the daily budget is spent"


class Limiter:
    """One account's budgets. Short windows run on steady time, long ones on the wall's.

    A wait of more than `WAIT_SECONDS_MAX` means parked: `parked_until` (Unix seconds) is set.
    `past` are the calls of the last day, as Unix seconds and endpoint.
    """

    def __init__(
        self,
        budgets: Iterable[Budget],
        clock: Clock,
        past: Iterable[tuple[float, str]] = (),
        concurrent: int | None = None,
    ) -> None:
        self._clock = clock
        budgets = list(budgets)
        self._short = [RollingWindow(b) for b in budgets if b.seconds <= 3600]
        self._long = [RollingWindow(b) for b in budgets if b.seconds > 3600]
        self._felt = InferredWindow()
        self._concurrent, self._under_way = concurrent, 0
        now = clock.wall()
        for instant, endpoint in past:
            if instant > now:  # written when the wall clock was ahead
                continue
            for window in self._long:
                if window.applies_to(endpoint):
                    window.on_sent(instant)
        self._paused_until = 0.0
        self._backoffs = 0
        self._zeros = 0
        self._refused_at = float("-inf")
        self.parked_until: float | None = None
        self.reason = ""

    def wait(self, endpoint: str = "") -> float:
        """Seconds until a call is allowed; 0 when now. Parks when all calls wait too long."""
        now = self._clock.steady()
        pause = max(self._paused_until - now, 0.0)
        if self._concurrent is not None and self._under_way >= self._concurrent:
            pause = max(pause, 0.01)
        longest = self._long_wait(endpoint)
        if longest > WAIT_SECONDS_MAX and not self._elsewhere(endpoint):
            self.park(longest, _SPENT)
        short = max((w.wait(now) for w in self._short if w.applies_to(endpoint)), default=0.0)
        return max(longest, short, pause, self._felt.wait(now))

    def _long_wait(self, endpoint: str) -> float:
        wall = self._clock.wall()
        return max((w.wait(wall) for w in self._long if w.applies_to(endpoint)), default=0.0)

    def _elsewhere(self, endpoint: str) -> bool:
        """Whether what is spent is a budget of this endpoint alone."""
        wall = self._clock.wall()
        return all(w.wait(wall) <= WAIT_SECONDS_MAX for w in self._long if not w.endpoints)

    def quota_weight(self, endpoint: str) -> float | None:
        """What a call takes of the scarcest quota, against what others take; None when spent."""
        wall = self._clock.wall()
        shares, general = [], 0.0
        for window in self._long:
            if window.applies_to(endpoint):
                if window.wait(wall) > WAIT_SECONDS_MAX:
                    return None
                shares.append(1 / max(1, window.left(wall)))
                general = shares[-1] if not window.endpoints else general
        return max(shares) / general if shares and general else 1.0

    @property
    def uniform_quota(self) -> bool:
        """Whether no quota makes some calls dearer than others; then none is ever left out."""
        return not any(window.endpoints for window in self._long)

    def seconds_until_quota(self) -> float:
        """Seconds until a spent quota has room again."""
        wall = self._clock.wall()
        waits = [w.wait(wall) for w in self._long]
        return min((wait for wait in waits if wait > 0), default=0.0)

    def on_sent(self, endpoint: str = "") -> None:
        """A call is sent."""
        now, wall = self._clock.steady(), self._clock.wall()
        self._under_way += 1
        self._felt.on_sent(now)
        for window in self._short:
            if window.applies_to(endpoint):
                window.on_sent(now)
        for window in self._long:
            if window.applies_to(endpoint):
                window.on_sent(wall)

    def on_returned(self) -> None:
        """A call is no longer under way, however it ended."""
        self._under_way -= 1

    def on_accepted(self, sent: float) -> None:
        """A call that left at `sent` (steady seconds) was answered: what was wrong is over."""
        self._felt.on_accepted(sent)
        if sent >= self._refused_at:
            self._backoffs = self._zeros = 0

    def on_rejected(self, retry_after_seconds: float | None, quota: bool, sent: float) -> None:
        """A call was refused that left at `sent` (steady seconds).

        Calls that were under way when the first refusal came are no further refusals.
        """
        now = self._clock.steady()
        if quota or (retry_after_seconds or 0) > WAIT_SECONDS_MAX:
            self.park(DAY if retry_after_seconds is None else retry_after_seconds, _ASKED)
            return
        if sent >= self._refused_at:
            self._refused_at = now
            self._felt.on_rejected(now, retry_after_seconds or None)
            if retry_after_seconds is None:
                self._back_off()
            elif retry_after_seconds == 0:
                self._zeros += 1
        if retry_after_seconds is not None:
            self._pause(retry_after_seconds)

    def _pause(self, seconds: float) -> None:
        # A source that says 0 still refused: not asking for a moment keeps a storm away.
        least = min(0.25 * 2 ** max(0, self._zeros - 1), FIRST_BACKOFF_SECONDS)
        self._paused_until = max(self._paused_until, self._clock.steady() + max(seconds, least))

    def _back_off(self) -> None:
        self._backoffs += 1
        if self._backoffs > BACKOFFS_MAX:
            self.park(DAY, "refused five times without a time of return")
        self._pause(FIRST_BACKOFF_SECONDS * 2 ** (self._backoffs - 1))

    def park(self, seconds: float, reason: str) -> None:
        """Nothing is asked for so long; only ever longer."""
        until = self._clock.wall() + min(seconds, PARKING_SECONDS_MAX)
        if self.parked_until is None or until > self.parked_until:
            self.parked_until, self.reason = until, reason

    def left(self) -> int | None:
        """Calls left in the tightest window of all calls; None when no budget is known."""
        now, wall = self._clock.steady(), self._clock.wall()
        lefts = [w.left(now) for w in self._short] + [w.left(wall) for w in self._long]
        return min(lefts, default=None)

    @property
    def inferred(self) -> Budget | None:
        """The window found from refusals, when there is one."""
        if self._felt.limit is None or self._felt.seconds is None:
            return None
        return Budget(self._felt.limit, self._felt.seconds)
