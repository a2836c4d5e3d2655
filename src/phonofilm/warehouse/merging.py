"""The one merge rule, in words that every engine understands.

Absent never overwrites; otherwise the newest answer that held a field wins, field by field.
"""

from __future__ import annotations

from phonofilm.records import Record
from phonofilm.warehouse.engines.dialect import Dialect, quoted
from phonofilm.warehouse.schema import field_names, keys


def same(cls: type[Record], left: str = "t", right: str = "b") -> str:
    """That two rows are one thing."""
    return " AND ".join(f"{left}.{quoted(k)} = {right}.{quoted(k)}" for k in keys(cls))


def _later(cls: type[Record], dialect: Dialect, name: str) -> str:
    names = field_names(cls)
    new, old = dialect.at("b", names, name), dialect.at("t", names, name)
    return f"coalesce({new}, -1) > coalesce({old}, -1)"


def _newest(cls: type[Record], dialect: Dialect, alias: str) -> str:
    """The instant of a row's newest field."""
    names = field_names(cls)
    return f"coalesce(greatest({', '.join(dialect.at(alias, names, n) for n in names)}), -1)"


def adds(cls: type[Record], dialect: Dialect) -> str:
    """Whether a row of the batch adds anything to the one that is stored."""
    newer = [_later(cls, dialect, name) for name in field_names(cls) if name not in cls.keyed_by]
    seen = (
        "b.first_seen < t.first_seen OR b.last_seen > t.last_seen"
        " OR coalesce(b.expires_at > t.expires_at, false)"
        " OR (t.expires_at IS NULL AND b.expires_at IS NOT NULL)"
        " OR (b._full AND NOT t._full)"
    )
    return " OR ".join([*newer, seen])


def differs(cls: type[Record], dialect: Dialect) -> str:
    """Whether it changes a value that people see."""
    parts = [
        f"({_later(cls, dialect, name)} AND b.{quoted(name)} IS DISTINCT FROM t.{quoted(name)})"
        for name in field_names(cls) if name not in cls.keyed_by
    ]  # fmt: skip
    return " OR ".join([*parts, "(b._full AND NOT t._full)"])


def merged(cls: type[Record], dialect: Dialect) -> dict[str, str]:
    """The values of a stored row `t` after a row of the batch `b` was merged into it, by column."""
    names = field_names(cls)
    values = {
        quoted(name): f"CASE WHEN {_later(cls, dialect, name)}"
        f" THEN b.{quoted(name)} ELSE t.{quoted(name)} END"
        for name in names if name not in cls.keyed_by
    }  # fmt: skip
    instants = [f"greatest({dialect.at('b', names, n)}, {dialect.at('t', names, n)})" for n in names]
    return values | {
        "first_seen": "least(b.first_seen, t.first_seen)",
        "last_seen": "greatest(b.last_seen, t.last_seen)",
        "expires_at": "greatest(b.expires_at, t.expires_at)",
        "answer": f"CASE WHEN {_newest(cls, dialect, 'b')} > {_newest(cls, dialect, 't')}"
        " THEN b.answer ELSE t.answer END",
        "_full": "(b._full OR t._full)",
        "_at": dialect.pack(names, instants),
    }
