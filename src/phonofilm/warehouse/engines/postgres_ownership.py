"""What in a database is ours: marked by a comment, never guessed from a name.

`store`, `media` and `artists` are names that other programs use, too. Only what carries the mark is
dropped or replaced. Warehouses of versions before the mark (November 2026) are recognised by the
exact columns of two tables that no other program has, and marked when they are next opened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from phonofilm.errors import StoreError
from phonofilm.sql import literal
from phonofilm.warehouse.engines.postgres_connection import psycopg
from phonofilm.warehouse.views.definition import Definition

_MARK = "phonofilm: made and replaced by it"
_RELATIONS = """SELECT n.nspname, c.relname, c.relkind IN ('v', 'm'),
    obj_description(c.oid, 'pg_class') IS NOT DISTINCT FROM %s
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"""
_SCHEMAS = """SELECT nspname, obj_description(oid, 'pg_namespace') IS NOT DISTINCT FROM %s
    FROM pg_namespace WHERE nspname = ANY(%s)"""
_COLUMNS_BEFORE_THE_MARK = {
    "segment": ["path", "loaded_at"],
    "quarantine": [
        *("source", "endpoint", "ids", "offset", "fetched_at", "sha256", "reason", "excerpt"),
        "expires_at",
    ],
}


class _Existing(NamedTuple):
    """What a database has under names of ours, and whether each has the mark."""

    schemas: dict[str, bool]
    views: dict[str, bool]
    tables: set[str]


class Ownership:
    """Check of a database before the warehouse is created in it, and its marks.

    `columns` are the columns of the tables in `store`, by table. Raises StoreError when a schema
    that we need holds relations and is not ours.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        definitions: Sequence[Definition],
        columns: dict[str, list[str]],
    ) -> None:
        self._connection, self._definitions, self._columns = connection, definitions, columns
        self._schemas = [d.name for d in definitions if d.kind == "schema"]
        current = connection.execute("SELECT current_schema()").fetchone()
        self._current = str(current[0]) if current else "public"
        self._existing = self._read()
        self._is_older = all(columns.get(t) == c for t, c in _COLUMNS_BEFORE_THE_MARK.items())
        self._check_schemas()

    def _read(self) -> _Existing:
        names = [*self._schemas, self._current]
        schemas = dict(self._connection.execute(_SCHEMAS, [_MARK, self._schemas]).fetchall())
        views, tables = {}, set()
        for schema, name, is_view, marked in self._connection.execute(_RELATIONS, [_MARK, names]):
            if is_view:
                views[f"{schema}.{name}"] = marked
            else:
                tables.add(f"{schema}.{name}")
        return _Existing(schemas, views, tables)

    def _check_schemas(self) -> None:
        for name, marked in self._existing.schemas.items():
            relations = (*self._existing.tables, *self._existing.views)
            in_use = any(relation.startswith(f"{name}.") for relation in relations)
            if in_use and not marked and not self._is_older:
                raise _not_ours(f"a schema called {name} with tables")

    def check(self, definition: Definition) -> None:
        """Check that a view may be replaced. StoreError for a view or table of somebody else."""
        name = self._qualified(definition)
        if definition.kind != "view":
            return
        if name in self._existing.tables:
            raise _not_ours(f"a table called {definition.name}")
        if not self._existing.views.get(name, True) and not self._is_older:
            raise _not_ours(f"a view called {definition.name}")

    def mark_all(self) -> None:
        """Mark the schemas and views that have no mark yet, after all were created."""
        existing = self._read()
        marked = {"schema": existing.schemas, "view": existing.views}
        for definition in self._definitions:
            names = marked.get(definition.kind)
            if names is not None and not names.get(self._qualified(definition)):
                self._mark(definition)

    def _mark(self, definition: Definition) -> None:
        """Mark one; a schema that an administrator created for us is known by its tables."""
        statement = f"COMMENT ON {definition.kind.upper()} {definition.name} IS {literal(_MARK)}"
        with (
            contextlib.suppress(psycopg.errors.InsufficientPrivilege),
            self._connection.transaction(),
        ):
            self._connection.execute(statement)

    def _qualified(self, definition: Definition) -> str:
        if definition.kind == "schema" or "." in definition.name:
            return definition.name
        return f"{self._current}.{definition.name}"


def _not_ours(what: str) -> StoreError:
    return StoreError(
        f"Cannot make the warehouse: the database has {what}, which is not ours.",
        saved="Nothing was touched.",
        next_step="Name another database. For tables and views a schema is enough (CREATE SCHEMA"
        " films): ...?options=-csearch_path%3Dfilms",
    )
