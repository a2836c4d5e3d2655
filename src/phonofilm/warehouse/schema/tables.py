"""Tables and views, derived from the record classes, for every engine.

`store.<kind>` holds one row per thing with the instant at which each field was told, so that
answers may be loaded in any order. People read the views named in the plural; what the tables
of the anime job looked like is in `warehouse/snowflake.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from phonofilm.records import RECORDS, Column, Record, columns
from phonofilm.warehouse.schema import field_times
from phonofilm.warehouse.schema.dialect import DUCKDB, Dialect, quoted
from phonofilm.warehouse.views.comments import views as heard
from phonofilm.warehouse.views.entities import tables, unified
from phonofilm.warehouse.views.films import snowflake, title_views

PROVENANCE = {
    "first_seen": "TIMESTAMP",
    "last_seen": "TIMESTAMP",
    "expires_at": "TIMESTAMP",
    "answer": "VARCHAR",
}
PROVENANCE_TEXT = {
    "completeness": "full, or mentioned when only id and name are known",
    "first_seen": "when an answer first held the row, UTC",
    "last_seen": "when an answer last held it, UTC",
    "expires_at": "when the source's terms end its keeping, UTC; null without a limit",
    "answer": "the start of the SHA-256 of the newest answer",
}
OBSERVATION = ("source", "kind", "id", "metric", "day")


def stored(cls: type[Record]) -> tuple[Column, ...]:
    """The columns of a kind's table: an `id` that follows from others is not stored."""
    return tuple(c for c in columns(cls) if c.name != "id" or cls.key_fields == ("id",))


def fields(cls: type[Record]) -> tuple[Column, ...]:
    """The columns of a kind that answers tell, each with its own instant."""
    return tuple(column for column in columns(cls) if column.name not in ("source", "id"))


def field_names(cls: type[Record]) -> list[str]:
    """Their names, in order."""
    return [column.name for column in fields(cls)]


def keys(cls: type[Record]) -> tuple[str, ...]:
    """What names a row of a table."""
    return ("source", *cls.key_fields)


def derived_id(cls: type[Record], alias: str) -> str:
    """`id` where it follows from other columns."""
    return " || ':' || ".join(f"{alias}.{quoted(name)}" for name in cls.key_fields)


def _table(cls: type[Record], dialect: Dialect) -> str:
    parts = [f"{quoted(c.name)} {dialect.type_of(c.sql_type)}" for c in stored(cls)]
    parts += [f"{name} {dialect.type_of(kind)}" for name, kind in PROVENANCE.items()]
    parts.append("_full BOOLEAN")
    parts += [f"{name} {dialect.type_of(kind)}" for name, kind in field_times.COLUMNS.items()]
    if dialect.keyed:
        parts.append(f"PRIMARY KEY ({', '.join(map(quoted, keys(cls)))})")
    return f"CREATE TABLE IF NOT EXISTS store.{cls.kind} ({', '.join(parts)})"


HELD_COLUMNS = """SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'store' ORDER BY table_name, ordinal_position"""


def is_older(held: Iterable[tuple[str, str]]) -> bool:
    """Whether tables of records have other columns than today's: masks would mean other fields."""
    found: dict[str, list[str]] = {}
    for table, column in held:
        found.setdefault(table, []).append(column)
    return any(found.get(cls.kind, names) != names for cls in RECORDS for names in [_names(cls)])


def _names(cls: type[Record]) -> list[str]:
    return [*(c.name for c in stored(cls)), *PROVENANCE, "_full", *field_times.COLUMNS]


def plain_select(cls: type[Record]) -> str:
    """What people see of a kind's table."""
    names = [
        f"t.{quoted(c.name)}" if c in stored(cls) else f"{derived_id(cls, 't')} AS id"
        for c in columns(cls)
    ]
    shown = ", ".join(f"t.{name}" for name in PROVENANCE)
    complete = "CASE WHEN t._full THEN 'full' ELSE 'mentioned' END AS completeness"
    return f"SELECT {', '.join(names)}, {complete}, {shown} FROM store.{cls.kind} t"


# Where a source tells genres by lists and albums instead of on the artist, they are gathered here.
_ARTISTS_WITH_GENRES = """SELECT {names} FROM ({plain}) t LEFT JOIN (
    SELECT l.source, l.artist_id,
    array_agg(DISTINCT coalesce(n.name, l.genre_id) ORDER BY coalesce(n.name, l.genre_id)) AS genres
    FROM store.artist_genre l LEFT JOIN store.genre n ON n.source = l.source AND n.id = l.genre_id
    GROUP BY l.source, l.artist_id) g ON g.source = t.source AND g.artist_id = t.id"""


def _artists(plain: str, cls: type[Record]) -> str:
    names = [c.name for c in columns(cls)] + list(PROVENANCE_TEXT)
    shown = [
        "coalesce(t.genres, g.genres) AS genres" if name == "genres" else f"t.{quoted(name)}"
        for name in names
    ]
    return _ARTISTS_WITH_GENRES.format(names=", ".join(shown), plain=plain)


_FIXED = (
    """CREATE TABLE IF NOT EXISTS store.observation (source VARCHAR, kind VARCHAR, id VARCHAR,
    metric VARCHAR, day DATE, value BIGINT, expires_at TIMESTAMP, _at BIGINT{observation_key})""",
    """CREATE TABLE IF NOT EXISTS store.quarantine (source VARCHAR, endpoint VARCHAR,
    ids {texts}, "offset" BIGINT, fetched_at TIMESTAMP, sha256 VARCHAR, reason VARCHAR,
    excerpt VARCHAR, expires_at TIMESTAMP)""",
    "CREATE TABLE IF NOT EXISTS store.segment (path VARCHAR, loaded_at TIMESTAMP)",
    """CREATE TABLE IF NOT EXISTS store.run (source VARCHAR, id VARCHAR, started TIMESTAMP,
    result VARCHAR)""",
)
_FIXED_VIEWS = (
    """CREATE OR REPLACE VIEW observations AS
    SELECT source, kind, id, metric, day, value FROM store.observation
    WHERE value IS NOT NULL""",
    "CREATE OR REPLACE VIEW quarantine AS SELECT * FROM store.quarantine",
    "CREATE OR REPLACE VIEW runs AS SELECT * FROM store.run",
)


def statements(dialect: Dialect = DUCKDB) -> Iterator[str]:
    """What makes an empty warehouse; harmless on a filled one."""
    yield "CREATE SCHEMA IF NOT EXISTS store"
    for cls in RECORDS:
        yield _table(cls, dialect)
    key = f", PRIMARY KEY ({', '.join(OBSERVATION)})" if dialect.keyed else ""
    texts = dialect.type_of("VARCHAR[]")
    for statement in _FIXED:
        yield statement.format(observation_key=key, texts=texts)
    yield "CREATE SCHEMA IF NOT EXISTS identity"
    for name, told in tables():
        types = {kind: dialect.type_of(kind) for kind in ("VARCHAR", "DOUBLE")}
        yield f"CREATE TABLE IF NOT EXISTS identity.{name} ({told.format(**types)})"
    yield from views()


def views() -> Iterator[str]:
    """What people read, over `store`; the same words for every engine."""
    for cls in RECORDS:
        plain = plain_select(cls)
        select = _artists(plain, cls) if cls.kind == "artist" else plain
        yield f"CREATE OR REPLACE VIEW {cls.plural} AS {select}"
    yield from _FIXED_VIEWS
    yield from title_views()
    yield from snowflake()
    yield from unified()
    yield from heard()
    yield "CREATE OR REPLACE VIEW links AS SELECT * FROM identity.links"


def dictionary() -> str:
    """The data dictionary as Markdown."""
    lines = ["# Data dictionary", "", "Generated from the record classes.", ""]
    for cls in RECORDS:
        lines += [f"## {cls.plural}", "", str(cls.__doc__).split("\n")[0], ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [f"| {c.name} | {c.sql_type} | {c.text} |" for c in columns(cls)]
        lines += [
            f"| {name} | {PROVENANCE.get(name, 'VARCHAR')} | {text} |"
            for name, text in PROVENANCE_TEXT.items()
        ]
        lines.append("")
    return "\n".join(lines)
