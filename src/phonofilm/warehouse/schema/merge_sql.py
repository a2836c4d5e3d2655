"""The one merge rule, in words that every engine understands.

Absent never overwrites; otherwise the newest answer that held a field wins, field by field.
"""

from __future__ import annotations

from phonofilm.records import Record
from phonofilm.warehouse.schema.dialect import quoted
from phonofilm.warehouse.schema.field_times import newest, of_field
from phonofilm.warehouse.schema.tables import field_names, keys


def same(cls: type[Record], left: str = "t", right: str = "b") -> str:
    """That two rows are one thing."""
    return " AND ".join(f"{left}.{quoted(k)} = {right}.{quoted(k)}" for k in keys(cls))


def _later(cls: type[Record], name: str, new_row: str) -> str:
    names = field_names(cls)
    new, old = of_field(new_row, names, name), of_field("t", names, name)
    return f"coalesce({new}, -1) > coalesce({old}, -1)"


def adds(cls: type[Record], b: str = "b") -> str:
    """Whether a row `b` adds anything to the one that is stored, `t`."""
    newer = [_later(cls, name, b) for name in field_names(cls) if name not in cls.key_fields]
    seen = (
        f"{b}.first_seen < t.first_seen OR {b}.last_seen > t.last_seen"
        f" OR coalesce({b}.expires_at > t.expires_at, false)"
        f" OR (t.expires_at IS NULL AND {b}.expires_at IS NOT NULL)"
        f" OR ({b}._full AND NOT t._full)"
    )
    return " OR ".join([*newer, seen])


def differs(cls: type[Record], b: str = "b") -> str:
    """Whether it changes a value that people see."""
    parts = [
        f"({_later(cls, name, b)} AND {b}.{quoted(name)} IS DISTINCT FROM t.{quoted(name)})"
        for name in field_names(cls)
        if name not in cls.key_fields
    ]
    return " OR ".join([*parts, f"({b}._full AND NOT t._full)"])


def merged(cls: type[Record], b: str = "b") -> dict[str, str]:
    """The values of a stored row `t` after a row `b` was merged into it, by column."""
    names = field_names(cls)
    values = {
        quoted(name): f"CASE WHEN {_later(cls, name, b)}"
        f" THEN {b}.{quoted(name)} ELSE t.{quoted(name)} END"
        for name in names
        if name not in cls.key_fields
    }
    instants = [f"greatest({of_field(b, names, n)}, {of_field('t', names, n)})" for n in names]
    return values | {
        "first_seen": f"least({b}.first_seen, t.first_seen)",
        "last_seen": f"greatest({b}.last_seen, t.last_seen)",
        "expires_at": f"greatest({b}.expires_at, t.expires_at)",
        "answer": f"CASE WHEN {newest(b, names)} > {newest('t', names)}"
        f" THEN {b}.answer ELSE t.answer END",
        "_full": f"({b}._full OR t._full)",
        "_told": f"greatest({b}._told, t._told)",
        "_held": "cast(0 AS bigint)",
        "_at": f"ARRAY[{', '.join(instants)}]",
    }
