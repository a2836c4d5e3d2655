"""Tells a DJ set from a track, by its length and by what is written beside it."""

from __future__ import annotations

import re

_LEAST_MS = 20 * 60_000
_LONG_MS = 60 * 60_000
_WORDS = re.compile(
    r"\b(?:dj[ -]?(?:set|mix)|(?:live|guest|promo|studio|vinyl|closing|opening|warm[ -]?up)[ -]"
    r"?(?:set|mix)|mix(?:tape|cloud|ed by)|podcast|radio ?show|boiler room|b2b|b3b|essential mix|"
    r"mix ?(?:#|no\.?|nr\.?|vol\.?|\d)|episode|resident(?:s|cy)?|live (?:@|at|from)|set (?:@|at))",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:full album|audiobook|audio book|lecture|sermon|interview|white noise|rain sounds|"
    r"meditation|sleep|ambient piece|symphony|opera)\b",
    re.IGNORECASE,
)
# A line of a track list: a time of its own, or a number and a dash between two names.
_LINE = re.compile(
    r"^\s*(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]?\s+\S|\d{1,3}[.)]\s+\S.*\s[-\u2013]\s\S)"
)
_LIST = 4


def is_set(duration_ms: int | None, title: str | None, description: str | None) -> bool | None:
    """Tell whether an upload is a set of several tracks; None without a length.

    Twenty minutes and a word of the trade or a track list; or an hour and nothing that speaks
    against it. A long track without either is a long track.
    """
    if duration_ms is None:
        return None
    if duration_ms < _LEAST_MS:
        return False
    written = f"{title or ''}\n{description or ''}"
    if _OTHER.search(title or ""):
        return False
    if _WORDS.search(title or "") or _has_list(description or ""):
        return True
    return duration_ms >= _LONG_MS and not _OTHER.search(written)


def _has_list(description: str) -> bool:
    lines = [line for line in description.splitlines() if _LINE.match(line)]
    return len(lines) >= _LIST
