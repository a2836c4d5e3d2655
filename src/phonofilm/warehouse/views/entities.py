"""One row a thing, whatever sources know it: each value from the source that is believed first.

`artist`, `recording` and `release` stand over the tables of all sources and over what `match`
found; a record that nobody matched stands alone. Beside each value is the source it comes from.
Every word here is understood by DuckDB and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.sources.priority import by_priority
from phonofilm.sql import literal

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
    "genres": {"name": "VARCHAR", "parent": "VARCHAR"},
    "genre_tree": {"name": "VARCHAR", "within": "VARCHAR"},
}

_ARTIST = ("name", "artist_type", "country", "begin_date", "image_url", "url")
_RECORDING = (
    "name",
    "duration_ms",
    "isrc",
    "explicit",
    "release_date",
    "album_name",
    "popularity",
    "rank",
    "listeners",
    "listens",
    "preview_url",
    "preview_expires_at",
    "licence_url",
    "audio_url",
    "url",
)
_MEASURED = ("tempo", "key", "mode", "danceability", "energy", "valence", "loudness")
_RELEASE = (
    "name",
    "album_type",
    "release_date",
    "release_date_precision",
    "total_tracks",
    "label",
    "upc",
    "image_url",
    "licence_url",
    "url",
)


def _rank(field: str) -> str:
    """SQL: the rank of a row's source for a field, as the manifests say; unknown ones come last."""
    order = by_priority(field)
    cases = " ".join(f"WHEN {literal(name)} THEN {rank}" for rank, name in enumerate(order))
    return f"CASE t.source {cases} ELSE {len(order)} END"


def _picked(field: str) -> str:
    """A value and where it comes from: of the source believed first that has one."""
    column = f't."{field}"'
    order = f"ORDER BY {_rank(field)}, t.last_seen DESC, t.id"
    held = f"FILTER (WHERE {column} IS NOT NULL)"
    return (
        f'(array_agg({column} {order}) {held})[1] AS "{field}",'
        f" (array_agg(t.source {order}) {held})[1] AS {field}_source"
    )


def _member(kind: str, alias: str = "t") -> str:
    return (
        f"LEFT JOIN identity.members m ON m.kind = '{kind}' AND m.source = {alias}.source"
        f" AND m.id = {alias}.id"
    )


_ENTITY = "coalesce(m.entity, t.source || ':' || t.id)"


def _view(kind: str, name: str, rows: str, fields: tuple[str, ...], more: str = "") -> str:
    values = ", ".join(map(_picked, fields))
    return f"""CREATE OR REPLACE VIEW {name} AS SELECT {_ENTITY} AS id, {values}{more},
        array_agg(DISTINCT t.source ORDER BY t.source) AS sources, count(*) AS records,
        min(t.expires_at) AS expires_at
        FROM {rows} t {_member(kind)} GROUP BY {_ENTITY}"""


# A place among those of the same source, from 0 to 100, where no source tells a popularity itself.
_POPULAR = """(SELECT a.*, CASE WHEN a.popularity IS NOT NULL THEN a.popularity
    WHEN a.followers IS NOT NULL THEN cast(round(cast(100 * percent_rank() OVER (
        PARTITION BY a.source, a.followers IS NULL ORDER BY a.followers) AS numeric)) AS bigint)
    WHEN a.listens IS NOT NULL THEN cast(round(cast(100 * percent_rank() OVER (
        PARTITION BY a.source, a.listens IS NULL ORDER BY a.listens) AS numeric)) AS bigint)
    END AS fame, CASE WHEN a.popularity IS NOT NULL THEN 'popularity'
    WHEN a.followers IS NOT NULL THEN 'followers' WHEN a.listens IS NOT NULL THEN 'listens'
    END AS fame_by FROM store.artist a)"""


def _popularity() -> str:
    """SQL: the columns of an artist's popularity, its source, and the largest counts."""
    order = (
        f"ORDER BY CASE t.fame_by WHEN 'popularity' THEN 0 ELSE 1 END, {_rank('popularity')},"
        " t.id) FILTER (WHERE t.fame IS NOT NULL))[1]"
    )
    return f""", (array_agg(t.fame {order} AS popularity,
        (array_agg(t.source || '.' || t.fame_by {order} AS popularity_source,
        max(t.followers) AS followers, max(t.listeners) AS listeners, max(t.listens) AS listens"""


_MEASURES = ", ".join(f'f."{name}"' for name in _MEASURED)
_TRACKS = f"""(SELECT k.*, {_MEASURES} FROM store.track k
    LEFT JOIN store.features f ON f.source = k.source AND f.id = k.id)"""

# Every genre that any source gives an artist, by the words of its own.
_ARTIST_GENRES = f"""CREATE OR REPLACE VIEW artist_genre_of AS
    SELECT DISTINCT {_ENTITY} AS artist, lower(t.genre) AS genre, t.source, t.licence FROM (
        SELECT a.source, a.id, unnest(a.genres) AS genre, cast(NULL AS {{text}}) AS licence
        FROM store.artist a
        UNION ALL SELECT l.source, l.artist_id, coalesce(n.name, l.genre_id), NULL
        FROM store.artist_genre l
        LEFT JOIN store.genre n ON n.source = l.source AND n.id = l.genre_id
        UNION ALL SELECT g.source, g.of_id, g.name, g.licence FROM store.tag g
        WHERE g.of_kind = 'artist' AND (g.is_genre OR lower(g.name) IN (
            SELECT name FROM identity.genres))
        ) t {_member("artist")} WHERE t.genre IS NOT NULL"""

_BY_GENRE = """CREATE OR REPLACE VIEW artist_by_genre AS
    SELECT DISTINCT g.artist, coalesce(w.within, g.genre) AS genre FROM artist_genre_of g
    LEFT JOIN identity.genre_tree w ON w.name = g.genre"""


def _first(value: str, source: str, field: str) -> str:
    """A value and its source, from one row: of the source believed first."""
    order = f"ORDER BY {_rank(field).replace('t.source', source)}, {value}"
    held = f"FILTER (WHERE {value} IS NOT NULL)"
    return (
        f"(array_agg({value} {order}) {held})[1] AS {field},"
        f" (array_agg({source} {order}) {held})[1] AS {field}_source"
    )


def _wide() -> str:
    """Artists with what people ask for together, each with who tells it."""
    tracks = f"""SELECT {_ENTITY} AS artist, x.tempo, x.tempo_source, x.preview, x.source
        FROM (SELECT k.source, k.artist_ids[1] AS id, f.tempo, f.source AS tempo_source,
            k.preview_url AS preview
            FROM store.track k LEFT JOIN identity.members s ON s.kind = 'recording'
                AND s.source = k.source AND s.id = k.id
            LEFT JOIN (SELECT coalesce(r.entity, h.source || ':' || h.id) AS recording, h.source,
                h.tempo FROM store.features h LEFT JOIN identity.members r ON r.kind = 'recording'
                AND r.source = h.source AND r.id = h.id WHERE h.tempo IS NOT NULL) f
            ON f.recording = coalesce(s.entity, k.source || ':' || k.id)
            WHERE k.artist_ids IS NOT NULL) x
        CROSS JOIN LATERAL (SELECT x.source, x.id) t {_member("artist")}"""
    related = f"""SELECT {_ENTITY} AS artist, count(DISTINCT t.related_id) AS related,
        array_agg(DISTINCT t.source ORDER BY t.source) AS related_sources
        FROM (SELECT source, artist_id AS id, related_id
        FROM store.artist_relation) t {_member("artist")} GROUP BY {_ENTITY}"""
    return f"""CREATE OR REPLACE VIEW artist_wide AS
        SELECT a.*, g.genres, g.genres_sources, g.genres_licence, r.related, r.related_sources,
        k.bpm, k.bpm_sources, k.preview_url, k.preview_url_source FROM artist a
        LEFT JOIN (SELECT artist, array_agg(DISTINCT genre ORDER BY genre) AS genres,
            array_agg(DISTINCT source ORDER BY source) AS genres_sources,
            string_agg(DISTINCT licence, ', ') AS genres_licence
            FROM artist_genre_of GROUP BY artist) g ON g.artist = a.id
        LEFT JOIN ({related}) r ON r.artist = a.id
        LEFT JOIN (SELECT artist, avg(tempo) AS bpm, array_agg(DISTINCT tempo_source)
                FILTER (WHERE tempo IS NOT NULL) AS bpm_sources,
            {_first("preview", "source", "preview_url")}
            FROM ({tracks}) every GROUP BY artist) k ON k.artist = a.id"""


def tables() -> Iterator[tuple[str, str]]:
    """The tables that `match` fills, as names and columns with types of DuckDB."""
    for name, columns in TABLES.items():
        yield name, ", ".join(f"{column} {{{kind}}}" for column, kind in columns.items())


def unified() -> Iterator[str]:
    """The views, in an order in which each finds what it needs."""
    yield _view("artist", "artist", _POPULAR, _ARTIST, _popularity())
    yield _view("recording", "recording", _TRACKS, (*_RECORDING, *_MEASURED))
    yield _view("release", "release", "store.album", _RELEASE)
    yield _ARTIST_GENRES.replace("{text}", "VARCHAR")
    yield _BY_GENRE
    yield _wide()


_OF_KIND = {"artist": "artist", "recording": "track", "release": "album", "title": "title"}


def forget_gone() -> Iterator[str]:
    """What removes, after a purge, all that identity keeps of records that are not there any more.

    A thing that was named by one of them, or held one, falls apart until it is matched again.
    """
    for kind, table in _OF_KIND.items():
        here = f"SELECT 1 FROM store.{table} t WHERE t.source = m.source AND t.id = m.id"
        yield f"""DELETE FROM identity.members WHERE kind = '{kind}' AND entity IN (
            SELECT m.entity FROM identity.members m
            WHERE m.kind = '{kind}' AND NOT EXISTS ({here}))"""
        for side in "ab":
            there = f"t.source = l.source_{side} AND t.id = l.id_{side}"
            yield f"""DELETE FROM identity.links AS l WHERE l.kind = '{kind}'
                AND NOT EXISTS (SELECT 1 FROM store.{table} t WHERE {there})"""
