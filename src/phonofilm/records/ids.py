"""Identifiers of music: normalised when valid, kept as given when not."""

from __future__ import annotations

import re

_ISRC = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}\d{7}$")


def isrc(text: str | None) -> str | None:
    """An ISRC in capitals without separators; an invalid one as it was given; empty is null."""
    if not text:
        return None
    tidy = re.sub(r"[\s-]", "", text).upper()
    return tidy if _ISRC.match(tidy) else text


def upc(text: str | None) -> str | None:
    """A barcode zero-padded to 12 digits (13 and 14 stay); an invalid one as it was given.

    Padding matters: searches find `00602475093060` and miss `602475093060`.
    """
    if not text:
        return None
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 14:
        return text
    return digits.zfill(12)
