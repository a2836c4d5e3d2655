"""Rate limits: rolling windows, back-off and parking. It computes delays; the engine sleeps."""

from __future__ import annotations

from collections.abc import Iterable

from phonofilm.net.backoff import FIRST_PAUSE_SECONDS, Backoff
from phonofilm.net.clock import Clock
from phonofilm.net.rate_windows import InferredWindow, RollingWindow
from phonofilm.sources.manifest import Budget

# Longer waits are not slept through: the source is parked and the run ends (or goes on elsewhere).
# This and all bounds of patience are chosen, not tuned.
WAIT_SECONDS_MAX = 60.0
# A source that refuses everything for five minutes has a quota that it does not announce: it is
# parked for an hour. With full jitter these are about a dozen requests.
REFUSED_SECONDS_MAX = 300.0
REFUSED_PARKING_SECONDS = 3600.0
# A source that is away for a minute ends a crawl; its return is noticed within 15 s.
PATIENCE_SECONDS = 60.0
_AWAY_PAUSE_SECONDS_MAX = 15.0
DAY = 86_400.0
PARKING_SECONDS_MAX = 30 * DAY
# Windows up to this length run on the steady clock and are forgotten between runs.
_SHORT_SECONDS_MAX = 3600
_IN_FLIGHT_PAUSE_SECONDS = 0.01
_ASKED = "the source asks to come back later"
_SPENT = "the daily budget is spent"
_SILENT = "refused for five minutes without an end"


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
        backoff: Backoff | None = None,
    ) -> None:
        self._clock = clock
        budgets = list(budgets)
        self._short = [RollingWindow(b) for b in budgets if b.seconds <= _SHORT_SECONDS_MAX]
        self._long = [RollingWindow(b) for b in budgets if b.seconds > _SHORT_SECONDS_MAX]
        self._inferred = InferredWindow()
        self._concurrent, self._in_flight = concurrent, 0
        self._paused_until = 0.0  # steady seconds
        self._backoff = backoff or Backoff()
        self._refused_since: float | None = None  # steady seconds, as the next
        self._failing_since: float | None = None
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
        return max(longest, short, pause, self._trial_wait(), self._inferred.wait(now))

    def _trial_wait(self) -> float:
        """Return how long to wait for the request that tries whether the source is back."""
        is_closed = self._refused_since is not None or self._backoff.troubles_in_a_row > 1
        return self._backoff.wait() if is_closed else 0.0

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
    def has_long_budget(self) -> bool:
        """Whether some budget outlives a run, so that requests count beyond it."""
        return bool(self._long)

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
        self._backoff.on_sent(now)
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
        if self._in_flight == 0:
            self._backoff.on_idle()

    def on_accepted(self, sent_at: float) -> None:
        """Note that a request sent at `sent_at` (steady seconds) was answered; back-off ends."""
        self._inferred.on_accepted(sent_at)
        self.on_response(sent_at)

    def on_response(self, sent_at: float) -> None:
        """Note a response that is no answer and no refusal by a limit: the source is there."""
        self._backoff.on_accepted(sent_at)
        if self._backoff.troubles_in_a_row == 0:
            self._refused_since = self._failing_since = None

    def on_rejected(self, retry_after_seconds: float | None, quota: bool, sent_at: float) -> None:
        """Note that a request sent at `sent_at` (steady seconds) was rejected.

        Requests that were in flight at the first rejection are no further rejections. A pause is
        never shorter than Retry-After; a source that goes on rejecting is left alone for longer.
        """
        now, seconds = self._clock.steady(), retry_after_seconds or 0.0
        self._failing_since = None  # it responds
        if quota or seconds > WAIT_SECONDS_MAX:
            self.park(DAY if retry_after_seconds is None else seconds, _ASKED)
            return
        if self._backoff.on_trouble(now, sent_at):
            self._inferred.on_rejected(now, seconds or None)
            is_first_stated = seconds and self._refused_since is None
            pause = 0.0 if is_first_stated else self._backoff.pause_seconds(FIRST_PAUSE_SECONDS)
            self.pause(max(seconds, pause))
            self._bound_refusals(now, max(seconds, pause))
        self.pause(seconds)

    def _bound_refusals(self, now: float, pause_seconds: float) -> None:
        """Park a source that rejects everything for too long."""
        self._refused_since = now if self._refused_since is None else self._refused_since
        if now + pause_seconds - self._refused_since > REFUSED_SECONDS_MAX:
            self.park(REFUSED_PARKING_SECONDS, _SILENT)

    def on_failed(self, sent_at: float) -> None:
        """Note that a request sent at `sent_at` (steady seconds) got no usable response.

        The first one may be its own fault and is no reason to pause.
        """
        now = self._clock.steady()
        if self._failing_since is None:
            self._failing_since = now
        if self._backoff.on_trouble(now, sent_at) and self._backoff.troubles_in_a_row > 1:
            self.pause(self._backoff.pause_seconds(FIRST_PAUSE_SECONDS, _AWAY_PAUSE_SECONDS_MAX))

    @property
    def is_away(self) -> bool:
        """Whether the source failed several times in a row, one request after the other."""
        return self._failing_since is not None and self._backoff.troubles_in_a_row > 1

    @property
    def failing_seconds(self) -> float:
        """Seconds since the first failure of a row, 0 outside of one."""
        return 0.0 if self._failing_since is None else self._clock.steady() - self._failing_since

    def seconds_closed(self) -> float:
        """Return the seconds for which the source asked not to be requested, 0 for none."""
        parked = (self.parked_until or 0.0) - self._clock.wall()
        return max(0.0, parked, self._paused_until - self._clock.steady())

    def pause(self, seconds: float) -> None:
        """Allow no request for some seconds, which a run waits for."""
        self._paused_until = max(self._paused_until, self._clock.steady() + seconds)

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
