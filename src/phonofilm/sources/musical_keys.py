"""Musical keys as people write them, parsed into pitch class and mode."""

from __future__ import annotations

import re
import typing

_PITCHES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "H": 11}
_KEY = re.compile(
    "([A-Ha-h])\\s*([#\u266fb\u266d]?|sharp|flat)\\s*((?i:maj(?:or)?|min(?:or)?|dur|moll)|m|M)?"
)
_CAMELOT = re.compile(r"0?([1-9]|1[0-2])([ABab])")
# The wheel's 1A is A flat minor; each step on is a fifth up.
_FIRST_MINOR, _FIRST_MAJOR = 8, 11


def parse_key(text: str | None) -> tuple[int | None, int | None]:
    """Parse a key such as `F Major`, `Bb minor`, `C#m` or `8A`.

    Returns the pitch class (0 to 11, 0 is C) and the mode (1 major, 0 minor); None for both when
    the text is no key. `8A` is Camelot notation, which DJs use.
    """
    if not text:
        return None, None
    if wheel := _CAMELOT.fullmatch(text.strip()):
        steps, minor = int(wheel[1]) - 1, wheel[2] in "Aa"
        return ((_FIRST_MINOR if minor else _FIRST_MAJOR) + 7 * steps) % 12, int(not minor)
    match = _KEY.fullmatch(text.strip())
    if not match:
        return None, None
    sign = {"": 0, "#": 1, "\u266f": 1, "sharp": 1}.get(match[2], -1)
    mode = match[3] or ""
    minor = mode == "m" or mode.lower() in ("min", "minor", "moll")
    return (_PITCHES[match[1].upper()] + sign) % 12, int(not minor)


def key_or_text(text: str | None) -> tuple[int | None, int | None]:
    """Parse a key; a text that is none stands for the pitch class, to be reported as odd."""
    pitch, mode = parse_key(text)
    return typing.cast(int | None, text or None) if pitch is None else pitch, mode
