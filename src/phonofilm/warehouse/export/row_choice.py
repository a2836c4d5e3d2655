"""Which rows of a table an export writes: those of a genre, those that may be used."""

from __future__ import annotations

import difflib
from typing import NamedTuple

import duckdb

from phonofilm.errors import UsageError
from phonofilm.sql import literal

_ENTITY = "coalesce(m.entity, a.source || ':' || a.id)"
_ARTISTS = f"""SELECT a.source, a.id FROM store.artist a LEFT JOIN identity.members m
    ON m.kind = 'artist' AND m.source = a.source AND m.id = a.id
    WHERE {_ENTITY} IN (SELECT artist FROM artist_by_genre WHERE genre = {{genre}})"""
_ENTITIES = "SELECT artist FROM artist_by_genre WHERE genre = {genre}"
# Genres that contain another one are known after a match (`identity.genre_tree`).
_WITHIN = """SELECT {genre} UNION ALL SELECT name FROM identity.genre_tree WHERE within = {genre}"""
_OWN_GENRES = f"""EXISTS (SELECT 1 FROM (SELECT unnest(t.genres) AS name) g
    WHERE lower(g.name) IN ({_WITHIN}))"""
# Conditions by table. A track has its own genres, else those of its first artist.
_CONDITIONS = {
    "artists": f"(t.source, t.id) IN ({_ARTISTS})",
    "artist": f"t.id IN ({_ENTITIES})",
    "artist_wide": f"t.id IN ({_ENTITIES})",
    "artist_by_genre": "t.genre = {genre}",
    "clips": _OWN_GENRES,
    "tracks": f"""CASE WHEN len(t.genres) > 0 THEN {_OWN_GENRES}
        ELSE (t.source, t.artist_ids[1]) IN ({_ARTISTS}) END""",
}


class RowChoice(NamedTuple):
    """The rows of an export: of a genre, and permitted for a use.

    Rows that may not be used for `use` are an error, unless `leave_out` leaves them out.
    """

    genre: str = ""
    use: str = ""
    leave_out: bool = False


ALL_ROWS = RowChoice()


def of_genre(connection: duckdb.DuckDBPyConnection, table: str, genre: str) -> str:
    """Return the condition on the rows `t` of a table that are of a genre.

    UsageError for a table without genres, and for a genre that no row has.
    """
    if table not in _CONDITIONS:
        raise UsageError(
            f"Cannot choose rows of {table} by genre: it has none.",
            next_step=f"Tables with --genre: {', '.join(_CONDITIONS)}.",
        )
    condition = _CONDITIONS[table].format(genre=literal(genre.lower()))
    if not connection.execute(f"SELECT 1 FROM {table} t WHERE {condition} LIMIT 1").fetchone():
        raise UsageError(
            f"Cannot export {table} of {genre!r}: no row has this genre.",
            next_step=_suggestion(connection, genre),
        )
    return condition


def _suggestion(connection: duckdb.DuckDBPyConnection, genre: str) -> str:
    names = """SELECT genre FROM artist_by_genre UNION SELECT lower(name) FROM (
        SELECT unnest(genres) AS name FROM store.track)"""
    rows = connection.execute(names).fetchall()
    known = sorted(str(name) for (name,) in rows if name and name != genre.lower())
    near = difflib.get_close_matches(genre.lower(), known, n=3) or known[:5]
    return f"Genres here: {', '.join(near)}." if near else "Load and match first: phonofilm match"
