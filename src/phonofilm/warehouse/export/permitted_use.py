"""What rows may be used for: by the terms of their sources, and by a licence of their own.

A row under a Creative Commons licence may be shared; NC forbids commercial use, and ND changes of
it. Whether learning from a work changes it is not settled, so ND is taken to forbid that, too.
"""

from __future__ import annotations

import duckdb

from phonofilm.errors import TermsError, UsageError
from phonofilm.sources import get, source_names

USES = ("commercial", "share", "training")
# How licences are told, as addresses or as short names.
_FORBIDDING = {"commercial": r"\bnc\b|-nc-|-nc/|noncommercial", "training": r"\bnd\b|-nd/|noderiv"}
_LICENCES = ("licence_url", "licence", "poster_licence", "genres_licence")


def check_use(connection: duckdb.DuckDBPyConnection, sql: str, use: str) -> None:
    """TermsError, naming sources and licences, when rows of a query may not be used so."""
    blocked = _forbidden(connection, sql, use)
    if not blocked:
        return
    rows = connection.execute(
        f"SELECT {blocked} AS why, count(*) FROM ({sql}) WHERE {blocked} IS NOT NULL"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"
    ).fetchall()
    if rows:
        told = "; ".join(f"{number:,} rows of {why}" for why, number in rows)
        raise TermsError(
            f"Not all of this may be used for {use}: {told}.",
            saved="Nothing was written.",
            next_step="Leave those rows out: --leave-out; or choose with sql and export the rest.",
        )


def allowed(connection: duckdb.DuckDBPyConnection, sql: str, use: str) -> str:
    """The query without the rows that may not be used so."""
    blocked = _forbidden(connection, sql, use)
    return f"SELECT * FROM ({sql}) WHERE {blocked} IS NULL" if blocked else sql


def _forbidden(connection: duckdb.DuckDBPyConnection, sql: str, use: str) -> str:
    """SQL: who forbids a use of a row, null when nobody does; empty when no column tells."""
    if use not in USES:
        raise UsageError(f"There is no use called {use!r}.", next_step=f"Uses: {', '.join(USES)}.")
    types = {n: kind for n, kind, *_ in connection.execute(f"DESCRIBE {sql}").fetchall()}
    told = [name for name in ("source", "source_a", "source_b") if name in types]
    lists = "" if told or "sources" not in types else "sources"
    if not told and not lists:
        raise UsageError(
            "Of these rows nobody knows whose they are, so not what they may be used for.",
            next_step="Export a table with `source` or `sources`.",
        )
    sources = [name for name in source_names() if use in get(name).manifest.terms.forbids]
    quoted = ", ".join(f"'{name}'" for name in sources)
    parts = [f"CASE WHEN {name} IN ({quoted}) THEN {name} END" for name in told if sources]
    if lists and sources:
        every = lists if types[lists].endswith("[]") else f"string_split({lists}, ' ')"
        parts.append(f"list_intersect({every}, [{quoted}])[1]")
    if use in _FORBIDDING:
        parts += [
            f"CASE WHEN regexp_matches(lower({name}), '{_FORBIDDING[use]}') THEN {name} END"
            for name in _LICENCES
            if name in types
        ]
    return f"coalesce({', '.join(parts)})" if parts else ""
