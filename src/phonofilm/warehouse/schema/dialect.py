"""Differences between the SQL dialects of the engines."""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """The spelling of one database: its names of DuckDB's types, and what its tables have."""

    types: dict[str, str]
    primary_keys: bool
    indexes: bool

    def type_of(self, duckdb_type: str) -> str:
        """Return the name of a type, given as DuckDB spells it."""
        return self.types.get(duckdb_type, duckdb_type)


# A primary key made a load into DuckDB take three times as long; its engine joins instead.
DUCKDB = Dialect(types={}, primary_keys=False, indexes=False)
POSTGRES = Dialect(
    types={
        "VARCHAR": "text",
        "BIGINT": "bigint",
        "DOUBLE": "double precision",
        "BOOLEAN": "boolean",
        "VARCHAR[]": "text[]",
        "TIMESTAMP": "timestamp",
        "DATE": "date",
    },
    primary_keys=True,
    indexes=True,
)
