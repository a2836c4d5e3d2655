"""Hidden windows: how much of what is allowed is used, how much is refused.

A door with a rolling window that nobody tells of, on a clock of its own; four calls under way,
20 ms there and back. `used` counts calls let in over twenty windows against the most the door
allows in that time: from the first call on, and once the window is felt.

python -m benchmarks.windows
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import NamedTuple

from benchmarks.tables import table
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


class Door:
    """Lets `limit` calls in per rolling `seconds`; `told` is how refusals say when to come back.

    `lengthens`: refused calls count as well. `changes`: another limit from some moment on.
    """

    def __init__(
        self, limit: int, seconds: float, told: str, lengthens: bool, changes: bool
    ) -> None:
        self.limit, self.seconds, self.told = limit, seconds, told
        self.lengthens, self.changes = lengthens, changes
        self.began: float | None = None
        self._calls: deque[float] = deque()

    def limit_at(self, now: float) -> int:
        """Half as many after the tenth window, when it changes."""
        after = self.began is not None and now - self.began > 10 * self.seconds
        return self.limit // 2 if self.changes and after else self.limit

    def knock(self, now: float) -> tuple[bool, float | None]:
        self.began = now if self.began is None else self.began
        while self._calls and self._calls[0] <= now - self.seconds:
            self._calls.popleft()
        limit = self.limit_at(now)
        if len(self._calls) < limit:
            self._calls.append(now)
            return True, None
        if self.lengthens:
            self._calls.append(now)
        wait = self._calls[len(self._calls) - limit] + self.seconds - now
        return False, {"exact": wait, "rounded up": float(math.ceil(wait)), "absent": None}[
            self.told
        ]


class Seen(NamedTuple):
    used: float
    refused: float
    used_later: float
    refused_later: float
    found: str


def visit(door: Door, windows: int = 20, settle: float = 0.0) -> Seen:
    """Knocks for so many windows after `settle` seconds."""
    clock = Time()
    limiter = Limiter([], clock)
    events: list[tuple[float, int, float, bool, float | None]] = []
    start, number, under_way = clock.now, 0, 0
    end = start + settle + windows * door.seconds
    let_in: list[float] = []
    refused: list[float] = []
    while clock.now < end:
        wait = limiter.wait()
        if under_way < WORKERS and wait <= 0:
            limiter.on_sent()
            number, under_way = number + 1, under_way + 1
            arrives = clock.now + THERE
            opened, told = door.knock(arrives)
            (let_in if opened else refused).append(arrives)
            heapq.heappush(events, (arrives + BACK, number, clock.now, opened, told))
            clock.now += 0.0005
            continue
        nearest = events[0][0] if events else math.inf
        clock.now = min(nearest, clock.now + max(wait, 1e-4)) if under_way < WORKERS else nearest
        while events and events[0][0] <= clock.now:
            _, _, sent, opened, told = heapq.heappop(events)
            under_way -= 1
            if opened:
                limiter.on_accepted(sent)
            else:
                limiter.on_rejected(told, False, sent)
    late = start + settle
    felt = limiter.inferred
    return Seen(
        _share(door, let_in, start, start + windows * door.seconds),
        _part(refused, let_in, start, start + windows * door.seconds),
        _share(door, let_in, late, end),
        _part(refused, let_in, late, end),
        f"{felt.limit}/{felt.seconds:g}s" if felt else "none",
    )


def _share(door: Door, let_in: list[float], start: float, end: float) -> float:
    """Calls let in against the most that the door allows in that time."""
    steps = 400
    step = (end - start) / steps
    most = sum(door.limit_at(start + n * step) * step / door.seconds for n in range(steps))
    return sum(start <= at < end for at in let_in) / most


def _part(refused: list[float], let_in: list[float], start: float, end: float) -> float:
    counted = sum(start <= at < end for at in refused)
    return counted / max(1, counted + sum(start <= at < end for at in let_in))


def main() -> None:
    rows = []
    for limit, seconds in WINDOWS:
        for told in ("exact", "rounded up", "absent"):
            for lengthens, changes in ((False, False), (True, False), (False, True)):
                how = "changes" if changes else "lengthened by refusals" if lengthens else "steady"
                seen = visit(Door(limit, seconds, told, lengthens, changes))
                settled = visit(
                    Door(limit, seconds, told, lengthens, False), settle=40 * seconds + 300
                )
                rows.append(
                    (
                        f"{limit}/{seconds:g}s",
                        told,
                        how,
                        f"{seen.used:.1%}",
                        f"{seen.refused:.2%}",
                        f"{settled.used_later:.1%}",
                        f"{settled.refused_later:.2%}",
                        settled.found,
                    )
                )
    names = (
        "window",
        "Retry-After",
        "",
        "used, first 20 windows",
        "refused",
        "used, later 20 windows",
        "refused",
        "felt",
    )
    table("Hidden windows", names, rows)


if __name__ == "__main__":
    main()
