"""What the text of a dump's column means, as SQL of its value: null where it means nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from phonofilm.records.values.sql import cleaned, is_id
from phonofilm.records.values.traits import VERBATIM, Figure, Id, IdList, Trait
from phonofilm.sql import identifier, literal


class Cell(NamedTuple):
    """A trait of the values, and the macro that reads the text (empty: the text is the value).

    `unknown` are the source's words for a value that it does not know. `unless` is an SQL condition
    on the row under which the value contradicts the other columns and means nothing.
    """

    trait: Trait
    macro: str = ""
    unknown: tuple[str, ...] = ()
    unless: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its text is a number."""
        return isinstance(self.trait, Figure)

    @property
    def odd_kind(self) -> str:
        """The kind of finding of a text that means none."""
        return "odd_id" if isinstance(self.trait, Id | IdList) else "odd_value"

    def value(self, column: str, patterns: Mapping[str, str]) -> str:
        """Return the SQL of the value of a column."""
        name = identifier(column)
        text = f"{self.macro}({name})" if self.macro else name
        value = cleaned(self.trait, text, patterns)
        return (
            f"CASE WHEN NOT coalesce({self.unless}, false) THEN {value} END"
            if self.unless
            else value
        )

    def is_sound(self, column: str, patterns: Mapping[str, str]) -> str:
        """Return the SQL condition that a text means something."""
        if isinstance(self.trait, IdList):
            return _all_ids(self.trait, column, patterns)
        return f"{self.value(column, patterns)} IS NOT NULL"

    def is_unknown(self, column: str) -> str:
        """Return the SQL condition that a text says that nothing is known."""
        conditions = [f"known_text({identifier(column)}::VARCHAR) IS NULL"]
        if isinstance(self.trait, Figure) and self.trait.zero_unknown:
            conditions.append(f"try_cast({identifier(column)} AS DOUBLE) = 0")
        conditions += [f"{identifier(column)} = {literal(word)}" for word in self.unknown]
        return f"coalesce({' OR '.join(conditions)}, false)"


def whole(trait: Figure, *unknown: str) -> Cell:
    """Return a column of whole numbers, and of words for unknown ones."""
    return Cell(trait, "whole_number", unknown)


def decimal(trait: Figure) -> Cell:
    """Return a column of decimal numbers."""
    return Cell(trait, "decimal_number")


FLAG = Cell(VERBATIM, "flag")
"""A column of 0 and 1."""


def id_of(kind: str) -> Cell:
    """Return a column of ids of a kind."""
    return Cell(Id(kind))


def ids_of(kind: str) -> Cell:
    """Return a column of ids of a kind with commas between them; empty elements say nothing."""
    return Cell(IdList(kind))


def _all_ids(trait: IdList, column: str, patterns: Mapping[str, str]) -> str:
    name = identifier(column)
    if trait.of not in patterns:
        return f"len(list_filter(words({name}, ','), lambda w: NOT any_id(w))) = 0"
    one = rf"\s*(?:{patterns[trait.of]})?\s*"
    return is_id(name, "ids", {"ids": f"{one}(?:,{one})*"})
