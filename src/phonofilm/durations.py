"""Durations as people write them: `90`, `30s`, `10m`, `2h`, `1d`."""

from __future__ import annotations

import re

SECONDS_BY_UNIT = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d+)?)\s*([smhd])?")


def parse_seconds(text: str) -> float | None:
    """Return the seconds of a duration above zero, or None for any other text."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        return None
    seconds = float(match[1]) * SECONDS_BY_UNIT[match[2] or "s"]
    return seconds or None
