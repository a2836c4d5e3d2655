"""The view of sound files with the genres of their tracks.

DuckDB and PostgreSQL both understand every word of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.warehouse.views.definition import Definition, view

# Files that a crawl downloaded (`media`), and those that came with a dataset (`sounds`).
_FILES = """SELECT source, of_id AS track_id, path, sha256, bytes, licence AS licence_url
    FROM store.media WHERE of_kind = 'track' AND role IN ('preview', 'audio') AND path IS NOT NULL
    UNION ALL SELECT source, track_id, id, sha256, bytes, licence_url FROM store.sound"""
_CLIPS = f"""SELECT f.source, f.track_id AS id, t.name, t.artist_names, t.genres, f.path, f.sha256,
    f.bytes, coalesce(f.licence_url, t.licence_url) AS licence_url, t.url, t.expires_at
    FROM ({_FILES}) f LEFT JOIN store.track t ON t.source = f.source AND t.id = f.track_id"""


def clip_views() -> Iterator[Definition]:
    """Yield `clips`, a row per sound file of a track in the data folder."""
    yield view("clips", _CLIPS)
