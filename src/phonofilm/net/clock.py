"""Two clocks: wall clock for timestamps, monotonic clock for delays."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Wall seconds, and monotonic seconds that no jump of the wall clock touches.

    `ahead_seconds` shifts the wall clock, because a sandbox has one that can be advanced.
    """

    def __init__(self, ahead_seconds: float = 0.0) -> None:
        self.ahead_seconds = ahead_seconds

    def wall(self) -> float:
        """Return Unix seconds."""
        return time.time() + self.ahead_seconds

    def steady(self) -> float:
        """Return seconds since an unspecified start; they never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep for so many steady seconds."""
        await asyncio.sleep(seconds)
