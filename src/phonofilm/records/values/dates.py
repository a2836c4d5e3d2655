"""Dates that keep the precision they came with, and instants."""

from __future__ import annotations

import re
from calendar import monthrange
from functools import lru_cache
from typing import NamedTuple

YEAR_MAX = 9999
PRECISIONS = {"year": 4, "month": 7, "day": 10}
"""Length of a date by its precision."""

# "2008-??-02" and "2013/03/23 00:00:00 +0000" were seen; so was "20200105".
_PARTS = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2}|\?{1,2})(?:\2(\d{1,2}|\?{1,2}))?)?(?!\d)(.*)", re.DOTALL
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_TIME = re.compile(r"[T ]\d\d:?\d\d|Z?$")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)([.,]\d+)?)?"
    r" ?(Z|UTC|[+-]\d\d:?(\d\d)?)?"
)
# How sources write that they do not know: zeros, question marks, PHP's empty date.
_UNKNOWN = re.compile(r"[\s0?/.:TZ+-]*|-0001-11-30.*", re.DOTALL)


class PartialDate(NamedTuple):
    """A date of any precision; both null when it is unknown. `odd`: a part was no date."""

    date: str | None
    precision: str | None
    odd: bool = False


@lru_cache(maxsize=4096)
def read_date(text: str, precision: str | None = None) -> PartialDate:
    """Read the longest part of a text that is a date: YYYY, YYYY-MM or YYYY-MM-DD.

    Years go from 1 to 9999, and days are days of the calendar. Zeros and question marks are
    unknown parts. A source's own `precision` shortens the date, because some sources fill up with
    first days.
    """
    plain = text.strip()
    if _UNKNOWN.fullmatch(plain):
        return PartialDate(None, None)
    match = _COMPACT.fullmatch(plain)
    if match:
        return _shortened(_valid(match[1], match[2], match[3]), precision)
    match = _PARTS.match(plain)
    if not match:
        return PartialDate(None, None, odd=True)
    date = _valid(match[1], match[3], match[4])
    if match[5] and not _TIME.match(match[5]):
        date = date._replace(odd=True)
    return _shortened(date, precision)


def _valid(year: str, month: str | None, day: str | None) -> PartialDate:
    """Return the parts up to the first one that is unknown or not in the calendar."""
    if int(year) == 0:
        return PartialDate(None, None, odd=_is_known(month) or _is_known(day))
    if not _is_known(month):
        return PartialDate(year, "year")
    if not 1 <= int(month or 0) <= 12:
        return PartialDate(year, "year", odd=True)
    start = f"{year}-{int(month or 0):02}"
    if not _is_known(day):
        return PartialDate(start, "month")
    if not 1 <= int(day or 0) <= monthrange(int(year), int(month or 0))[1]:
        return PartialDate(start, "month", odd=True)
    return PartialDate(f"{start}-{int(day or 0):02}", "day")


def _is_known(part: str | None) -> bool:
    return bool(part and part.strip("?0"))


def _shortened(date: PartialDate, precision: str | None) -> PartialDate:
    length = PRECISIONS.get(precision or "", 10)
    if date.date is None or len(date.date) <= length:
        return date
    return PartialDate(date.date[:length], precision, date.odd)


def release_date(text: str | None) -> tuple[str | None, str | None]:
    """Split a date into `(date, precision)`: year, month or day, null for any other text."""
    date = read_date(text) if text else PartialDate(None, None)
    return date.date, date.precision


def in_precision(text: str, precision: str | None) -> str:
    """Cut a date to the precision that its source states; an unknown precision cuts nothing."""
    return text.strip()[: PRECISIONS.get(precision or "")]


def date_of_parts(year: int | None, month: int | None, day: int | None) -> str:
    """Join the parts of a date that a source sends one by one; unknown ones become zeros."""
    return f"{year or 0:04}-{month or 0:02}-{day or 0:02}"


def year_of(text: str | None) -> int | None:
    """Return the four-digit year that a date of any precision begins with; None without one."""
    year = (text or "")[:4]
    return int(year) if len(year) == 4 and year.isascii() and year.isdecimal() else None


@lru_cache(maxsize=4096)
def read_instant(text: str) -> tuple[str | None, bool]:
    """Read an instant in ISO 8601; of any other text the date, if it begins with one.

    Returns the instant, and whether something that is no unknown part was dropped.
    """
    plain = text.strip()
    if _INSTANT.fullmatch(plain) and read_date(plain[:10]).precision == "day":
        return plain, False
    date = read_date(plain)
    return date.date, date.odd
