"""Tables and views, derived from the record classes.

`store.<kind>` holds one row per thing with the instant at which each field was told (`_at`), so
that answers may be loaded in any order. People read the views named in the plural.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.records import RECORDS, Column, Record, columns

KEYS = ("source", "id")
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


def fields(cls: type[Record]) -> tuple[Column, ...]:
    """The columns of a kind without its keys."""
    return tuple(column for column in columns(cls) if column.name not in KEYS)


def quoted(name: str) -> str:
    """A column's name as SQL wants it (`key` and `mode` are words of some dialects)."""
    return f'"{name}"'


def _table(cls: type[Record]) -> str:
    parts = [f"{quoted(c.name)} {c.sql_type}" for c in columns(cls)]
    parts += [f"{name} {kind}" for name, kind in PROVENANCE.items()]
    instants = ", ".join(f"{quoted(c.name)} BIGINT" for c in fields(cls))
    parts += ["_full BOOLEAN", f"_at STRUCT({instants})"]
    return f"CREATE TABLE IF NOT EXISTS store.{cls.kind} ({', '.join(parts)})"


def _view(cls: type[Record]) -> str:
    names = ", ".join(f"t.{quoted(c.name)}" for c in columns(cls))
    shown = ", ".join(f"t.{name}" for name in PROVENANCE)
    complete = "CASE WHEN t._full THEN 'full' ELSE 'mentioned' END AS completeness"
    select = f"SELECT {names}, {complete}, {shown} FROM store.{cls.kind} t"
    return f"CREATE OR REPLACE VIEW {cls.plural} AS {select}"


# Where a source tells genres by lists and albums instead of on the artist, they are gathered here.
_ARTISTS_WITH_GENRES = """
CREATE OR REPLACE VIEW artists AS
SELECT t.* REPLACE (coalesce(t.genres, g.genres) AS genres)
FROM ({plain}) t LEFT JOIN (
    SELECT l.source, l.artist_id, list_sort(list(DISTINCT coalesce(n.name, l.genre_id))) AS genres
    FROM store.artist_genre l LEFT JOIN store.genre n ON n.source = l.source AND n.id = l.genre_id
    GROUP BY ALL) g ON g.source = t.source AND g.artist_id = t.id
"""

_FIXED = (
    "CREATE SCHEMA IF NOT EXISTS store",
    """CREATE TABLE IF NOT EXISTS store.observation (source VARCHAR, kind VARCHAR, id VARCHAR,
    metric VARCHAR, day DATE, value BIGINT, expires_at TIMESTAMP, _at BIGINT)""",
    """CREATE TABLE IF NOT EXISTS store.quarantine (source VARCHAR, endpoint VARCHAR, ids VARCHAR[],
    "offset" BIGINT, fetched_at TIMESTAMP, sha256 VARCHAR, reason VARCHAR, excerpt VARCHAR,
    expires_at TIMESTAMP)""",
    "CREATE TABLE IF NOT EXISTS store.segment (path VARCHAR, loaded_at TIMESTAMP)",
    """CREATE TABLE IF NOT EXISTS store.run (source VARCHAR, id VARCHAR, started TIMESTAMP,
    result VARCHAR)""",
    """CREATE OR REPLACE VIEW observations AS
    SELECT source, kind, id, metric, day, value FROM store.observation
    WHERE value IS NOT NULL""",
    "CREATE OR REPLACE VIEW quarantine AS SELECT * FROM store.quarantine",
    "CREATE OR REPLACE VIEW runs AS SELECT * FROM store.run",
)


def statements() -> Iterator[str]:
    """What makes an empty warehouse; harmless on a filled one."""
    yield _FIXED[0]
    for cls in RECORDS:
        yield _table(cls)
    for cls in RECORDS:
        if cls.kind == "artist":
            plain = _view(cls).partition(" AS ")[2]
            yield _ARTISTS_WITH_GENRES.format(plain=plain)
        else:
            yield _view(cls)
    yield from _FIXED[1:]


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
