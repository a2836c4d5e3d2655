"""Traits: what the values of a column can mean, and how each is read.

A trait is data of a field (`note(..., trait=COUNT)`). `read` decides about one value. `passes` is
the same decision for the usual case, as a Python expression over the variable `v`: it is compiled
into one test of a whole record, because it runs for every record of every response.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from phonofilm.records.values.codes import isrc, upc
from phonofilm.records.values.dates import read_date, read_instant
from phonofilm.records.values.texts import is_unknown


class Reading(NamedTuple):
    """What is kept of a value; `odd` says that something the source meant was dropped."""

    value: Any
    odd: bool = False


UNKNOWN, ODD = Reading(None), Reading(None, odd=True)


# Nearly all texts begin with another character than a word for unknown, so no function looks.
_KNOWN = (
    "{0}.__class__ is str and ('!' < {0} < '[' or ']' < {0} < 'h' or {0} > 'i'"
    " or not is_unknown({0}))"
)


class Trait:
    """Base of the traits; values of it are kept as they are."""

    passes = "True"

    def read(self, value: Any) -> Reading:
        """Read a value that is neither absent nor null."""
        return Reading(value)


class Figure(Trait):
    """A finite number from `minimum` to `maximum`; with `zero_unknown` 0 is a word for unknown."""

    def __init__(self, minimum: float, maximum: float, *, zero_unknown: bool = False) -> None:
        self.minimum, self.maximum, self.zero_unknown = minimum, maximum, zero_unknown
        nonzero = "v != 0 and " if zero_unknown else ""
        self.passes = f"v.__class__ is not bool and {nonzero}{minimum!r} <= v <= {maximum!r}"

    def read(self, value: Any) -> Reading:
        """Return null for 0 where that means unknown, and for what the column cannot mean."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ODD
        if value == 0 and self.zero_unknown:
            return UNKNOWN
        return Reading(value) if self.minimum <= value <= self.maximum else ODD


class Date(Trait):
    """A date of any precision; the column `NAME_precision`, where there is one, goes along."""

    passes = "date_precision(v)"

    def read(self, value: Any, precision: str | None = None) -> Reading:
        """Return the longest part that is a date."""
        if not isinstance(value, str):
            return ODD
        date = read_date(value, precision)
        return Reading(date.date, date.odd)


class Instant(Trait):
    """An instant in ISO 8601, or the day alone."""

    passes = "is_instant(v)"

    def read(self, value: Any) -> Reading:
        """Return the instant, or the longest part that is a date."""
        return Reading(*read_instant(value)) if isinstance(value, str) else ODD


class Code(Trait):
    """A code that a function normalises; it returns null for any other text."""

    def __init__(self, name: str) -> None:
        self._normalise = {"isrc": isrc, "upc": upc}[name]
        self.name = name
        self.passes = f"{name}(v) == v"

    def read(self, value: Any) -> Reading:
        """Return the code; blanks and zeros are unknown, other texts odd."""
        if not isinstance(value, str):
            return ODD
        code = self._normalise(value)
        if code is not None:
            return Reading(code)
        return UNKNOWN if is_unknown(value.strip(" 0-") or "") else ODD


class Words(Trait):
    """Text; blank ones and markers are unknown."""

    passes = _KNOWN.format("v")

    def read(self, value: Any) -> Reading:
        """Return the text unchanged, or null when it says that nothing is known."""
        if not isinstance(value, str):
            return ODD
        return UNKNOWN if is_unknown(value) else Reading(value)


class WordList(Trait):
    """A list of texts; elements that say nothing are left out, or null where places count."""

    def __init__(self, *, keeps_places: bool = False) -> None:
        self.keeps_places = keeps_places
        null = "e is None or " if keeps_places else ""
        self.passes = f"v.__class__ is list and all([{null}{_KNOWN.format('e')} for e in v])"

    def read(self, value: Any) -> Reading:
        """Return the list without unknown and odd elements."""
        if not isinstance(value, list):
            return ODD
        odd = any(element is not None and not isinstance(element, str) for element in value)
        texts = [e if isinstance(e, str) and not is_unknown(e) else None for e in value]
        return Reading(texts if self.keeps_places else [e for e in texts if e is not None], odd)


class Id(Trait):
    """The source's id of a node of a kind; with `required` a record without it is dropped."""

    def __init__(self, of: str, *, required: bool = False) -> None:
        self.of, self.required = of, required
        self.passes = f"is_id_{of}(v)"


class IdList(Trait):
    """Ids of nodes of a kind; `names` is the column with their names in the same order."""

    def __init__(self, of: str, names: str = "") -> None:
        self.of, self.names = of, names
        self.passes = f"v.__class__ is list and all([is_id_{of}(e) for e in v])"


# Larger ones are no figures: a float cannot tell them from their neighbours.
COUNT = Figure(0, 2**53)
RATING = Figure(0, 10, zero_unknown=True)
"""The mean of people's ratings from 1 to 10."""
ORDINAL = Figure(1, 2**53, zero_unknown=True)
"""A number of a disc or a track, counted from 1."""
POPULARITY = Figure(0, 100)
SHARE = Figure(0, 1)
DECIBELS = Figure(-200, 100)
YEAR = Figure(1, 9999, zero_unknown=True)
# 115 days; the longest film in November 2026, Logistics, has 36.
DURATION_MS = Figure(1, 10**10, zero_unknown=True)
# Speedcore goes past 1,000 beats per minute.
TEMPO = Figure(1, 2000, zero_unknown=True)
UNIX_SECONDS = Figure(1, 253_402_300_799, zero_unknown=True)
DATE, INSTANT = Date(), Instant()
ISRC, UPC = Code("isrc"), Code("upc")
WORDS, WORD_LIST, PLACED_WORDS = Words(), WordList(), WordList(keeps_places=True)
VERBATIM = Trait()
"""Text that stays exactly as people wrote it, blanks included."""
