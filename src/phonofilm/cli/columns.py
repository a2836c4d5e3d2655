"""Columns that `show` and `find` print, by kind: what fits on a screen."""

from __future__ import annotations

COLUMNS = {
    "artist": ("name", "popularity", "followers", "genres", "id"),
    "album": ("name", "artist_names", "release_date", "album_type", "total_tracks", "id"),
    "track": ("name", "artist_names", "album_name", "duration_ms", "popularity", "id"),
    "playlist": ("name", "track_count", "owner_name", "id"),
    "title": ("name", "original_name", "title_type", "release_date", "id"),
}
