"""Identifiers of music: normalised when valid, unchanged otherwise."""

from __future__ import annotations

import re

_ISRC = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}\d{7}$")


def isrc(text: str | None) -> str | None:
    """Normalise an ISRC to capitals without separators; an invalid one stays, empty is null."""
    if not text:
        return None
    normalised = re.sub(r"[\s-]", "", text).upper()
    return normalised if _ISRC.match(normalised) else text


def upc(text: str | None) -> str | None:
    """Pad a barcode with zeros to 12 digits (13 and 14 stay); an invalid one stays.

    Padding matters: searches find `00602475093060` and miss `602475093060`.
    """
    if not text:
        return None
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 14:
        return text
    return digits.zfill(12)
