"""When each field of a row was told.

A row that one answer told holds that answer's instant (`_told`) and which fields the answer held
(`_held`, a mask): nearly all rows are such rows, and two numbers cost a load far less than one per
field. Only a row that several answers made has a list of instants (`_at`), one per field.
"""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS = {"_told": "BIGINT", "_held": "BIGINT", "_at": "BIGINT[]"}


def of_field(alias: str, names: Sequence[str], name: str) -> str:
    """The instant of one field of a row; null when nothing told it."""
    place = names.index(name)
    one = f"CASE WHEN {alias}._held & {1 << place} <> 0 THEN {alias}._told END"
    return f"CASE WHEN {alias}._at IS NULL THEN {one} ELSE {alias}._at[{place + 1}] END"


def newest(alias: str, names: Sequence[str]) -> str:
    """The instant of a row's newest field; -1 when nothing was told."""
    return f"coalesce(greatest({', '.join(of_field(alias, names, n) for n in names)}), -1)"


def mask(names: Sequence[str], told: set[str]) -> int:
    """The mask of the fields that an answer told."""
    return sum(1 << place for place, name in enumerate(names) if name in told)
