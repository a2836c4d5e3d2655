"""Permitted use of rows: by the terms of their sources, and by a licence of their own.

A row under a Creative Commons licence may be shared; NC forbids commercial use, and ND changes of
it. It is not settled whether training a model changes a work, so ND counts as forbidding that, too.
"""

from __future__ import annotations

import duckdb

from phonofilm.errors import TermsError, UsageError
from phonofilm.sources import get, source_names
from phonofilm.sql import literal

USES = ("commercial", "share", "training")
# Licences are given as addresses or as short names.
_FORBIDDING = {"commercial": r"\bnc\b|-nc-|-nc/|noncommercial", "training": r"\bnd\b|-nd/|noderiv"}
_SOURCE_COLUMNS = ("source", "source_a", "source_b")
_LICENCE_COLUMNS = ("licence_url", "licence", "poster_licence", "genres_licence")
_REASONS_MAX = 5


def check_use(connection: duckdb.DuckDBPyConnection, sql: str, use: str) -> None:
    """Check that all rows of a query may be used for a purpose.

    TermsError, which names sources and licences, when some may not.
    """
    reason = _forbidden_by(connection, sql, use)
    if not reason:
        return
    rows = connection.execute(
        f"SELECT {reason} AS why, count(*) FROM ({sql}) WHERE {reason} IS NOT NULL"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_REASONS_MAX}"
    ).fetchall()
    if rows:
        forbidden = "; ".join(f"{number:,} rows of {why}" for why, number in rows)
        raise TermsError(
            f"Not all of this may be used for {use}: {forbidden}.",
            saved="Nothing was written.",
            next_step="Leave those rows out: --leave-out",
        )


def permitted_rows(connection: duckdb.DuckDBPyConnection, sql: str, use: str) -> str:
    """Return a query of the rows that may be used for a purpose."""
    reason = _forbidden_by(connection, sql, use)
    return f"SELECT * FROM ({sql}) WHERE {reason} IS NULL" if reason else sql


def _forbidden_by(connection: duckdb.DuckDBPyConnection, sql: str, use: str) -> str:
    """Return the expression of the source or licence that forbids a use, null if none does.

    It is empty when nothing can forbid it.
    """
    if use not in USES:
        raise UsageError(f"There is no use called {use!r}.", next_step=f"Uses: {', '.join(USES)}.")
    described = connection.execute(f"DESCRIBE {sql}").fetchall()
    types = {name: duckdb_type for name, duckdb_type, *_ in described}
    reasons = [*_forbidding_sources(types, use), *_forbidding_licences(types, use)]
    return f"coalesce({', '.join(reasons)})" if reasons else ""


def _forbidding_sources(types: dict[str, str], use: str) -> list[str]:
    """Return expressions of the source that forbids a use; UsageError without a source column."""
    columns = [name for name in _SOURCE_COLUMNS if name in types]
    if not columns and "sources" not in types:
        raise UsageError(
            "Cannot check permitted use: the query has no `source` or `sources` column.",
            next_step="Export a table with `source` or `sources`.",
        )
    forbidding = [name for name in source_names() if use in get(name).manifest.terms.forbids]
    if not forbidding:
        return []
    names = ", ".join(map(literal, forbidding))
    if columns:
        return [f"CASE WHEN {name} IN ({names}) THEN {name} END" for name in columns]
    listed = "sources" if types["sources"].endswith("[]") else "string_split(sources, ' ')"
    return [f"list_intersect({listed}, [{names}])[1]"]


def _forbidding_licences(types: dict[str, str], use: str) -> list[str]:
    if use not in _FORBIDDING:
        return []
    return [
        f"CASE WHEN regexp_matches(lower({name}), {literal(_FORBIDDING[use])}) THEN {name} END"
        for name in _LICENCE_COLUMNS
        if name in types
    ]
