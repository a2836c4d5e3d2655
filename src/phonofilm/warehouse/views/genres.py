"""Genres of artists by name, for views and for the enrichment."""

from __future__ import annotations

NAMED_GENRES = """(SELECT l.source, l.artist_id, coalesce(n.name,
    CASE WHEN NOT l.genre_id ~ '^[0-9]+$' THEN l.genre_id END) AS genre
    FROM store.artist_genre l
    LEFT JOIN store.genre n ON n.source = l.source AND n.id = l.genre_id)"""
"""Genres of artists by name; null for the number of a genre whose name is not known."""
