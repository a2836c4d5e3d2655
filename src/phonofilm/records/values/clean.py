"""Apply the traits of its class to a record."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from msgspec import UNSET

from phonofilm.records.base import Record, traits_of
from phonofilm.records.values.codes import isrc, upc
from phonofilm.records.values.dates import read_date, read_instant
from phonofilm.records.values.texts import is_unknown
from phonofilm.records.values.traits import Date, Id, IdList, Reading

# Not blank, not zero, not negative, without control characters: what holds for ids of any source.
_ANY_ID = re.compile(
    r"(?!0+$|-\d+$|\d{40})[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?"
)


class Oddity(NamedTuple):
    """A value that was dropped: `odd_value` or `odd_id`, the field and the value as it came."""

    kind: str
    field: str
    value: Any


class IdPatterns:
    """Patterns of a source's ids by kind; ids of other kinds are any text that can be one."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._matches = {kind: re.compile(p, re.ASCII).fullmatch for kind, p in patterns.items()}
        self._tests: dict[type[Record], Callable[[Any], bool]] = {}

    def is_id(self, kind: str, text: Any) -> bool:
        """Tell whether a text can be an id of a kind."""
        return isinstance(text, str) and bool(self.test_of(kind)(text))

    def test_of(self, kind: str) -> Callable[[str], Any]:
        """Return the test of ids of a kind; it raises TypeError for what is no text."""
        return self._matches.get(kind, _is_any_id)

    def passes(self, record: Record) -> bool:
        """Tell whether all values of a record are as its traits say."""
        cls = record.__class__
        test = self._tests.get(cls)
        if test is None:
            test = self._tests[cls] = _compile(cls, self)
        try:
            return test(record)
        except (TypeError, AttributeError):  # a value of another type
            return False


def _is_any_id(text: str) -> bool:
    return (text.isalnum() and text >= "1" and len(text) < 40) or bool(_ANY_ID.fullmatch(text))


def _compile(cls: type[Record], ids: IdPatterns) -> Callable[[Any], bool]:
    """Compile a test that the id and all fields of a record are as their traits say."""
    traits, dates = traits_of(cls), _precisions(cls)
    terms = ["is_id(r.id)"]
    terms += [f"((v := r.{n}) is UNSET or v is None or {t.passes})" for n, t in traits.items()]
    terms += [f"r.{precision} == precision_of(r.{name})" for name, precision in dates]
    names: dict[str, Any] = {
        "UNSET": UNSET,
        "is_id": ids.test_of(cls.id_kind or cls.kind),
        "is_unknown": is_unknown,
        "date_precision": _date_precision,
        "precision_of": _precision_of,
        "is_instant": _is_instant,
        "isrc": isrc,
        "upc": upc,
    }
    for trait in traits.values():
        if isinstance(trait, Id | IdList):
            names[f"is_id_{trait.of}"] = ids.test_of(trait.of)
    return typing.cast(
        Callable[[Any], bool],
        eval(f"lambda r: {' and '.join(terms)}", names),  # noqa: S307
    )


@lru_cache(maxsize=4096)
def _date_precision(text: str) -> str | None:
    """Return the precision of a text that is a date as it stands; null for any other."""
    date = read_date(text)
    return date.precision if date.date == text and not date.odd else None


def _precision_of(date: Any) -> Any:
    return date if date is UNSET or date is None else _date_precision(date)


@lru_cache(maxsize=4096)
def _is_instant(text: str) -> bool:
    return read_instant(text) == (text, False)


def clean(record: Record, ids: IdPatterns) -> tuple[bool, list[Oddity]]:
    """Clean a record in its place; return whether it can be kept, and what was dropped.

    A record is not kept when its own id or a required one is none.
    """
    cls = type(record)
    odd: list[Oddity] = []
    if ids.passes(record):
        return True, odd
    for name, trait in traits_of(cls).items():
        value = getattr(record, name)
        if value is UNSET:
            continue
        if value is None:
            _set_precision(record, name, None)
        elif isinstance(trait, IdList):
            odd += _clean_ids(record, name, trait, ids)
        elif isinstance(trait, Id):
            odd += _clean_id(record, name, trait, ids)
        elif isinstance(trait, Date):
            odd += _clean_date(record, name, value)
        else:
            odd += _set(record, name, trait.read(value))
    if not ids.is_id(cls.id_kind or cls.kind, record.id):
        return False, [*odd, Oddity("odd_id", "id", record.id)]
    return not any(getattr(record, name) is None for name in _required(cls)), odd


@cache
def _required(cls: type[Record]) -> tuple[str, ...]:
    traits = traits_of(cls).items()
    return tuple(name for name, trait in traits if isinstance(trait, Id) and trait.required)


def _set(record: Record, name: str, reading: Reading) -> Iterator[Oddity]:
    value = getattr(record, name)
    if reading.odd:
        yield Oddity("odd_value", name, value)
    if reading.value is not value:
        setattr(record, name, reading.value)


def _clean_id(record: Record, name: str, trait: Id, ids: IdPatterns) -> Iterator[Oddity]:
    value = getattr(record, name)
    if not ids.is_id(trait.of, value):
        setattr(record, name, None)
        yield Oddity("odd_id", name, value)


def _clean_ids(record: Record, name: str, trait: IdList, ids: IdPatterns) -> Iterator[Oddity]:
    """Drop ids that are none, with the names in their places."""
    values = getattr(record, name)
    if not isinstance(values, list):
        setattr(record, name, None)
        yield Oddity("odd_id", name, values)
        return
    good = [ids.is_id(trait.of, value) for value in values]
    yield from (
        Oddity("odd_id", name, v) for v, is_good in zip(values, good, strict=True) if not is_good
    )
    for column in (name, trait.names):
        row = getattr(record, column, None)
        if isinstance(row, list) and len(row) == len(good):
            setattr(record, column, [v for v, is_good in zip(row, good, strict=True) if is_good])


@cache
def _precisions(cls: type[Record]) -> tuple[tuple[str, str], ...]:
    """Return the dates of a class that have a column for their precision."""
    return tuple(
        (name, f"{name}_precision")
        for name, trait in traits_of(cls).items()
        if isinstance(trait, Date) and f"{name}_precision" in cls.__struct_fields__
    )


def _clean_date(record: Record, name: str, value: Any) -> Iterator[Oddity]:
    """Shorten a date to its valid part and to the precision that the source gave."""
    column = f"{name}_precision"
    stated = getattr(record, column, None)
    date = (
        read_date(value, stated if isinstance(stated, str) else None)
        if isinstance(value, str)
        else None
    )
    if date is None or date.odd:
        yield Oddity("odd_value", name, value)
    setattr(record, name, date.date if date else None)
    _set_precision(record, name, date.precision if date else None)


def _set_precision(record: Record, name: str, precision: Any) -> None:
    if f"{name}_precision" in record.__struct_fields__:
        setattr(record, f"{name}_precision", precision)
