"""The time of each field of a row: the order key of the response or dump that it comes from.

A row of one response has the key of that response (`_told`) and the mask of the fields in it
(`_held`). Nearly all rows are such rows, and two numbers cost a load a tenth less than a key per
field. Only a row that several responses made has a list of keys (`_at`), one per field. The column
names are those of existing databases, so they stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

COLUMNS = {"_told": "BIGINT", "_held": "BIGINT", "_at": "BIGINT[]"}


def field_time(alias: str, names: Sequence[str], name: str) -> str:
    """Return the expression of one field's time; null when no response had the field.

    `names` are the fields of the table in the order of mask bits.
    """
    index = names.index(name)
    of_row = f"CASE WHEN {alias}._held & {1 << index} <> 0 THEN {alias}._told END"
    return f"CASE WHEN {alias}._at IS NULL THEN {of_row} ELSE {alias}._at[{index + 1}] END"


def newest_time(alias: str, names: Sequence[str]) -> str:
    """Return the expression of the time of a row's newest field; -1 for a row without fields."""
    times = ", ".join(field_time(alias, names, name) for name in names)
    return f"coalesce(greatest({times}), -1)"


def field_mask(names: Sequence[str], present: Collection[str]) -> int:
    """Return the mask of the fields that are present."""
    return sum(1 << index for index, name in enumerate(names) if name in present)
