"""Replacing views in PostgreSQL, with the views of other people on them and with all grants.

A view gets other columns only by being dropped, and with it goes each view that reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from phonofilm.errors import StoreError
from phonofilm.sql import identifier, literal
from phonofilm.warehouse.engines.postgres_connection import psycopg
from phonofilm.warehouse.views.definition import Definition

# Oldest first, so that each view is created after those that it reads.
_DEPENDENT = """WITH RECURSIVE dependent AS (
    SELECT to_regclass(%s)::oid AS oid
    UNION SELECT r.ev_class FROM dependent
        JOIN pg_depend d ON d.refobjid = dependent.oid AND d.refclassid = 'pg_class'::regclass
            AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite r ON r.oid = d.objid)
    SELECT c.oid::regclass::text, c.relkind, pg_get_viewdef(c.oid), pg_get_userbyid(c.relowner),
        obj_description(c.oid, 'pg_class'), c.relacl::text[], c.reloptions
    FROM dependent JOIN pg_class c ON c.oid = dependent.oid ORDER BY c.oid"""
_GRANTS = """SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee))
    END, privilege_type, is_grantable FROM aclexplode(%s::aclitem[])"""


class _SavedView(NamedTuple):
    """A view as it was; `name` is quoted and qualified where it has to be."""

    name: str
    kind: str
    query: str
    owner: str
    comment: str | None
    privileges: list[str] | None
    options: list[str] | None


class ViewReplacer:
    """Creates views; what has to be dropped for that is put back by `restore`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._dropped: dict[str, _SavedView] = {}

    def replace(self, definition: Definition) -> None:
        """Create a view, or replace it by one that may have other columns."""
        try:
            with self._connection.transaction():
                self._connection.execute(definition.statement)
        except psycopg.errors.InvalidTableDefinition:
            self._drop(definition.name)
            self._connection.execute(definition.statement)

    def _drop(self, name: str) -> None:
        rows = self._connection.execute(_DEPENDENT, [name]).fetchall()
        for saved in map(_SavedView._make, rows):
            if saved.kind != "v":
                raise _needs(saved.name, "it is not a plain view")
            self._dropped.setdefault(saved.name, saved)
        self._connection.execute(f"DROP VIEW {name} CASCADE")

    def restore(self, definitions: Sequence[Definition]) -> None:
        """Create again the views of other people that were dropped, and repeat all grants.

        StoreError when one of them needs a column that is gone.
        """
        names = {d.name for d in definitions}
        for saved in self._dropped.values():
            if saved.name not in names:
                self._create(saved)
            self._grant(saved)

    def _create(self, saved: _SavedView) -> None:
        options = f" WITH ({', '.join(saved.options)})" if saved.options else ""
        owner = identifier(saved.owner)
        try:
            self._connection.execute(f"CREATE VIEW {saved.name}{options} AS {saved.query}")
            self._connection.execute(f"ALTER VIEW {saved.name} OWNER TO {owner}")
        except psycopg.errors.ProgrammingError as error:
            raise _needs(saved.name, str(error).partition("\n")[0]) from error
        if saved.comment is not None:
            comment = literal(saved.comment)
            self._connection.execute(f"COMMENT ON VIEW {saved.name} IS {comment}")

    def _grant(self, saved: _SavedView) -> None:
        if saved.privileges is None:
            return
        for grantee, privilege, may_grant in self._connection.execute(_GRANTS, [saved.privileges]):
            option = " WITH GRANT OPTION" if may_grant else ""
            self._connection.execute(f"GRANT {privilege} ON {saved.name} TO {grantee}{option}")


def _needs(name: str, reason: str) -> StoreError:
    return StoreError(
        f"Cannot update the views: {name}, which is not ours, reads one that changes: {reason}.",
        saved="Nothing was touched.",
        next_step=f"Drop or change {name}, and load again.",
    )
