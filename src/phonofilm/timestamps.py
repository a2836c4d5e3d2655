"""Timestamps as they are stored: Unix microseconds in the landing, naive UTC in the warehouse."""

from __future__ import annotations

from datetime import UTC, datetime

DAY_US = 86_400_000_000


def naive_utc(unix_us: int) -> datetime:
    """Convert Unix microseconds to a naive datetime in UTC, as a TIMESTAMP column holds it."""
    return datetime.fromtimestamp(unix_us / 1e6, UTC).replace(tzinfo=None)


def naive_utc_now() -> datetime:
    """Return the present as a naive datetime in UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
