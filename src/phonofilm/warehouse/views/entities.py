"""Views of entities: one row per artist, recording or release of all sources.

`artist`, `recording` and `release` join the tables of all sources by the results of `match`; a
record without a match is an entity of its own. Each value comes from the source with the highest
priority that has one, and the column next to it names that source. DuckDB and PostgreSQL both
understand every word.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.sources.priority import by_priority
from phonofilm.sql import literal
from phonofilm.warehouse.views.definition import Definition, view
from phonofilm.warehouse.views.genres import NAMED_GENRES

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
    """Return the rank of a row's source for a field, as the manifests say; unknown ones last."""
    order = by_priority(field)
    cases = " ".join(f"WHEN {literal(name)} THEN {rank}" for rank, name in enumerate(order))
    return f"CASE t.source {cases} ELSE {len(order)} END"


def _picked(field: str) -> str:
    """Return a value and its source: of the first source by priority that has one."""
    column = f't."{field}"'
    order = f"ORDER BY {_rank(field)}, t.last_seen DESC, t.id"
    present = f"FILTER (WHERE {column} IS NOT NULL)"
    return (
        f'(array_agg({column} {order}) {present})[1] AS "{field}",'
        f" (array_agg(t.source {order}) {present})[1] AS {field}_source"
    )


def _member(kind: str, alias: str = "t") -> str:
    return (
        f"LEFT JOIN identity.members m ON m.kind = '{kind}' AND m.source = {alias}.source"
        f" AND m.id = {alias}.id"
    )


_ENTITY = "coalesce(m.entity, t.source || ':' || t.id)"


def _entity_view(kind: str, rows: str, fields: tuple[str, ...], more: str = "") -> Definition:
    values = ", ".join(map(_picked, fields))
    return view(
        kind,
        f"""SELECT {_ENTITY} AS id, {values}{more},
        array_agg(DISTINCT t.source ORDER BY t.source) AS sources, count(*) AS records,
        min(t.expires_at) AS expires_at
        FROM {rows} t {_member(kind)} GROUP BY {_ENTITY}""",
    )


# Where no source gives a popularity, it is the percentile (0 to 100) among artists of one source.
_POPULAR = """(SELECT a.*, CASE WHEN a.popularity IS NOT NULL THEN a.popularity
    WHEN a.followers IS NOT NULL THEN cast(round(cast(100 * percent_rank() OVER (
        PARTITION BY a.source, a.followers IS NULL ORDER BY a.followers) AS numeric)) AS bigint)
    WHEN a.listens IS NOT NULL THEN cast(round(cast(100 * percent_rank() OVER (
        PARTITION BY a.source, a.listens IS NULL ORDER BY a.listens) AS numeric)) AS bigint)
    END AS fame, CASE WHEN a.popularity IS NOT NULL THEN 'popularity'
    WHEN a.followers IS NOT NULL THEN 'followers' WHEN a.listens IS NOT NULL THEN 'listens'
    END AS fame_by FROM store.artist a)"""


def _popularity() -> str:
    """Return the columns of an artist's popularity and its source, and the largest counts."""
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

# Every genre that any source gives an artist, in the words of that source.
_ARTIST_GENRES = f"""SELECT DISTINCT {_ENTITY} AS artist,
    lower(t.genre) AS genre, t.source, t.licence FROM (
        SELECT a.source, a.id, unnest(a.genres) AS genre, cast(NULL AS VARCHAR) AS licence
        FROM store.artist a
        UNION ALL SELECT l.source, l.artist_id, l.genre, NULL FROM {NAMED_GENRES} l
        UNION ALL SELECT g.source, g.of_id, g.name, g.licence FROM store.tag g
        WHERE g.of_kind = 'artist' AND g.removed_at IS NULL AND (g.is_genre OR lower(g.name) IN (
            SELECT name FROM identity.genres))
        ) t {_member("artist")} WHERE t.genre IS NOT NULL"""

_ARTIST_NAMES = f"""SELECT {_ENTITY} AS id, {_picked("name")}
    FROM store.artist t {_member("artist")} GROUP BY {_ENTITY}"""
_ARTIST_BY_GENRE = f"""SELECT DISTINCT g.artist, n.name, coalesce(w.within, g.genre) AS genre
    FROM artist_genre_of g LEFT JOIN identity.genre_tree w ON w.name = g.genre
    LEFT JOIN ({_ARTIST_NAMES}) n ON n.id = g.artist"""


def _first(value: str, source: str, field: str) -> str:
    """Return a value and its source, both from the first row by priority of the source."""
    order = f"ORDER BY {_rank(field).replace('t.source', source)}, {value}"
    present = f"FILTER (WHERE {value} IS NOT NULL)"
    return (
        f"(array_agg({value} {order}) {present})[1] AS {field},"
        f" (array_agg({source} {order}) {present})[1] AS {field}_source"
    )


def _artist_wide() -> str:
    """Return the query of artists with genres, related artists, tempo and preview."""
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
        FROM store.artist_relation WHERE removed_at IS NULL) t {_member("artist")}
        GROUP BY {_ENTITY}"""
    return f"""SELECT a.*, g.genres, g.genres_sources, g.genres_licence, r.related,
        r.related_sources, k.bpm, k.bpm_sources, k.preview_url, k.preview_url_source FROM artist a
        LEFT JOIN (SELECT artist, array_agg(DISTINCT genre ORDER BY genre) AS genres,
            array_agg(DISTINCT source ORDER BY source) AS genres_sources,
            string_agg(DISTINCT licence, ', ') AS genres_licence
            FROM artist_genre_of GROUP BY artist) g ON g.artist = a.id
        LEFT JOIN ({related}) r ON r.artist = a.id
        LEFT JOIN (SELECT artist, avg(tempo) AS bpm, array_agg(DISTINCT tempo_source)
                FILTER (WHERE tempo IS NOT NULL) AS bpm_sources,
            {_first("preview", "source", "preview_url")}
            FROM ({tracks}) every GROUP BY artist) k ON k.artist = a.id"""


def entity_views() -> Iterator[Definition]:
    """Yield the views, each after those that it reads."""
    yield _entity_view("artist", _POPULAR, _ARTIST, _popularity())
    yield _entity_view("recording", _TRACKS, (*_RECORDING, *_MEASURED))
    yield _entity_view("release", "store.album", _RELEASE)
    yield view("artist_genre_of", _ARTIST_GENRES)
    yield view("artist_by_genre", _ARTIST_BY_GENRE)
    yield view("artist_wide", _artist_wide())
