"""State of the wanted artists: their ids at every source, and the fields they lack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb
import msgspec

from phonofilm.records.values.codes import isrc as valid_isrc
from phonofilm.sources import get, manifests
from phonofilm.sources.routes import equivalent_fields
from phonofilm.warehouse.views.genres import NAMED_GENRES

_ITEMS_MAX = 12  # chosen, not tuned: a source rarely needs more tracks of an artist


class KnownArtist(msgspec.Struct):
    """One wanted artist: `ids` by source; `items` by source and kind, most popular first."""

    entity: str
    name: str
    ids: dict[str, list[str]] = {}
    items: dict[tuple[str, str], list[str]] = {}
    isrcs: list[str] = []
    codes: list[str] = []

    def ids_at(self, source: str) -> list[str]:
        """Return the artist's ids at a source; some sources use the ids of another."""
        return self.ids.get(get(source).manifest.namespace, [])

    def addresses(self) -> list[str]:
        """Return the URLs of the artist at sources that others link to."""
        return [
            page.replace("{id}", id_)
            for manifest in manifests()
            if (page := manifest.ids.pages.get("artist"))
            for id_ in self.ids.get(manifest.name, ())
        ]


def wanted_artists(
    connection: duckdb.DuckDBPyConnection, source: str, ids: Sequence[str]
) -> dict[str, KnownArtist]:
    """Return the artists with these ids at a source, by entity, in the order of the entities."""
    run = connection.execute
    run("CREATE OR REPLACE TEMP TABLE wanted_id AS SELECT unnest(?::VARCHAR[]) AS id", [list(ids)])
    run(
        """CREATE OR REPLACE TEMP TABLE artist_entity AS SELECT a.source, a.id, a.name,
        coalesce(m.entity, a.source || ':' || a.id) AS entity FROM store.artist a
        LEFT JOIN identity.members m ON m.kind = 'artist' AND m.source = a.source AND m.id = a.id"""
    )
    run(
        """CREATE OR REPLACE TEMP TABLE wanted AS SELECT e.entity, any_value(e.name) AS name
        FROM wanted_id k JOIN artist_entity e ON e.id = k.id AND e.source = ? GROUP BY e.entity""",
        [source],
    )
    rows = run("SELECT entity, name FROM wanted WHERE name IS NOT NULL ORDER BY entity").fetchall()
    artists = {entity: KnownArtist(entity, name) for entity, name in rows}
    _add_ids(connection, artists)
    _add_items(connection, artists)
    return artists


def _add_ids(connection: duckdb.DuckDBPyConnection, artists: dict[str, KnownArtist]) -> None:
    """Add ids from matches, then ids that sources link to."""
    rows = connection.execute(
        """SELECT e.entity, e.source, e.id, 0 AS is_linked FROM wanted w
        JOIN artist_entity e ON e.entity = w.entity
        UNION ALL SELECT e.entity, x.scheme, x.value, 1 FROM wanted w
        JOIN artist_entity e ON e.entity = w.entity
        JOIN store.external_id x ON x.of_kind = 'artist' AND x.source = e.source AND x.of_id = e.id
            AND x.removed_at IS NULL
        ORDER BY 4, 2, 3"""
    ).fetchall()
    for entity, source, id_, is_linked in rows:
        if entity in artists:
            ids = artists[entity].ids.setdefault(source, [])
            if id_ not in ids and not (is_linked and ids):
                ids.append(id_)


def _add_items(connection: duckdb.DuckDBPyConnection, artists: dict[str, KnownArtist]) -> None:
    """Add tracks and albums, most popular first, and the codes of the tracks."""
    rows = connection.execute(
        f"""SELECT entity, source, kind, id, isrc FROM (
            SELECT e.entity, t.source, 'track' AS kind, t.id, t.isrc,
            coalesce(t.rank, t.popularity, t.listens, 0) AS fame FROM wanted w
            JOIN artist_entity e ON e.entity = w.entity
            JOIN store.track t ON t.source = e.source AND t.artist_ids[1] = e.id
            UNION ALL SELECT e.entity, a.source, 'album', a.id, NULL,
            coalesce(a.fans, a.popularity, 0) FROM wanted w
            JOIN artist_entity e ON e.entity = w.entity
            JOIN store.album a ON a.source = e.source AND a.artist_ids[1] = e.id)
        QUALIFY row_number() OVER (PARTITION BY entity, source, kind
            ORDER BY fame DESC, id) <= {_ITEMS_MAX} ORDER BY entity, source, kind, fame DESC, id"""
    ).fetchall()
    as_codes = {name for manifest in manifests() for name in manifest.ids.track_codes}
    codes: dict[str, dict[str, None]] = defaultdict(dict)
    for entity, source, kind, id_, isrc in rows:
        if entity not in artists:
            continue
        artist = artists[entity]
        artist.items.setdefault((source, kind), []).append(id_)
        if (code := valid_isrc(isrc)) and code not in artist.isrcs:
            artist.isrcs.append(code)
        if source in as_codes and kind == "track":
            codes[entity][id_] = None
    for entity, artist in artists.items():
        artist.codes = [*artist.isrcs, *codes[entity]]


def filled(connection: duckdb.DuckDBPyConnection, kind: str, field: str) -> dict[str, str]:
    """Return the wanted artists that have a field, each with a source that filled it."""
    sources: dict[str, str] = {}
    for shape in equivalent_fields(kind, field):
        table, _, column = shape.partition(".")
        for entity, source in connection.execute(_filled_sql(table, column)).fetchall():
            sources.setdefault(entity, source)
    return sources


def _filled_sql(kind: str, field: str) -> str:
    """Select entity and source of the wanted artists that have a value."""
    join = "JOIN artist_entity e ON e.source = t.source AND e.id"
    if kind == "relation":
        rows = f"(FROM store.artist_relation WHERE removed_at IS NULL) t {join} = t.artist_id"
    elif kind == "tag":
        tags = "FROM store.tag WHERE of_kind = 'artist' AND is_genre AND removed_at IS NULL"
        rows = f"({tags}) t {join} = t.of_id"
    elif kind == "artist_genre":
        rows = f"(FROM {NAMED_GENRES} WHERE genre IS NOT NULL) t {join} = t.artist_id"
    elif kind == "artist":
        rows = f"store.artist t {join} = t.id"
    elif kind == "features":
        return _measured_sql(field)
    else:
        rows = f"store.{kind} t {join} = t.artist_ids[1]"
    value = f't."{field}"'
    not_empty = f"len({value}) > 0" if field in ("genres", "aliases", "keywords") else "true"
    present = "true" if kind in ("relation", "tag", "artist_genre") else f"{value} IS NOT NULL"
    return f"""SELECT w.entity, min(t.source) FROM {rows} JOIN wanted w ON w.entity = e.entity
        WHERE {present} AND {not_empty} GROUP BY w.entity"""


def _measured_sql(field: str) -> str:
    """Select entity and source of measures; a measure counts for all tracks of its recording."""
    return f"""WITH measured AS (SELECT coalesce(m.entity, f.source || ':' || f.id) AS recording,
        f.source FROM store.features f LEFT JOIN identity.members m ON m.kind = 'recording'
        AND m.source = f.source AND m.id = f.id WHERE f."{field}" IS NOT NULL)
        SELECT w.entity, min(f.source) FROM store.track t
        JOIN artist_entity e ON e.source = t.source AND e.id = t.artist_ids[1]
        JOIN wanted w ON w.entity = e.entity
        LEFT JOIN identity.members m ON m.kind = 'recording' AND m.source = t.source
        AND m.id = t.id
        JOIN measured f ON f.recording = coalesce(m.entity, t.source || ':' || t.id)
        GROUP BY w.entity"""
