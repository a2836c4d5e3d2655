"""How the two databases spell what the schema and the merge say."""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """Words that differ; `keyed`: tables have primary keys."""

    types: dict[str, str]
    keyed: bool

    def type_of(self, name: str) -> str:
        """A column type."""
        return self.types.get(name, name)


def quoted(name: str) -> str:
    """A column's name as SQL wants it (`key` and `mode` are words of some dialects)."""
    return f'"{name}"'


# In DuckDB keys cost three times the load; it joins instead.
DUCKDB = Dialect({}, keyed=False)
POSTGRES = Dialect(
    {
        "VARCHAR": "text",
        "BIGINT": "bigint",
        "DOUBLE": "double precision",
        "BOOLEAN": "boolean",
        "VARCHAR[]": "text[]",
        "TIMESTAMP": "timestamp",
        "DATE": "date",
    },
    keyed=True,
)
