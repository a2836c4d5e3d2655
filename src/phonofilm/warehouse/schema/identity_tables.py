"""Tables that `match` fills, in the schema `identity`, and their upkeep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from phonofilm.sql import literal
from phonofilm.warehouse.schema.dialect import Dialect
from phonofilm.warehouse.views.definition import Definition, schema

TABLES = {
    "members": {"kind": "VARCHAR", "source": "VARCHAR", "id": "VARCHAR", "entity": "VARCHAR"},
    "links": {
        "kind": "VARCHAR",
        "source_a": "VARCHAR",
        "id_a": "VARCHAR",
        "source_b": "VARCHAR",
        "id_b": "VARCHAR",
        "probability": "DOUBLE",
        "method": "VARCHAR",
        "evidence": "VARCHAR",
        "status": "VARCHAR",
        "rules": "VARCHAR",
    },
    "aliases": {"kind": "VARCHAR", "alias": "VARCHAR", "entity": "VARCHAR", "since": "TIMESTAMP"},
    "entity_history": {
        "kind": "VARCHAR",
        "changed_at": "TIMESTAMP",
        "event": "VARCHAR",
        "entity": "VARCHAR",
        "other": "VARCHAR",
    },
    "genres": {"name": "VARCHAR", "parent": "VARCHAR"},
    "genre_tree": {"name": "VARCHAR", "within": "VARCHAR"},
}
# The tables of records by the kind of entity that they are matched as.
_RECORDS_OF_KIND = {"artist": "artist", "recording": "track", "release": "album", "title": "title"}


def identity_definitions(dialect: Dialect) -> Iterator[Definition]:
    """Yield the schema and its tables."""
    yield schema("identity")
    for name, types in TABLES.items():
        columns = ", ".join(f"{column} {dialect.type_of(kind)}" for column, kind in types.items())
        yield Definition(
            f"identity.{name}", f"CREATE TABLE IF NOT EXISTS identity.{name} ({columns})"
        )


def delete_entity_ids(names: Iterable[str]) -> Iterator[str]:
    """Yield the statements that delete the earlier ids of entities named after records."""
    listed = ", ".join(map(literal, sorted(names)))
    if listed:
        yield f"DELETE FROM identity.aliases WHERE alias IN ({listed}) OR entity IN ({listed})"
        yield (
            f"DELETE FROM identity.entity_history WHERE entity IN ({listed}) OR other IN ({listed})"
        )


def delete_orphans() -> Iterator[str]:
    """Yield the statements that delete what refers to records that were deleted.

    An entity that was named after a deleted record, or had one as a member, falls apart until it
    is matched again.
    """
    for kind, table in _RECORDS_OF_KIND.items():
        record = f"SELECT 1 FROM store.{table} t WHERE t.source = m.source AND t.id = m.id"
        yield f"""DELETE FROM identity.members WHERE kind = '{kind}' AND entity IN (
            SELECT m.entity FROM identity.members m
            WHERE m.kind = '{kind}' AND NOT EXISTS ({record}))"""
        for side in "ab":
            linked = f"t.source = l.source_{side} AND t.id = l.id_{side}"
            yield f"""DELETE FROM identity.links AS l WHERE l.kind = '{kind}'
                AND NOT EXISTS (SELECT 1 FROM store.{table} t WHERE {linked})"""
