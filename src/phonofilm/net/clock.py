"""Time: the wall's for what is kept on disk, the machine's own for what is waited for."""

from __future__ import annotations

import time


class Clock:
    """Wall seconds, and monotonic seconds that no jump of the wall clock touches.

    `ahead` shifts the wall: a sandbox has a clock of its own that can be advanced.
    """

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def wall(self) -> float:
        """Unix seconds."""
        return time.time() + self.ahead

    def steady(self) -> float:
        """Seconds from some start, never going back."""
        return time.monotonic()
