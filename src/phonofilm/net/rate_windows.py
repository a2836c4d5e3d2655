"""Rolling windows: those that are told, and those that are only felt."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from phonofilm.sources.manifest import Budget

# Lengths that services use; a length felt near one of them is taken for it.
_USUAL_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
# A call that leaves exactly a window later may arrive a little earlier than the first one did.
MARGIN_SECONDS = 0.05
_REMEMBERED = 20_000
_FIRST_STEP = 0.1
_SEEKING_WINDOWS = 2.0
_PACE = 0.9
# Times of return come in whole seconds, rounded up; a little is lost on the way.
_ROUNDING = 1.1


class RollingWindow:
    """At most `limit` calls in any `seconds`, on a clock that the caller reads."""

    def __init__(self, budget: Budget) -> None:
        self.limit, self.seconds = budget.limit, budget.seconds
        self.endpoints = frozenset(budget.endpoints)
        self._calls: deque[float] = deque()

    def applies_to(self, endpoint: str) -> bool:
        """Whether calls of an endpoint are counted here."""
        return not self.endpoints or endpoint in self.endpoints

    def wait(self, now: float) -> float:
        """Seconds until the next call is allowed; 0 when it is allowed now."""
        while self._calls and self._calls[0] <= now - self.seconds:
            self._calls.popleft()
        if len(self._calls) < self.limit:
            return 0.0
        return self._calls[len(self._calls) - self.limit] + self.seconds - now

    def on_sent(self, now: float) -> None:
        """A call is made."""
        self._calls.append(now)

    def left(self, now: float) -> int:
        """Calls that the window still allows."""
        self.wait(now)
        return max(0, self.limit - len(self._calls))


class InferredWindow:
    """A window nobody told of, found from refusals: how many calls got in, how long until the next.

    It rises gently while nothing is refused, and falls back to what was let in. Where refusals do
    not say how long to wait, its length is felt for too: shorter until a refusal says too short.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
        self.seconds: float | None = None
        self._sent: deque[float] = deque(maxlen=_REMEMBERED)
        self._let_in: deque[float] = deque(maxlen=_REMEMBERED)
        self._began: float | None = None  # first call let in since the last pause
        self._first: float | None = None  # the same, before the first refusal
        self._refused_at = 0.0
        self._told = False
        self._sought = False  # the length is a guess from above
        self._tried_from: tuple[int, float] | None = None
        self._patience, self._step = _SEEKING_WINDOWS, _FIRST_STEP
        self._calm_since = 0.0

    def on_sent(self, now: float) -> None:
        """A call is sent."""
        self._sent.append(now)

    def wait(self, now: float) -> float:
        """Seconds until the next call fits; 0 while nothing was ever refused."""
        if self.limit is None or self.seconds is None or not self._sent:
            return 0.0
        # Evenly, not in bursts: when the window changes, few calls are under way to be refused.
        # But where a refusal costs half a minute, what is allowed is used before it comes.
        free = self._sent[-1] + (_PACE * self.seconds / self.limit if self._told else 0.0)
        if len(self._sent) >= self.limit:
            oldest = self._sent[len(self._sent) - self.limit]
            free = max(free, oldest + self.seconds + MARGIN_SECONDS)
        if free <= now:
            return 0.0
        self._rise(now)
        return free - now

    def _rise(self, now: float) -> None:
        """The window is what holds us back: after some quiet time a little more is tried."""
        limit, seconds = self.limit or 1, self.seconds or 1.0
        windows = _SEEKING_WINDOWS if self._sought or self._tried_from else self._patience
        if now - self._calm_since < windows * seconds:
            return
        self._calm_since, self._tried_from = now, (limit, seconds)
        shorter = [s for s in _USUAL_SECONDS if s < seconds - 0.5]
        if self._sought and shorter:
            self.seconds = float(shorter[-1])
        else:  # more each time, as long as nothing is refused: the refusal may have been a whim
            self.limit = limit + max(1, round(limit * self._step))
            self._step = min(1.0, self._step * 2)

    def on_accepted(self, sent: float) -> None:
        """A call that left at `sent` was answered."""
        self._let_in.append(sent)
        if self._began is None:
            self._began = sent
        if self.seconds is None and self._first is not None and sent > self._refused_at:
            self.seconds = _usual_below(sent - self._first)
            self._calm_since, self._sought = sent, True

    def on_rejected(self, now: float, retry_after_seconds: float | None) -> None:
        """One more call than fits; calls that were under way with it are not told here."""
        self._refused_at, self._calm_since = now, now
        self._told = retry_after_seconds is not None
        if self._tried_from is not None:
            self._fall_back()
        elif retry_after_seconds is not None:
            self._measure(now, now + retry_after_seconds)
        elif self.seconds is not None:
            self.limit = max(1, min(self.limit or 1, self._let_in_since(now - self.seconds)))
        elif self._began is not None:
            self._first = self._began
            self.limit = max(1, self._let_in_since(self._began - 1e-9))
        self._began = None

    def _fall_back(self) -> None:
        """What was tried is too much: as before, and longer until the next try."""
        if self._tried_from is not None:
            self.limit, self.seconds = self._tried_from
        self._tried_from, self._sought, self._step = None, False, _FIRST_STEP
        self._patience = min(max(10.0, self._patience * 2), 640.0)

    def _measure(self, now: float, returns: float) -> None:
        """At the time of return the oldest call that counts leaves the window."""
        if self.seconds is None or returns - now > self.seconds + 1.0:
            self.seconds = self._length(now, returns)
        self._sought = False
        place = bisect_right(self._let_in, now - self.seconds)
        inside = len(self._let_in) - place
        if inside and returns - (self._let_in[place] + self.seconds) > _ROUNDING:
            # It holds fewer than it did; whole seconds are half a second late on average.
            late = 0.5 if (returns - now).is_integer() else 0.0
            inside = 1 + self._let_in_since(returns - late - self.seconds)
        self.limit = max(1, inside)

    def _length(self, now: float, returns: float) -> float:
        """The usual length whose oldest call leaves at that time, whole seconds rounded up."""
        for seconds in _USUAL_SECONDS:
            place = bisect_right(self._let_in, now - seconds)
            if place < len(self._let_in):
                early = returns - (self._let_in[place] + seconds)
                if -0.1 <= early <= _ROUNDING:
                    return float(seconds)
        first = self._began if self._began is not None else now
        return returns - first

    def _let_in_since(self, instant: float) -> int:
        return len(self._let_in) - bisect_right(self._let_in, instant)


def _usual_below(seconds: float) -> float:
    """The longest usual length that is not longer."""
    return float(max((s for s in _USUAL_SECONDS if s <= seconds + 0.1), default=seconds))
