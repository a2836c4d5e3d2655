"""Tables and views of a warehouse, derived from the record classes, for every engine.

`store.<kind>` has one row per record, with the time of each field, so that responses may be loaded
in any order. People read the views, which are named in the plural; those of films are in
`views/films.py`, merged entities in `views/entities.py`, comments in `views/comments.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from phonofilm.records import RECORDS, Column, Record, columns
from phonofilm.sql import identifier
from phonofilm.warehouse.schema import field_times
from phonofilm.warehouse.schema.dialect import DUCKDB, Dialect
from phonofilm.warehouse.schema.identity_tables import identity_definitions
from phonofilm.warehouse.views.clips import clip_views
from phonofilm.warehouse.views.comments import comment_views
from phonofilm.warehouse.views.definition import Definition, index, schema, view
from phonofilm.warehouse.views.entities import entity_views
from phonofilm.warehouse.views.films import film_views
from phonofilm.warehouse.views.genres import NAMED_GENRES
from phonofilm.warehouse.views.lists import list_views
from phonofilm.warehouse.views.snowflake import snowflake_views

PROVENANCE = {
    "first_seen": "TIMESTAMP",
    "last_seen": "TIMESTAMP",
    "expires_at": "TIMESTAMP",
    "answer": "VARCHAR",
}
PROVENANCE_TEXT = {
    "completeness": "full, or mentioned when only id and name are known",
    "first_seen": "when a response first had the row, UTC",
    "last_seen": "when a response last had the row, UTC",
    "expires_at": "when the source's terms end its keeping, UTC; null without a limit",
    "answer": "the start of the SHA-256 of the newest response",
}
REMOVED = "removed_at"
REMOVED_TEXT = "when the whole list it belonged to was first seen without it, UTC; null while in it"
OBSERVATION_KEY = ("source", "kind", "id", "metric", "day")
# Views that are shown and exported in place of plain ones: titles with their rating, genres and
# people, comments with their track, second, tempo and key.
WIDE_VIEWS = {"titles": "titles_wide", "comments": "comments_wide"}


def stored_columns(cls: type[Record]) -> tuple[Column, ...]:
    """Return the columns of a table: an `id` that is derived from others is not stored."""
    return tuple(c for c in columns(cls) if c.name != "id" or cls.key_fields == ("id",))


def field_columns(cls: type[Record]) -> tuple[Column, ...]:
    """Return the columns that are merged, each with a time of its own."""
    return tuple(column for column in columns(cls) if column.name not in ("source", "id"))


def field_names(cls: type[Record]) -> list[str]:
    """Return the names of the columns that are merged, in order."""
    return [column.name for column in field_columns(cls)]


def key_columns(cls: type[Record]) -> tuple[str, ...]:
    """Return the names of the columns that identify a row."""
    return ("source", *cls.key_fields)


def provenance(cls: type[Record]) -> dict[str, str]:
    """Return the types of the provenance columns of a table, by name."""
    return PROVENANCE | ({REMOVED: "TIMESTAMP"} if cls.list_fields else {})


def provenance_text(cls: type[Record]) -> dict[str, str]:
    """Return the meaning of the columns that a table has besides the fields, by name."""
    return PROVENANCE_TEXT | ({REMOVED: REMOVED_TEXT} if cls.list_fields else {})


def is_observed(cls: type[Record]) -> bool:
    """Tell whether a record has figures that are observed over time."""
    return any(column.time_varying for column in field_columns(cls))


def derived_id(cls: type[Record], alias: str) -> str:
    """Return the expression of an `id` that is derived from other columns."""
    return " || ':' || ".join(f"{alias}.{identifier(name)}" for name in cls.key_fields)


def column_types(cls: type[Record]) -> dict[str, str]:
    """Return the columns of a table with their types as DuckDB names them, in order."""
    types = {column.name: column.sql_type for column in stored_columns(cls)}
    return types | provenance(cls) | {"_full": "BOOLEAN"} | field_times.COLUMNS


def _table(cls: type[Record], dialect: Dialect) -> Definition:
    types = column_types(cls).items()
    parts = [f"{identifier(name)} {dialect.type_of(kind)}" for name, kind in types]
    if dialect.primary_keys:
        parts.append(f"PRIMARY KEY ({', '.join(map(identifier, key_columns(cls)))})")
    name = f"store.{cls.kind}"
    return Definition(name, f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(parts)})")


EXISTING_COLUMNS = """SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'store' ORDER BY table_name, ordinal_position"""


def columns_by_table(existing: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the columns of the tables in `store`, from the rows of `EXISTING_COLUMNS`."""
    names: dict[str, list[str]] = {}
    for table, column in existing:
        names.setdefault(table, []).append(column)
    return names


def is_outdated(existing: Iterable[tuple[str, str]]) -> bool:
    """Tell whether a table of records has other columns than today's.

    `existing` are the rows of `EXISTING_COLUMNS`. The masks of such a table would mean other
    fields, so it is filled anew from the landing. A table that is missing is not outdated.
    """
    names_of = columns_by_table(existing)
    return any(
        list(column_types(cls)) != names_of[cls.kind] for cls in RECORDS if cls.kind in names_of
    )


def plain_select(cls: type[Record]) -> str:
    """Return the query of a plain view: a table without the columns that serve the merge."""
    stored = stored_columns(cls)
    names = [
        f"t.{identifier(c.name)}" if c in stored else f"{derived_id(cls, 't')} AS id"
        for c in columns(cls)
    ]
    origin = ", ".join(f"t.{name}" for name in provenance(cls))
    completeness = "CASE WHEN t._full THEN 'full' ELSE 'mentioned' END AS completeness"
    return f"SELECT {', '.join(names)}, {completeness}, {origin} FROM store.{cls.kind} t"


# Some sources give genres by lists and albums and not on the artist; they are collected here.
_ARTISTS_WITH_GENRES = """SELECT {names} FROM ({plain}) t LEFT JOIN (
    SELECT source, artist_id, array_agg(DISTINCT genre ORDER BY genre) AS genres
    FROM {genres} l WHERE genre IS NOT NULL GROUP BY source, artist_id) g
    ON g.source = t.source AND g.artist_id = t.id"""


def _artists(cls: type[Record]) -> str:
    names = [c.name for c in columns(cls)] + list(PROVENANCE_TEXT)
    values = [
        "coalesce(t.genres, g.genres) AS genres" if name == "genres" else f"t.{identifier(name)}"
        for name in names
    ]
    return _ARTISTS_WITH_GENRES.format(
        names=", ".join(values), plain=plain_select(cls), genres=NAMED_GENRES
    )


_OTHER_TABLES = {
    "observation": """source VARCHAR, kind VARCHAR, id VARCHAR,
    metric VARCHAR, day DATE, value BIGINT, expires_at TIMESTAMP, _at BIGINT{observation_key}""",
    "quarantine": """source VARCHAR, endpoint VARCHAR,
    ids {texts}, "offset" BIGINT, fetched_at TIMESTAMP, sha256 VARCHAR, reason VARCHAR,
    excerpt VARCHAR, expires_at TIMESTAMP""",
    "segment": "path VARCHAR, loaded_at TIMESTAMP",
    "origin": "name VARCHAR",
    "run": """source VARCHAR, id VARCHAR, started TIMESTAMP,
    result VARCHAR""",
}
STORE_TABLES = (*(cls.kind for cls in RECORDS), *_OTHER_TABLES)
# Tables whose rows have a date from which they may not be kept.
EXPIRING_TABLES = (*(cls.kind for cls in RECORDS), "observation", "quarantine")


def _other_tables(dialect: Dialect) -> Iterator[Definition]:
    key = f", PRIMARY KEY ({', '.join(OBSERVATION_KEY)})" if dialect.primary_keys else ""
    texts = dialect.type_of("VARCHAR[]")
    for table, template in _OTHER_TABLES.items():
        parts = template.format(observation_key=key, texts=texts)
        name = f"store.{table}"
        yield Definition(name, f"CREATE TABLE IF NOT EXISTS {name} ({parts})")


# `films` reads titles by the id of IMDb, or by their own id where they have none, and what `match`
# joined with them.
_INDEXES = (
    index("title_imdb_id", "store.title (imdb_id)"),
    index("title_without_imdb_id", "store.title (id) WHERE imdb_id IS NULL"),
    index("members_record", "identity.members (source, id)"),
    index("members_entity", "identity.members (entity)"),
)


def definitions(dialect: Dialect = DUCKDB) -> Iterator[Definition]:
    """Yield all that makes an empty warehouse; harmless on one that has rows."""
    yield schema("store")
    for cls in RECORDS:
        yield _table(cls, dialect)
    yield from _other_tables(dialect)
    yield from identity_definitions(dialect)
    if dialect.indexes:
        yield from _INDEXES
    yield from view_definitions()


def view_definitions() -> Iterator[Definition]:
    """Yield the views that people read, over `store` and `identity`, the same for every engine."""
    for cls in RECORDS:
        yield view(cls.plural, _artists(cls) if cls.kind == "artist" else plain_select(cls))
    observations = """SELECT source, kind, id, metric, day, value FROM store.observation
    WHERE value IS NOT NULL"""
    yield view("observations", observations)
    yield view("quarantine", "SELECT * FROM store.quarantine")
    yield view("runs", "SELECT * FROM store.run")
    yield from film_views()
    yield from snowflake_views()
    yield from entity_views()
    yield from comment_views()
    yield from list_views()
    yield from clip_views()
    yield view("links", "SELECT * FROM identity.links")
