"""Dates that keep the precision they came with."""

from __future__ import annotations

import re

_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")


def release_date(text: str | None) -> tuple[str | None, str | None]:
    """Split a date into `(date, precision)`: year, month or day, null for any other text.

    Sources write "0000-00-00" and zero months or days for unknown ones.
    """
    if not text or text.startswith("0000"):
        return None, None
    match = _PARTIAL.match(text)
    if not match:
        return text, None
    year, month, day = match.groups()
    if month in (None, "00"):
        return year, "year"
    if day in (None, "00"):
        return f"{year}-{month}", "month"
    return text, "day"


def year_of(text: str | None) -> int | None:
    """Return the four-digit year that a date of any precision begins with; None without one."""
    year = (text or "")[:4]
    return int(year) if len(year) == 4 and year.isascii() and year.isdecimal() else None
