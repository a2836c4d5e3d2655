"""How often a request is repeated, and how long a sender pauses before.

Why not stamina (alive, 26.1 of April 2026): it retries on exceptions, but senders of this project
report failures as values (`NoResponse`, `Outcome`); it sleeps by itself, where an interrupt or a
parked limiter must end the wait; and it brings tenacity along for what is one formula.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple


class RetryPolicy(NamedTuple):
    """At most `attempts_max` attempts; pauses double from `first_pause_seconds`.

    `jitter` returns 0 to 1; it shortens each pause by up to a half.
    """

    attempts_max: int
    first_pause_seconds: float
    jitter: Callable[[], float] = random.random

    def pause_seconds(self, failures: int) -> float | None:
        """Return the pause after so many failures, or None when no attempt is left."""
        if failures >= self.attempts_max:
            return None
        return self.first_pause_seconds * 2.0 ** (failures - 1) * (1.0 - self.jitter() / 2)
