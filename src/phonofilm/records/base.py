"""What every record is: one typed row whose fields may be absent, null or a value."""

from __future__ import annotations

import typing
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, ClassVar, NamedTuple, TypeVar, Union

import msgspec
from msgspec import UNSET, UnsetType

T = TypeVar("T")
Maybe = Union[T, None, UnsetType]  # noqa: UP007 - a generic alias needs Union
"""A field that an answer may not hold (absent), hold as null, or hold with a value."""

ABSENT = UNSET


def note(text: str, *, core: bool = False, moves: bool = False) -> msgspec.Meta:
    """What a column means. `core`: full records hold it. `moves`: it is also observed over time."""
    return msgspec.Meta(description=text, extra={"core": core, "moves": moves})


class Record(msgspec.Struct, gc=False):  # rows hold no rows: there are no cycles to look for
    """One row, source-neutral; `id` is the source's own, unique within `source` and kind."""

    kind: ClassVar[str] = ""
    plural: ClassVar[str] = ""
    key_fields: ClassVar[tuple[str, ...]] = ("id",)
    """What names a row within its source. Where it is not `id`, `id` is these joined by `:`."""

    source: typing.Annotated[str, note("where the row comes from")]
    id: typing.Annotated[str, note("the source's own id")]


class Column(NamedTuple):
    """One column of a table, derived from a field of a record class."""

    name: str
    sql_type: str
    text: str
    core: bool
    time_varying: bool


_SQL_TYPES = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", list: "VARCHAR[]"}


def _sql_type(hint: Any) -> str:
    if typing.get_origin(hint) in (Union, UnionType):
        hint = next(a for a in typing.get_args(hint) if a not in (type(None), UnsetType))
    return _SQL_TYPES[typing.get_origin(hint) or hint]


def _column(name: str, hint: Any) -> Column:
    inner, *metas = typing.get_args(hint)
    meta = next(m for m in metas if isinstance(m, msgspec.Meta))
    extra = meta.extra or {}
    return Column(
        name, _sql_type(inner), meta.description or "", extra.get("core", False), extra["moves"]
    )


@cache
def columns(cls: type[Record]) -> tuple[Column, ...]:
    """The columns of a record class in their order; the one truth for tables and the dictionary."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return tuple(_column(name, hints[name]) for name in cls.__struct_fields__)


@cache
def bit_of(cls: type[Record], name: str) -> int:
    """The bit that stands for a field in a mask of held fields."""
    return 1 << cls.__struct_fields__.index(name)


@cache
def field_mask_of(cls: type[Record]) -> Callable[[Any], int]:
    """A function telling which fields a record holds, as a mask of `bit_of`.

    It is compiled from the field names once: asked for every record of every answer, a loop over
    `getattr` costs four times as much.
    """
    terms = [
        f"((r.{name} is not UNSET) << {place})" for place, name in enumerate(cls.__struct_fields__)
    ]
    return typing.cast(
        Callable[[Any], int],
        eval(f"lambda r: {' | '.join(terms)}", {"UNSET": UNSET}),  # noqa: S307
    )


@cache
def has_all(cls: type[Record], mask: int) -> Callable[[Any], bool]:
    """Compile a predicate: does a record have all fields of a mask?"""
    names = [name for place, name in enumerate(cls.__struct_fields__) if mask >> place & 1]
    terms = [f"r.{name} is not UNSET" for name in names] or ["True"]
    return typing.cast(
        Callable[[Any], bool],
        eval(f"lambda r: {' and '.join(terms)}", {"UNSET": UNSET}),  # noqa: S307
    )


def core_fields(cls: type[Record]) -> frozenset[str]:
    """The fields that a full record holds, as far as the source gives them at all."""
    return frozenset(column.name for column in columns(cls) if column.core)
