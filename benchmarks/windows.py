"""Hidden windows: the share of the allowance that is used, and the share that is rejected.

A service with an undocumented rolling window, on a simulated clock; four requests in flight, 20 ms
there and back. `used` counts requests accepted over twenty windows against the most that the
service allows in that time: from the first request on, and once the window is inferred.

python -m benchmarks.windows
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from typing import NamedTuple

from benchmarks.tables import table
from phonofilm.net.backoff import Backoff
from phonofilm.net.limiter import Limiter

WINDOWS = ((180, 30.0), (50, 5.0), (1000, 60.0))
WORKERS, THERE, BACK = 4, 0.008, 0.012


class Time:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def steady(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now


class HiddenWindow:
    """Accepts `limit` requests per rolling `seconds`; `retry_after` is how rejections state it.

    With `lengthens` rejected requests count as well; with `changes` the limit halves later.
    """

    def __init__(
        self, limit: int, seconds: float, retry_after: str, lengthens: bool, changes: bool
    ) -> None:
        self.limit, self.seconds, self.retry_after = limit, seconds, retry_after
        self.lengthens, self.changes = lengthens, changes
        self.began: float | None = None
        self._requests: deque[float] = deque()

    def limit_at(self, now: float) -> int:
        """Half as many after the tenth window, when it changes."""
        after = self.began is not None and now - self.began > 10 * self.seconds
        return self.limit // 2 if self.changes and after else self.limit

    def receive(self, now: float) -> tuple[bool, float | None]:
        self.began = now if self.began is None else self.began
        while self._requests and self._requests[0] <= now - self.seconds:
            self._requests.popleft()
        limit = self.limit_at(now)
        if len(self._requests) < limit:
            self._requests.append(now)
            return True, None
        if self.lengthens:
            self._requests.append(now)
        wait = self._requests[len(self._requests) - limit] + self.seconds - now
        return False, {"exact": wait, "rounded up": float(math.ceil(wait)), "absent": None}[
            self.retry_after
        ]


class Usage(NamedTuple):
    used: float
    rejected: float
    used_later: float
    rejected_later: float
    inferred: str


def measure(window: HiddenWindow, windows: int = 20, settle: float = 0.0, seed: int = 7) -> Usage:
    """Send requests for so many windows after `settle` seconds; `seed` is that of the jitter."""
    clock = Time()
    limiter = Limiter([], clock, backoff=Backoff(random.Random(seed).random))
    events: list[tuple[float, int, float, bool, float | None]] = []
    start, number, in_flight = clock.now, 0, 0
    end = start + settle + windows * window.seconds
    accepted: list[float] = []
    rejected: list[float] = []
    while clock.now < end:
        wait = limiter.wait()
        if in_flight < WORKERS and wait <= 0:
            limiter.on_sent()
            number, in_flight = number + 1, in_flight + 1
            arrives = clock.now + THERE
            is_accepted, retry_after = window.receive(arrives)
            (accepted if is_accepted else rejected).append(arrives)
            heapq.heappush(events, (arrives + BACK, number, clock.now, is_accepted, retry_after))
            clock.now += 0.0005
            continue
        nearest = events[0][0] if events else math.inf
        clock.now = min(nearest, clock.now + max(wait, 1e-4)) if in_flight < WORKERS else nearest
        while events and events[0][0] <= clock.now:
            _, _, sent, is_accepted, retry_after = heapq.heappop(events)
            in_flight -= 1
            if is_accepted:
                limiter.on_accepted(sent)
            else:
                limiter.on_rejected(retry_after, False, sent)
    late = start + settle
    inferred = limiter.inferred
    return Usage(
        _share(window, accepted, start, start + windows * window.seconds),
        _part(rejected, accepted, start, start + windows * window.seconds),
        _share(window, accepted, late, end),
        _part(rejected, accepted, late, end),
        f"{inferred.limit}/{inferred.seconds:g}s" if inferred else "none",
    )


def _share(window: HiddenWindow, accepted: list[float], start: float, end: float) -> float:
    """Return requests accepted against the most that the service allows in that time."""
    steps = 400
    step = (end - start) / steps
    most = sum(window.limit_at(start + n * step) * step / window.seconds for n in range(steps))
    return sum(start <= at < end for at in accepted) / most


def _part(rejected: list[float], accepted: list[float], start: float, end: float) -> float:
    counted = sum(start <= at < end for at in rejected)
    return counted / max(1, counted + sum(start <= at < end for at in accepted))


_HOW = {
    (False, False): "steady",
    (True, False): "lengthened by rejections",
    (False, True): "changes",
}


def main() -> None:
    rows = []
    for limit, seconds in WINDOWS:
        for retry_after in ("exact", "rounded up", "absent"):
            for (lengthens, changes), how in _HOW.items():
                usage = measure(HiddenWindow(limit, seconds, retry_after, lengthens, changes))
                settled = measure(
                    HiddenWindow(limit, seconds, retry_after, lengthens, False),
                    settle=40 * seconds + 300,
                )
                rows.append(
                    (
                        f"{limit}/{seconds:g}s",
                        retry_after,
                        how,
                        f"{usage.used:.1%}",
                        f"{usage.rejected:.2%}",
                        f"{settled.used_later:.1%}",
                        f"{settled.rejected_later:.2%}",
                        settled.inferred,
                    )
                )
    names = (
        "window",
        "Retry-After",
        "",
        "used, first 20 windows",
        "rejected",
        "used, later 20 windows",
        "rejected",
        "inferred",
    )
    table("Hidden windows", names, rows)


if __name__ == "__main__":
    main()
