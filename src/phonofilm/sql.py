"""SQL literals and identifiers, quoted as DuckDB and PostgreSQL both read them."""

from __future__ import annotations


def literal(value: object) -> str:
    """Quote a text (or a path) as a string literal, quotation marks included."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote the name of a column or table; `key` and `mode` are keywords of some dialects."""
    return '"' + name.replace('"', '""') + '"'
