"""Names of artists, albums and tracks, normalised for comparison."""

from __future__ import annotations

import re
import unicodedata


def plain_name(name: str) -> str:
    """Strip case, accents, punctuation and a leading "the"; a name of signs alone stays."""
    text = unicodedata.normalize("NFKD", name).casefold()
    words = re.sub(r"[^\w]+", " ", "".join(c for c in text if not unicodedata.combining(c))).split()
    plain = " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)
    return plain or name
