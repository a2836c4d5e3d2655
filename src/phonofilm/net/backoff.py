"""Back-off of a whole source: pauses that grow, with jitter, and one request that tries again."""

from __future__ import annotations

import random
from collections.abc import Callable

# Chosen in November 2026, not tuned: a single refusal costs half a second at most, and a source
# that is down for a minute gets about ten requests.
FIRST_PAUSE_SECONDS = 0.5
PAUSE_SECONDS_MAX = 60.0
_PAUSE_SECONDS_MIN = 0.05
# While one request tries, the others look again after so long.
_TRIAL_PAUSE_SECONDS = 0.02
_DOUBLINGS_MAX = 16


class Backoff:
    """Requests in a row without a usable response, and the pauses after them.

    Pauses have full jitter (0 to the bound, which doubles), so that clients that were refused
    together do not come back together. After a pause one request is sent, the others wait for its
    response. Times are steady seconds; `jitter` returns numbers from 0 to 1.
    """

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self.troubles_in_a_row = 0
        self._troubled_at = float("-inf")
        self._tried_at: float | None = None

    def wait(self) -> float:
        """Return the seconds to wait for the request that tries, 0 where there is none."""
        return (
            _TRIAL_PAUSE_SECONDS if self.troubles_in_a_row and self._tried_at is not None else 0.0
        )

    def on_sent(self, now: float) -> None:
        """Note a request; the first one after trouble is the one that tries."""
        if self.troubles_in_a_row and self._tried_at is None:
            self._tried_at = now

    def on_idle(self) -> None:
        """Note that no request is in flight, so none tries."""
        self._tried_at = None

    def on_accepted(self, sent_at: float) -> None:
        """End the row of troubles, unless the request was sent before the last trouble."""
        if sent_at >= self._troubled_at:
            self.troubles_in_a_row, self._tried_at = 0, None

    def on_trouble(self, now: float, sent_at: float) -> bool:
        """Count trouble; False when the request was in flight at the last one, and counts as it."""
        if sent_at < self._troubled_at:
            return False
        self._troubled_at, self._tried_at = now, None
        self.troubles_in_a_row += 1
        return True

    def pause_seconds(self, first_seconds: float, seconds_max: float = PAUSE_SECONDS_MAX) -> float:
        """Return the pause after the last trouble of a row."""
        doublings = min(max(0, self.troubles_in_a_row - 1), _DOUBLINGS_MAX)
        bound = min(first_seconds * 2.0**doublings, seconds_max)
        return max(_PAUSE_SECONDS_MIN, bound * self._jitter())
