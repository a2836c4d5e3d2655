"""How the two databases spell what the schema and the merge say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Dialect(NamedTuple):
    """Words that differ. `_at` holds, field by field, the instant at which each was told."""

    name: str
    types: dict[str, str]

    def at_type(self, fields: Sequence[str]) -> str:
        """The type of the instants of a row."""
        if self.name == "postgres":
            return "bigint[]"
        return f"STRUCT({', '.join(f'{quoted(name)} BIGINT' for name in fields)})"

    def at(self, alias: str, fields: Sequence[str], name: str) -> str:
        """The instant of one field."""
        if self.name == "postgres":
            return f"{alias}._at[{fields.index(name) + 1}]"
        return f"{alias}._at.{quoted(name)}"

    def pack(self, fields: Sequence[str], values: Sequence[str]) -> str:
        """The instants of a row from one expression per field."""
        if self.name == "postgres":
            return f"ARRAY[{', '.join(values)}]::bigint[]"
        pairs = zip(fields, values, strict=True)
        return f"struct_pack({', '.join(f'{quoted(n)} := {v}' for n, v in pairs)})"

    def type_of(self, name: str) -> str:
        """A column type."""
        return self.types.get(name, name)


def quoted(name: str) -> str:
    """A column's name as SQL wants it (`key` and `mode` are words of some dialects)."""
    return f'"{name}"'


DUCKDB = Dialect("duckdb", {})
POSTGRES = Dialect(
    "postgres",
    {
        "VARCHAR": "text",
        "BIGINT": "bigint",
        "DOUBLE": "double precision",
        "BOOLEAN": "boolean",
        "VARCHAR[]": "text[]",
        "TIMESTAMP": "timestamp",
        "DATE": "date",
    },
)
