"""Shapes of titles as real catalogues have them: punctuation, versions, editions, guests.

Shares are those of 28,352 real tracks in genre playlists (Spotify, January 2020): 15 % end in
" - VERSION", 8 % name guests. Unlike there, no title is a single word, because the 36 words of the
world would repeat within one artist.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from phonofilm.sandbox.worlds.hashing import mix, pick, share
from phonofilm.sandbox.worlds.words import FIRST, SECOND, TITLES, accented


class Forms:
    """Forms of a text, each as often as its weight says."""

    def __init__(self, *weighted: tuple[str, int]) -> None:
        self._forms = [form for form, _ in weighted]
        self._ends = list(accumulate(weight for _, weight in weighted))

    def choose(self, a: int, b: int = 0, c: int = 0) -> str:
        """Return one of the forms; the numbers decide which."""
        return self._forms[bisect_right(self._ends, share(a, b, c) * self._ends[-1])]


# In tenths of a per cent of all titles.
PUNCTUATION = Forms(
    ("{a}'s {b}", 74),
    ("{a} {b} {n}", 55),
    ("{a} & {b}", 30),
    ("{a}, {b}", 16),
    ("{a} / {b}", 5),
    ("{a} {b}?", 5),
    ("{a} {b}!", 5),
    ('{a} "{b}"', 4),
    ("{a}: {b}", 2),
    ("{a} {b}, Pt. 2", 2),
    ("{a} {b} II", 2),
    ("{a} $ {b}", 2),
    ("{a} {b}...", 1),
    ("{a} {b} 🌙", 1),
    ("{a} {b}", 796),
)
_ACCENTED, _UPPER, _LOWER = 0.036, 0.025, 0.019
# Another recording of a song; in tenths of a per cent of all words after a dash.
VERSIONS = Forms(
    ("{name} Remix", 303),
    ("Radio Edit", 120),
    ("Remix", 54),
    ("{name} Mix", 44),
    ("{name} Version", 32),
    ("{name} Edit", 29),
    ("Live", 19),
    ("Acoustic", 13),
    ("Edit", 10),
    ("Extended Mix", 10),
    ("Live in {name}", 9),
    ("Instrumental", 1),
    ("Demo", 1),
)
# The same recording under other words; in tenths of a per cent of those words.
EDITIONS = Forms(
    ("{year} Remaster", 334),
    ("Remastered {year}", 277),
    ("Remastered", 153),
    ("{year} Remastered Version", 78),
    ("Album Version", 70),
    ("{year} Digital Remaster", 23),
    ("Bonus Track", 20),
)
# Among 2,400 titles with guests.
GUESTS = Forms(
    (" (feat. {guest})", 2034),
    (" (with {guest})", 195),
    (" feat. {guest}", 77),
    (" [feat. {guest}]", 50),
    (" (featuring {guest})", 14),
    (" (ft. {guest})", 11),
)
_LAST_WORDS = ("Remix", "Mix", "Edit", "Version", "Live", "Acoustic", "Instrumental", "Demo")


def title(seed: int, index: int, salt: int) -> str:
    """Return a title of two words or more, with the punctuation of real ones."""
    a, b = pick(TITLES, seed, index, salt), pick(SECOND, seed, index, salt + 1)
    number = mix(seed, index, salt + 4) % 99 + 1
    text = PUNCTUATION.choose(seed, index, salt + 2).format(a=a, b=b, n=number)
    draw = share(seed, index, salt + 3)
    if draw < _ACCENTED:
        return accented(text)
    if draw < _ACCENTED + _UPPER:
        return text.upper()
    return text.lower() if draw < _ACCENTED + _UPPER + _LOWER else text


def version(seed: int, index: int) -> str:
    """Return the words for another recording of a song."""
    name = f"{pick(FIRST, seed, index, 61)} {pick(SECOND, seed, index, 62)}"
    return VERSIONS.choose(seed, index, 59).format(name=name)


def is_version(text: str) -> bool:
    """Tell whether words after a dash or in brackets name a version."""
    return text.startswith("Live in ") or text.rpartition(" ")[2] in _LAST_WORDS
