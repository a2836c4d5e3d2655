"""Codes of music: ISRC of recordings, barcodes of releases."""

from __future__ import annotations

import re

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", re.ASCII)
_SEPARATORS = re.compile(r"[\s-]")


def isrc(text: str | None) -> str | None:
    """Normalise an ISRC to 12 capitals without separators; null for any other text."""
    code = _SEPARATORS.sub("", text or "").upper().removeprefix("ISRC")
    return code if _ISRC.fullmatch(code) else None


def upc(text: str | None) -> str | None:
    """Pad a barcode with zeros to 12 digits (13 and 14 stay); null for any other text.

    Padding matters: searches find `00602475093060` and miss `602475093060`. A barcode of zeros is
    a source's word for none.
    """
    digits = _SEPARATORS.sub("", text or "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 14 and digits.strip("0")):
        return None
    return digits.zfill(12)
