"""Numbers and text as people read them, in tables, cards, messages and progress lines."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime


def format_coverage(coverage: Sequence[float]) -> str:
    """Format a coverage (estimate, low, high) as a percentage with the ends of its interval.

    The interval is left out where it is narrower than what whole percents show.
    """
    estimate, low, high = coverage
    if round(low, 2) == round(high, 2):
        return f"{estimate:.0%}"
    return f"{estimate:.0%} ({low:.0%} to {high:.0%})"


def format_figure(figure: float | None, decimals: int = 0) -> str:
    """Format a figure with thousands apart; a dash where it is null, NaN or infinite."""
    if figure is None or not math.isfinite(figure):
        return "–"
    return f"{figure:,.{decimals}f}"


def format_duration(seconds: float) -> str:
    """Format a duration with its two largest units: `12 s`, `3 min 05 s`, `2 h 07 min`."""
    minutes, rest_seconds = divmod(int(seconds), 60)
    hours, rest_minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {rest_minutes:02d} min"
    return f"{minutes} min {rest_seconds:02d} s" if minutes else f"{rest_seconds} s"


def format_minute(unix_seconds: float) -> str:
    """Format an instant to the minute, in UTC."""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def format_position(milliseconds: int) -> str:
    """Format a position in a track as a player shows it: `1:05`, `1:02:05`."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def plain_text(text: str, keep: str = "") -> str:
    """Replace what a terminal may obey by blanks: all characters of Unicode's category C.

    These are control characters (escape sequences begin with one), overrides of the direction of
    writing and other invisible marks, and code points without a meaning. Halves of surrogate pairs,
    which stand for bytes of file names that are not UTF-8, become U+FFFD. `keep` are exceptions.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep else _plain_character(c) for c in text)


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return " " if category[0] == "C" else character
