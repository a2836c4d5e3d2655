"""Names of artists, albums and titles, normalised for comparison: script, case, accents and signs.

The one comparison of names: a crawl that looks for a named artist finds what `match` has for equal.
Every function is idempotent for every script.
"""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

_WORD = re.compile(r"[a-z0-9]+")
_APOSTROPHES = re.compile(r"['`\u2018\u2019\u02bc\u00b4]")
_LATIN = re.compile(r"[\x00-\x7f]*")
# Shops add a country to artists that share a name.
_COUNTRY = re.compile(r"\s\([A-Z]{2,3}\)$")
_PLUS = re.compile(r"(?<=\w)\s*\+\s*(?=\w)")
# Signs that stand for letters in names of artists: Ke$ha, A$AP, P!nk, M@D.
_DOLLARS = re.compile(r"(?<=[^\W\d_])\$+|\$+(?=[^\W\d_])")
_INNER_SIGN = re.compile(r"(?<=[^\W\d_])[!@\u20ac](?=[^\W\d_])")
_LETTER_OF_SIGN = {"!": "i", "@": "a", "\u20ac": "e"}


def plain(text: str) -> str:
    """Return the words in lower-case Latin letters and digits; for signs alone, the signs."""
    return " ".join(_WORD.findall(_latin(text))) or _signs(text)


def _latin(text: str) -> str:
    """Transliterate to ASCII; leave out pictographs."""
    if not _LATIN.fullmatch(text):
        letters = "".join(c for c in unicodedata.normalize("NFKD", text) if _is_spoken(c))
        text = anyascii(letters)
    return _APOSTROPHES.sub("", text.replace("&", " and ").lower())


def _is_spoken(char: str) -> bool:
    """Tell whether a character is spoken, which accents, pictographs and controls are not."""
    return unicodedata.category(char) not in ("Mn", "Me", "So", "Sk", "Cs", "Co", "Cn", "Cc", "Cf")


def _signs(text: str) -> str:
    """Return the signs of a name without words: `!!!` is a band."""
    ascii_text = anyascii(unicodedata.normalize("NFKC", text)).lower()
    return " ".join(_WORD.findall(ascii_text)) or "".join(ascii_text.split())


def artist_key(name: str) -> str:
    """Return the normalised name of an artist.

    `The X`, `X, The` and `X (UK)` are `X`; `&`, `+` and `n` between words are "and"; signs that
    stand for letters are these letters.
    """
    words = plain(_with_letters(_COUNTRY.sub("", name))).split()
    words[1:-1] = ["and" if word == "n" else word for word in words[1:-1]]
    if len(words) > 1 and words[-1] == "the" and "," in name:
        words = words[:-1]
    while len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words)


def _with_letters(name: str) -> str:
    name = _DOLLARS.sub(lambda match: "s" * len(match[0]), _PLUS.sub(" and ", name))
    return _INNER_SIGN.sub(lambda match: _LETTER_OF_SIGN[match[0]], name)


def spaceless_key(name: str) -> str:
    """Return the key of an artist without blanks: `AC/DC` is `ACDC`, and `t.A.T.u.` is `tatu`."""
    return artist_key(name).replace(" ", "")


def are_same_artist_names(one: str, other: str) -> bool:
    """Tell whether two names of artists are equal but for spelling."""
    return spaceless_key(one) == spaceless_key(other)
