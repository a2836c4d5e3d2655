"""Base of the records: one typed row whose fields may be absent, null or a value."""

from __future__ import annotations

import typing
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, ClassVar, NamedTuple, TypeVar, Union

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.records.values.traits import VERBATIM, WORD_LIST, WORDS, Trait

T = TypeVar("T")
Maybe = Union[T, None, UnsetType]  # noqa: UP007 - a generic alias needs Union
"""A field that a response may lack (absent), have as null, or have with a value."""

ABSENT = UNSET


def note(
    text: str, *, core: bool = False, time_varying: bool = False, trait: Trait | None = None
) -> msgspec.Meta:
    """Describe a column; full records have `core` ones, `time_varying` ones are observed daily.

    `trait` says what its values can mean; without one it follows from the type.
    """
    return msgspec.Meta(
        description=text, extra={"core": core, "time_varying": time_varying, "trait": trait}
    )


class Record(msgspec.Struct, gc=False):  # rows contain no rows, so there are no cycles to collect
    """One row in the common form; `id` is the source's own, unique within `source` and kind."""

    kind: ClassVar[str] = ""
    plural: ClassVar[str] = ""
    key_fields: ClassVar[tuple[str, ...]] = ("id",)
    """Fields that identify a row within its source; where they are not `id`, `id` joins them."""
    id_kind: ClassVar[str] = ""
    """The kind of node whose id it has, where that is another one than `kind`."""
    list_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that identify the list a row belongs to; empty for rows that belong to none."""
    list_owner: ClassVar[str] = ""
    """Kind of the record that owns the list; empty when the list itself names it."""
    list_item: ClassVar[str] = "id"
    """Field with the entity that stands in the list."""
    list_size: ClassVar[str] = ""
    """Field of an owner with the number of members that the source counts."""

    source: typing.Annotated[str, note("where the row comes from")]
    id: typing.Annotated[str, note("the source's own id")]


class Column(NamedTuple):
    """One column of a table, derived from a field of a record class."""

    name: str
    sql_type: str
    text: str
    core: bool
    time_varying: bool


_TRAITS: dict[str, Trait] = {"VARCHAR": WORDS, "VARCHAR[]": WORD_LIST}
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
        name,
        _sql_type(inner),
        meta.description or "",
        extra.get("core", False),
        extra["time_varying"],
    )


@cache
def columns(cls: type[Record]) -> tuple[Column, ...]:
    """Return the columns of a record class in order; tables and the dictionary derive from them."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return tuple(_column(name, hints[name]) for name in cls.__struct_fields__)


@cache
def traits_of(cls: type[Record]) -> dict[str, Trait]:
    """Return the traits of the fields of a class; `source` and `id` have none."""
    hints = typing.get_type_hints(cls, include_extras=True)
    traits: dict[str, Trait] = {}
    for name in cls.__struct_fields__[2:]:
        inner, *metas = typing.get_args(hints[name])
        stated = next(m.extra["trait"] for m in metas if isinstance(m, msgspec.Meta) and m.extra)
        trait = stated or _TRAITS.get(_sql_type(inner))
        if trait and trait is not VERBATIM:
            traits[name] = trait
    return traits


@cache
def bit_of(cls: type[Record], name: str) -> int:
    """Return the bit of a field in a field mask."""
    return 1 << cls.__struct_fields__.index(name)


@cache
def field_mask_of(cls: type[Record]) -> Callable[[Any], int]:
    """Compile a function that returns the fields of a record as a mask of `bit_of`.

    It runs for every record of every response, where a loop over `getattr` takes four times as
    long (measured in November 2026).
    """
    terms = [
        f"((r.{name} is not UNSET) << {index})" for index, name in enumerate(cls.__struct_fields__)
    ]
    return typing.cast(
        Callable[[Any], int],
        eval(f"lambda r: {' | '.join(terms)}", {"UNSET": UNSET}),  # noqa: S307
    )


@cache
def has_all(cls: type[Record], mask: int) -> Callable[[Any], bool]:
    """Compile a predicate that tests whether a record has all fields of a mask."""
    names = [name for index, name in enumerate(cls.__struct_fields__) if mask >> index & 1]
    terms = [f"r.{name} is not UNSET" for name in names] or ["True"]
    return typing.cast(
        Callable[[Any], bool],
        eval(f"lambda r: {' and '.join(terms)}", {"UNSET": UNSET}),  # noqa: S307
    )


def core_fields(cls: type[Record]) -> frozenset[str]:
    """Return the fields that a full record has, as far as the source has them at all."""
    return frozenset(column.name for column in columns(cls) if column.core)
