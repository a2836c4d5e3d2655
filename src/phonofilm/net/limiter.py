"""Rate limits: rolling windows, back-off and parking. It computes delays; the engine sleeps."""

from __future__ import annotations

from collections.abc import Iterable

from phonofilm.net.clock import Clock
from phonofilm.net.rate_windows import InferredWindow, RollingWindow
from phonofilm.sources.manifest import Budget

# Longer waits are not slept through: the source is parked and the run ends (or goes on elsewhere).
# This and the constants of back-off are chosen, not tuned.
WAIT_SECONDS_MAX = 60.0
FIRST_BACKOFF_SECONDS = 30.0
BACKOFFS_MAX = 5
DAY = 86_400.0
PARKING_SECONDS_MAX = 30 * DAY
# Windows up to this length run on the steady clock and are forgotten between runs.
_SHORT_SECONDS_MAX = 3600
# A source that says "Retry-After: 0" rejected all the same: a pause that doubles prevents a storm.
_ZERO_WAIT_PAUSE_SECONDS = 0.25
_IN_FLIGHT_PAUSE_SECONDS = 0.01
_ASKED = "the source asks to come back later"
_SPENT = "the daily budget is spent"


class Limiter:
    """Limits of one account. Short windows run on steady time, long ones on the wall clock.

    A quota or a Retry-After of more than `WAIT_SECONDS_MAX` parks the source: `parked_until` (Unix
    seconds) is set, `reason` says why. `earlier_requests` are the requests of the last day, as Unix
    seconds and endpoint. `concurrent` bounds requests in flight; None for no bound.
    """

    def __init__(
        self,
        budgets: Iterable[Budget],
        clock: Clock,
        earlier_requests: Iterable[tuple[float, str]] = (),
        concurrent: int | None = None,
    ) -> None:
        self._clock = clock
        budgets = list(budgets)
        self._short = [RollingWindow(b) for b in budgets if b.seconds <= _SHORT_SECONDS_MAX]
        self._long = [RollingWindow(b) for b in budgets if b.seconds > _SHORT_SECONDS_MAX]
        self._inferred = InferredWindow()
        self._concurrent, self._in_flight = concurrent, 0
        self._paused_until = 0.0  # steady seconds
        self._backoffs = 0
        self._zero_waits = 0  # rejections in a row with Retry-After: 0
        self._rejected_at = float("-inf")  # steady seconds
        self.parked_until: float | None = None
        self.reason = ""
        self._count_earlier(earlier_requests)

    def _count_earlier(self, requests: Iterable[tuple[float, str]]) -> None:
        now = self._clock.wall()
        for instant, endpoint in requests:
            if instant <= now:  # others were stored while the wall clock was ahead
                for window in self._long:
                    if window.applies_to(endpoint):
                        window.on_sent(instant)

    def wait(self, endpoint: str = "") -> float:
        """Return the seconds until a request is allowed, 0 for now.

        Parks the source when no request of any endpoint is allowed soon.
        """
        now = self._clock.steady()
        pause = max(self._paused_until - now, 0.0)
        if self._concurrent is not None and self._in_flight >= self._concurrent:
            pause = max(pause, _IN_FLIGHT_PAUSE_SECONDS)
        longest = self._long_wait(endpoint)
        if longest > WAIT_SECONDS_MAX and not self._others_are_allowed():
            self.park(longest, _SPENT)
        short = max((w.wait(now) for w in self._short if w.applies_to(endpoint)), default=0.0)
        return max(longest, short, pause, self._inferred.wait(now))

    def _long_wait(self, endpoint: str) -> float:
        wall = self._clock.wall()
        return max((w.wait(wall) for w in self._long if w.applies_to(endpoint)), default=0.0)

    def _others_are_allowed(self) -> bool:
        """Tell whether the spent budget is one of single endpoints."""
        wall = self._clock.wall()
        return all(w.wait(wall) <= WAIT_SECONDS_MAX for w in self._long if not w.endpoints)

    def quota_weight(self, endpoint: str) -> float | None:
        """Return how much scarcer an endpoint's quota is than the general one; None when spent."""
        wall = self._clock.wall()
        shares, general = [], 0.0
        for window in self._long:
            if window.applies_to(endpoint):
                if window.wait(wall) > WAIT_SECONDS_MAX:
                    return None
                shares.append(1 / max(1, window.remaining(wall)))
                general = shares[-1] if not window.endpoints else general
        return max(shares) / general if shares and general else 1.0

    @property
    def uniform_quota(self) -> bool:
        """Whether no endpoint has a quota of its own; then none is ever passed over."""
        return not any(window.endpoints for window in self._long)

    def seconds_until_quota(self) -> float:
        """Return the seconds until a spent quota has room again."""
        wall = self._clock.wall()
        waits = [w.wait(wall) for w in self._long]
        return min((wait for wait in waits if wait > 0), default=0.0)

    def on_sent(self, endpoint: str = "") -> None:
        """Count a request that is sent now."""
        now, wall = self._clock.steady(), self._clock.wall()
        self._in_flight += 1
        self._inferred.on_sent(now)
        for window in self._short:
            if window.applies_to(endpoint):
                window.on_sent(now)
        for window in self._long:
            if window.applies_to(endpoint):
                window.on_sent(wall)

    def on_returned(self) -> None:
        """Count a request out of flight, however it ended."""
        self._in_flight -= 1

    def on_accepted(self, sent_at: float) -> None:
        """Note that a request sent at `sent_at` (steady seconds) was answered; back-off ends."""
        self._inferred.on_accepted(sent_at)
        if sent_at >= self._rejected_at:
            self._backoffs = self._zero_waits = 0

    def on_rejected(self, retry_after_seconds: float | None, quota: bool, sent_at: float) -> None:
        """Note that a request sent at `sent_at` (steady seconds) was rejected.

        Requests that were in flight at the first rejection are no further rejections.
        """
        now = self._clock.steady()
        if quota or (retry_after_seconds or 0) > WAIT_SECONDS_MAX:
            self.park(DAY if retry_after_seconds is None else retry_after_seconds, _ASKED)
            return
        if sent_at >= self._rejected_at:
            self._rejected_at = now
            self._inferred.on_rejected(now, retry_after_seconds or None)
            if retry_after_seconds is None:
                self._back_off()
            elif retry_after_seconds == 0:
                self._zero_waits += 1
        if retry_after_seconds is not None:
            self._pause(retry_after_seconds)

    def seconds_closed(self) -> float:
        """Return the seconds for which the source asked not to be requested, 0 for none."""
        parked = (self.parked_until or 0.0) - self._clock.wall()
        return max(0.0, parked, self._paused_until - self._clock.steady())

    def pause(self, seconds: float) -> None:
        """Allow no request for some seconds, which a run waits for."""
        self._paused_until = max(self._paused_until, self._clock.steady() + seconds)

    def _pause(self, seconds: float) -> None:
        doubled = _ZERO_WAIT_PAUSE_SECONDS * 2 ** max(0, self._zero_waits - 1)
        pause = max(seconds, min(doubled, FIRST_BACKOFF_SECONDS))
        self._paused_until = max(self._paused_until, self._clock.steady() + pause)

    def _back_off(self) -> None:
        self._backoffs += 1
        if self._backoffs > BACKOFFS_MAX:
            self.park(DAY, "refused five times without a time of return")
        self._pause(FIRST_BACKOFF_SECONDS * 2 ** (self._backoffs - 1))

    def park(self, seconds: float, reason: str) -> None:
        """Allow no request for some time; a parking is only ever extended."""
        until = self._clock.wall() + min(seconds, PARKING_SECONDS_MAX)
        if self.parked_until is None or until > self.parked_until:
            self.parked_until, self.reason = until, reason

    def remaining(self) -> int | None:
        """Return the requests that the tightest window still allows; None without a budget."""
        now, wall = self._clock.steady(), self._clock.wall()
        counts = [w.remaining(now) for w in self._short] + [w.remaining(wall) for w in self._long]
        return min(counts, default=None)

    @property
    def inferred(self) -> Budget | None:
        """The window that was inferred from rejections, when there is one."""
        if self._inferred.limit is None or self._inferred.seconds is None:
            return None
        return Budget(self._inferred.limit, self._inferred.seconds)
