"""Tables of an older version in PostgreSQL: columns are added, nothing is dropped.

Other people's views, grants and columns depend on our tables, so the tables stay. Rows of a table
with another layout are deleted and come again from the landing, because their masks of fields mean
other fields. A column that is no field any more stays, without values.
"""

from __future__ import annotations

from typing import Any

from phonofilm.records import RECORDS, Record
from phonofilm.sql import identifier, literal
from phonofilm.warehouse.engines.postgres_connection import psycopg
from phonofilm.warehouse.schema.dialect import POSTGRES
from phonofilm.warehouse.schema.tables import column_types, key_columns

_LAYOUT = "phonofilm: "
_COLUMNS = """SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum),
    obj_description(c.oid, 'pg_class')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = 'store' AND c.relkind = 'r' GROUP BY c.oid, c.relname"""
_KEY = """SELECT k.conname, array_agg(a.attname::text ORDER BY a.attname)
    FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
    WHERE k.conrelid = %s::regclass AND k.contype = 'p' GROUP BY k.conname"""


def add_columns(connection: psycopg.Connection[Any]) -> None:
    """Bring the tables of records of an older version to today's columns; all are loaded again.

    Inside a transaction, before views are replaced.
    """
    tables = {name: (columns, text) for name, columns, text in connection.execute(_COLUMNS)}
    outdated = [cls for cls in RECORDS if cls.kind in tables and _differs(cls, *tables[cls.kind])]
    for cls in outdated:
        _upgrade(connection, cls, tables[cls.kind][0])
    if outdated and "segment" in tables:
        connection.execute("DELETE FROM store.segment")


def mark_layouts(connection: psycopg.Connection[Any]) -> None:
    """Write the layout of each table of records into its comment."""
    marked = {name: text for name, _, text in connection.execute(_COLUMNS)}
    for cls in RECORDS:
        if marked.get(cls.kind) != _layout(cls):
            comment = literal(_layout(cls))
            connection.execute(f"COMMENT ON TABLE store.{cls.kind} IS {comment}")


def _layout(cls: type[Record]) -> str:
    """Return the columns of a table in the order of their bits in masks, as its comment."""
    return _LAYOUT + ", ".join(column_types(cls))


def _differs(cls: type[Record], columns: list[str], comment: str | None) -> bool:
    """Tell whether masks of a table mean other fields; one without a comment is of 2026-11."""
    if comment and comment.startswith(_LAYOUT):
        return comment != _layout(cls) or not set(column_types(cls)) <= set(columns)
    return columns != list(column_types(cls))


def _upgrade(connection: psycopg.Connection[Any], cls: type[Record], existing: list[str]) -> None:
    table = f"store.{identifier(cls.kind)}"
    connection.execute(f"DELETE FROM {table}")
    for name, duckdb_type in column_types(cls).items():
        if name not in existing:
            kind = POSTGRES.type_of(duckdb_type)
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {kind}")
    for name in existing:
        if name not in column_types(cls):
            _make_optional(connection, table, name)
    _replace_key(connection, table, key_columns(cls))


def _make_optional(connection: psycopg.Connection[Any], table: str, column: str) -> None:
    """Let a column that is no field any more be null; a key has to go first."""
    for constraint, key in connection.execute(_KEY, [table]).fetchall():
        if column in key:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {identifier(constraint)}")
    connection.execute(f"ALTER TABLE {table} ALTER COLUMN {identifier(column)} DROP NOT NULL")


def _replace_key(connection: psycopg.Connection[Any], table: str, key: tuple[str, ...]) -> None:
    for constraint, columns in connection.execute(_KEY, [table]).fetchall():
        if columns == sorted(key):
            return
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {identifier(constraint)}")
    columns = ", ".join(map(identifier, key))
    connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({columns})")
