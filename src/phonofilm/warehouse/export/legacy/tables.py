"""`--shape seed`: the tables that the five throw-away scripts wrote, header for header."""

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

ARTISTS = (
    "SELECT id, name, popularity, genres FROM kept_artists ORDER BY popularity DESC NULLS LAST, id"
)
TRACKS = "SELECT id, popularity AS track_popularity, explicit FROM kept_tracks ORDER BY id"


def _numbered(connection: duckdb.DuckDBPyConnection, expression: str, table: str, name: str) -> str:
    """`name_0, name_1, ...`: as many columns as the longest list has elements."""
    row = connection.execute(f"SELECT max(len({expression})) FROM {table}").fetchone()
    longest = int(row[0] or 0) if row else 0
    return "".join(f", {expression}[{n + 1}] AS {name}_{n}" for n in range(max(1, longest)))


def albums(connection: duckdb.DuckDBPyConnection) -> str:
    """One row per album, album artist and track."""
    people = _numbered(connection, "t.artist_names", "kept_tracks t", "artist")
    return f"""SELECT t.name AS track_name, t.id AS track_id, t.track_number, t.duration_ms,
        t.artist_names AS artists, a.album_type, a.total_tracks, a.name AS album_name,
        a.release_date, a.label, a.popularity AS album_popularity, a.id AS album_id,
        person.id AS artist_id{people}, t.duration_ms / 1000 AS duration_sec
        FROM kept_albums a JOIN kept_tracks t ON t.source = a.source AND t.album_id = a.id,
        (SELECT unnest(coalesce(nullif(a.artist_ids, []), t.artist_ids, [NULL])) AS id) person
        ORDER BY a.id, t.disc_number, t.track_number, t.id, person.id"""


def favourite_artists(connection: duckdb.DuckDBPyConnection) -> str:
    """Artists of the favourite-artists job."""
    genres = _numbered(connection, "genres", "kept_artists", "genre")
    return f"""SELECT id, name, popularity AS artist_popularity, genres AS artist_genres,
        followers{genres} FROM kept_artists ORDER BY id"""


def features() -> str:
    """The columns of an audio-features answer; addresses follow from the id."""
    names = ", ".join(f'"{name}"' for name in _FEATURES)
    return f"""SELECT {names}, 'audio_features' AS type, id,
        CASE source WHEN 'spotify' THEN 'spotify:track:' || id END AS uri,
        CASE source WHEN 'spotify' THEN 'https://api.spotify.com/v1/tracks/' || id END
        AS track_href,
        CASE source WHEN 'spotify' THEN 'https://api.spotify.com/v1/audio-analysis/' || id END
        AS analysis_url, duration_ms, time_signature FROM kept_features ORDER BY id"""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables without rows past their keeping, as `kept_*`: what all shapes here read."""
    for table in ("artists", "albums", "tracks", "features"):
        connection.execute(
            f"""CREATE OR REPLACE TEMP VIEW kept_{table} AS SELECT * FROM {table}
            WHERE expires_at IS NULL OR expires_at > now() AT TIME ZONE 'UTC'"""
        )


def query(connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
    """The query of a table in the seed's shape, or None when the seeds had no such table."""
    return {
        "artists": lambda: ARTISTS,
        "tracks": lambda: TRACKS,
        "features": features,
        "albums": lambda: albums(connection),
    }.get(table, lambda: None)()
