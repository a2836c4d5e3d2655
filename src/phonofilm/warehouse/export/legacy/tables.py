"""`--shape seed`: the tables that five earlier scripts wrote, header for header."""

from __future__ import annotations

import duckdb

_FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)

# The scripts wrote the artists that they had requested, and no guests of tracks.
_DESCRIBED = "completeness = 'full'"
# Where a mention has all that a source gives, a guest is an artist of tracks and of no album.
_GUESTS = """SELECT * FROM (SELECT source, unnest(artist_ids) AS id FROM kept_tracks)
    WHERE id IS NOT NULL EXCEPT SELECT source, unnest(artist_ids) FROM kept_albums"""
_TRACKS = "SELECT id, popularity AS track_popularity, explicit FROM kept_tracks ORDER BY id"


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views `kept_TABLE`, which all shapes here read: rows that have not expired."""
    for table in ("artists", "albums", "tracks", "features"):
        connection.execute(
            f"""CREATE OR REPLACE TEMP VIEW kept_{table} AS SELECT * FROM {table}
            WHERE expires_at IS NULL OR expires_at > now() AT TIME ZONE 'UTC'"""
        )


def seed_query(
    connection: duckdb.DuckDBPyConnection, table: str, condition: str = "true"
) -> str | None:
    """Return the query of a table in the seed's shape, or None when the scripts had no such one.

    A `condition` is on rows `t` of the table, for artists alone.
    """
    match table:
        case "artists":
            return f"""SELECT id, name, popularity, genres FROM kept_artists t
                WHERE {_DESCRIBED} AND {condition} ORDER BY popularity DESC NULLS LAST, id"""
        case "tracks":
            return _TRACKS
        case "features":
            return _features()
        case "albums":
            return _albums(connection)
    return None


def favourite_artists(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the query of artists in a discography: the job of favourite artists had its own."""
    genres = _numbered_columns(connection, "genres", "kept_artists", "genre")
    return f"""SELECT id, name, popularity AS artist_popularity, genres AS artist_genres,
        followers{genres} FROM kept_artists WHERE {_DESCRIBED}
        AND (source, id) NOT IN ({_GUESTS}) ORDER BY id"""


def _numbered_columns(
    connection: duckdb.DuckDBPyConnection, expression: str, table: str, name: str
) -> str:
    """Return the columns `NAME_0, NAME_1, ...`, as many as the longest list has elements."""
    row = connection.execute(f"SELECT max(len({expression})) FROM {table}").fetchone()
    longest = int(row[0] or 0) if row else 0
    return "".join(f", {expression}[{n + 1}] AS {name}_{n}" for n in range(max(1, longest)))


def _albums(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the query of one row per album, album artist and track."""
    artists = _numbered_columns(connection, "t.artist_names", "kept_tracks t", "artist")
    return f"""SELECT t.name AS track_name, t.id AS track_id, t.track_number, t.duration_ms,
        t.artist_names AS artists, a.album_type, a.total_tracks, a.name AS album_name,
        a.release_date, a.label, a.popularity AS album_popularity, a.id AS album_id,
        person.id AS artist_id{artists}, t.duration_ms / 1000 AS duration_sec
        FROM kept_albums a JOIN kept_tracks t ON t.source = a.source AND t.album_id = a.id,
        (SELECT unnest(coalesce(nullif(a.artist_ids, []), t.artist_ids, [NULL])) AS id) person
        ORDER BY a.id, t.disc_number, t.track_number, t.id, person.id"""


def _features() -> str:
    """Return the query of Spotify's audio features; addresses are made from the id."""
    names = ", ".join(f'"{name}"' for name in _FEATURES)
    return f"""SELECT {names}, 'audio_features' AS type, id,
        CASE source WHEN 'spotify' THEN 'spotify:track:' || id END AS uri,
        CASE source WHEN 'spotify' THEN 'https://api.spotify.com/v1/tracks/' || id END
        AS track_href,
        CASE source WHEN 'spotify' THEN 'https://api.spotify.com/v1/audio-analysis/' || id END
        AS analysis_url, duration_ms, time_signature FROM kept_features ORDER BY id"""
