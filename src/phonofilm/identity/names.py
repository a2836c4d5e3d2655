"""Take titles and credits apart for matching: song, guests, version, edit, subtitle.

How single names are normalised is in `records/names.py`, because crawls compare them, too. Which
words mean what is in `title_words.py`. Every function is idempotent for every script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from phonofilm.identity.title_words import (
    EDIT_WORDS,
    MARKERS,
    NEUTRAL_WORDS,
    NUMBER_OF,
    SYNONYMS,
    UPLOAD_WORDS,
    VERSION_WORDS,
)
from phonofilm.records.names import artist_key, plain

_FEATURING = r"(?:feat|ft|featuring)\b[.:\-]*"
# Guests without brackets end where a remark starts: "Song feat. Ada (Club Mix)".
_GUESTS = re.compile(
    rf"\s*[(\[]\s*(?:{_FEATURING}|with\b|con\b)\s*([^)\]]*)[)\]]"
    rf"|\s+-?\s*{_FEATURING}\s+(.*?)(?=\s*[()\[\];]|\s+[-\u2013\u2014]\s|$)",
    re.IGNORECASE,
)
_BETWEEN_GUESTS = re.compile(r",|&|\+|\b(?:and|feat|ft|featuring)\b\.?", re.IGNORECASE)
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_DASH = re.compile(r"\s+[-\u2013\u2014]\s+")
_BETWEEN_REMARKS = re.compile(r"[;/]")
# "From the film X", "Theme from X", "X Soundtrack": where a song was heard.
_FILM = re.compile(r"^(?:music |theme |song )?from\b|\b(?:soundtrack|ost)\b")
_PART = re.compile(r"\b(?:pts?|parts?|parte|teil)\b")
_COUNTED = re.compile(r"\b(part|vol|volume|chapter|act) (\w+)")
_NUMBERED = re.compile(r"\b(?:pts?|parts?|parte|teil|no|nr|vol|volume|chapter|act)\b\.?\s*\w+")
_DIGITS = re.compile(r"\d+")
# UTF-8 that was read as Latin-1 or Windows-1252: "BeyoncÃ©".
_MISREAD = re.compile(r"[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u2122]")


class Title(NamedTuple):
    """Title taken apart; all parts are normalised, words are sorted.

    `version` has the words that make another recording (remix, live, a language), `edit` those
    that change its length at most, `subtitle` those of remarks that are neither.
    """

    song: str
    version: str = ""
    guests: tuple[str, ...] = ()
    edit: str = ""
    subtitle: str = ""


class _Remarks:
    """Words of the remarks of a title by what they mean."""

    def __init__(self) -> None:
        self.version: set[str] = set()
        self.edit: set[str] = set()
        self.subtitle: set[str] = set()

    def add(self, text: str, after_dash: bool = False) -> str:
        """Add the parts of a remark; return what of it belongs to the song."""
        return " ".join(filter(None, (self._add(part, after_dash) for part in _parts(text))))

    def _add(self, text: str, after_dash: bool) -> str:
        words = [SYNONYMS.get(word, word) for word in plain(text).split()]
        if UPLOAD_WORDS.issuperset(words) or _FILM.search(" ".join(words)):
            return ""
        telling = {word for word in words if not _is_neutral(word)}
        if not telling:
            return ""
        if is_version(text) or telling & EDIT_WORDS:  # "Ana Radio Edit" is by Ana
            self.edit |= telling & EDIT_WORDS
            self.version |= telling - EDIT_WORDS
        elif _NUMBERED.search(plain(text)):
            return text
        else:
            # Shops write versions after a dash, and names of songs in brackets.
            (self.version if after_dash else self.subtitle).update(telling)
        return ""


def _parts(text: str) -> list[str]:
    return _BETWEEN_REMARKS.split(text)


def _is_neutral(word: str) -> bool:
    return word in NEUTRAL_WORDS or word.startswith("remaster") or bool(_DIGITS.fullmatch(word))


def people_of(names: list[str | None] | None, guests: tuple[str, ...] = ()) -> list[str]:
    """Return the keys of all named artists in order, guests in names and titles included."""
    keys: list[str] = []
    for name in names or ():
        if name:
            main, more = _without_guests(name)
            keys += [artist_key(main), *more]
    return [key for key in dict.fromkeys([*keys, *guests]) if key]


def _without_guests(text: str) -> tuple[str, list[str]]:
    guests: list[str] = []

    def take(match: re.Match[str]) -> str:
        guests.extend(_BETWEEN_GUESTS.split(match[1] or match[2] or ""))
        return " "

    rest = _GUESTS.sub(take, text)
    return rest, [key for name in guests if (key := artist_key(name))]


def title(text: str) -> Title:
    """Take a title apart."""
    rest, guests = _without_guests(readable(text))
    remarks = _Remarks()
    previous = ""
    while previous != rest:  # brackets within brackets
        previous, rest = (
            rest,
            _BRACKETS.sub(lambda match: f" {_inner(match[1], remarks, guests)} ", rest),
        )
    head, *tails = _DASH.split(rest)
    head = " ".join([head, *(remarks.add(tail, after_dash=True) for tail in tails)])
    song = _numbers(plain(head)) or _numbers(plain(text))
    return Title(
        song=song,
        version=_sorted(remarks.version),
        guests=tuple(dict.fromkeys(guests)),
        edit=_sorted(remarks.edit),
        subtitle=_sorted(remarks.subtitle),
    )


def _inner(text: str, remarks: _Remarks, guests: list[str]) -> str:
    """Add a remark in brackets; return what of it belongs to the song."""
    rest, more = _without_guests(f" {text}")
    guests.extend(more)
    return remarks.add(rest)


def _sorted(words: Iterable[str]) -> str:
    return " ".join(sorted(words))


def _numbers(text: str) -> str:
    """Return a title with its numbers as digits: Roman ones, and words after "part" and such."""
    text = _PART.sub("part", text)
    text = _COUNTED.sub(lambda match: f"{match[1]} {NUMBER_OF.get(match[2], match[2])}", text)
    return " ".join(_spelled(text.split()))


def _spelled(words: list[str]) -> Iterator[str]:
    for word in words:
        is_roman = len(word) > 1 and set(word) <= set("ivx")
        yield NUMBER_OF.get(word, word) if is_roman else word


def readable(text: str) -> str:
    """Return a text whose UTF-8 was read as another encoding as it was meant."""
    if _MISREAD.search(text):
        for encoding in ("cp1252", "latin-1"):
            try:
                return text.encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
    return text


def without_artist(text: str, artists: list[str | None] | None) -> str:
    """Remove the artist that an upload names before the title: `X - Song`."""
    head, *rest = _DASH.split(text, maxsplit=1)
    keys = {artist_key(name) for name in artists or () if name}
    return rest[0] if rest and artist_key(head) in keys else text


def is_version(text: str) -> bool:
    """Tell whether a remark names a version."""
    words = {SYNONYMS.get(word, word) for word in plain(text).split()}
    return bool(words & VERSION_WORDS or words & MARKERS)


def remark_of(text: str) -> Title:
    """Take a remark apart that a source states beside the title; `song` is what belongs to it."""
    remarks = _Remarks()
    song = _numbers(plain(remarks.add(text)))
    return Title(
        song=song,
        version=_sorted(remarks.version),
        edit=_sorted(remarks.edit),
        subtitle=_sorted(remarks.subtitle),
    )
