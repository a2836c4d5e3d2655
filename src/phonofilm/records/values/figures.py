"""Figures that came as text: whole and decimal numbers."""

from __future__ import annotations

import math

WHOLE_MAX = 2**53 - 1
"""Larger whole numbers are no figures: a float cannot tell them from their neighbours."""


def decimal_number(text: str) -> float | None:
    """Read a finite number such as `8.9` or `1e3`; null for any other text."""
    plain = text.strip()
    if "_" in plain or not plain.isascii():  # Python reads 1_000 and digits of any script
        return None
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def whole_number(text: str) -> int | None:
    """Read a number without a fraction; `98.6` is none, because it is not rounded."""
    number = decimal_number(text)
    if number is None or not number.is_integer() or abs(number) > WHOLE_MAX:
        return None
    return int(number)
