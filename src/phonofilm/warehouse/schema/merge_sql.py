"""The one merge rule, in portable SQL.

An absent field never overwrites; otherwise the newest response that had a field wins, field by
field. `t` is the stored row in all expressions, `new` the alias of the row that is merged into it.
"""

from __future__ import annotations

from phonofilm.records import Record
from phonofilm.sql import identifier
from phonofilm.warehouse.schema.field_times import field_time, newest_time
from phonofilm.warehouse.schema.tables import REMOVED, field_names, key_columns


def same_row(cls: type[Record], left: str = "t", right: str = "b") -> str:
    """Return the condition that two rows have the same key."""
    return " AND ".join(
        f"{left}.{identifier(name)} = {right}.{identifier(name)}" for name in key_columns(cls)
    )


def _merged_fields(cls: type[Record]) -> list[str]:
    return [name for name in field_names(cls) if name not in cls.key_fields]


def _is_newer(cls: type[Record], name: str, new: str) -> str:
    names = field_names(cls)
    new_time, old_time = field_time(new, names, name), field_time("t", names, name)
    return f"coalesce({new_time}, -1) > coalesce({old_time}, -1)"


def has_news(cls: type[Record], new: str = "b") -> str:
    """Return the condition that a row adds anything to the stored one, be it only a date."""
    newer = [_is_newer(cls, name, new) for name in _merged_fields(cls)]
    seen = (
        f"{new}.first_seen < t.first_seen OR {new}.last_seen > t.last_seen"
        f" OR coalesce({new}.expires_at > t.expires_at, false)"
        f" OR (t.expires_at IS NULL AND {new}.expires_at IS NOT NULL)"
        f" OR ({new}._full AND NOT t._full)"
    )
    return " OR ".join([*newer, seen])


def changes_value(cls: type[Record], new: str = "b") -> str:
    """Return the condition that a row changes a value that readers see."""
    changed = [
        f"({_is_newer(cls, name, new)}"
        f" AND {new}.{identifier(name)} IS DISTINCT FROM t.{identifier(name)})"
        for name in _merged_fields(cls)
    ]
    return " OR ".join([*changed, f"({new}._full AND NOT t._full)"])


def merged_values(cls: type[Record], new: str = "b") -> dict[str, str]:
    """Return the values of the stored row after the merge, by column."""
    names = field_names(cls)
    values = {
        identifier(name): f"CASE WHEN {_is_newer(cls, name, new)}"
        f" THEN {new}.{identifier(name)} ELSE t.{identifier(name)} END"
        for name in _merged_fields(cls)
    }
    if cls.list_fields:
        values[REMOVED] = f"t.{REMOVED}"
    times = [f"greatest({field_time(new, names, n)}, {field_time('t', names, n)})" for n in names]
    return values | {
        "first_seen": f"least({new}.first_seen, t.first_seen)",
        "last_seen": f"greatest({new}.last_seen, t.last_seen)",
        "expires_at": f"greatest({new}.expires_at, t.expires_at)",
        "answer": f"CASE WHEN {newest_time(new, names)} > {newest_time('t', names)}"
        f" THEN {new}.answer ELSE t.answer END",
        "_full": f"({new}._full OR t._full)",
        "_told": f"greatest({new}._told, t._told)",
        "_held": "cast(0 AS bigint)",
        "_at": f"ARRAY[{', '.join(times)}]",
    }
