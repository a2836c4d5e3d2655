"""Texts: words for "not known", and names that came as HTML."""

from __future__ import annotations

import html
import re

BLANK_NODE = "/.well-known/genid/"
# `\N` in dumps, the special entities of MusicBrainz, blank nodes of RDF (seen in November 2026).
MARKERS = frozenset({"", "\\N", "[unknown]", "[no artist]", "[no label]"})
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def is_unknown(text: str) -> bool:
    """Tell whether a text is blank, or a source's marker for a value that it does not know."""
    if text[:4] == "http":
        return BLANK_NODE in text
    return text.strip() in MARKERS


def plain_text(text: str) -> str:
    """Replace HTML entities; "AT&T" and a lone "&copy" without its semicolon stay."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
