"""Views over timed comments: each with its track, and uploads with their record at Beatport.

DuckDB and PostgreSQL both understand every word of the views.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.warehouse.views.definition import Definition, view

# Several records of the shop may be the same recording: the same code comes first, then the
# nearest duration.
_BEATS = """SELECT DISTINCT ON (t.id) t.source, t.id, b.id AS beat_id, b.name, b.mix_name,
        b.remixer_names, b.label, b.release_date, b.genres, b.duration_ms, f.tempo, f.key_name
    FROM store.track t
    JOIN identity.members m ON m.kind = 'recording' AND m.source = t.source AND m.id = t.id
    JOIN identity.members o ON o.kind = 'recording' AND o.entity = m.entity
        AND o.source = 'beatport'
    JOIN store.track b ON b.source = o.source AND b.id = o.id
    LEFT JOIN store.features f ON f.source = b.source AND f.id = b.id
    WHERE t.source = 'soundcloud'
    ORDER BY t.id, CASE WHEN b.isrc = t.isrc THEN 0 ELSE 1 END,
        abs(coalesce(b.duration_ms, 0) - coalesce(t.duration_ms, 0)), b.release_date, b.id"""

_COMMENTS_WIDE = """SELECT c.source, c.id, c.track_id, t.name AS track, t.is_set,
        c.timestamp_ms / 1000.0 AS second, c.body, c.created_at, c.user_id, c.user_name,
        t.artist_ids[1] AS artist_id, a.name AS artist, t.url AS track_url, c.completeness,
        c.first_seen, c.last_seen, c.expires_at, c.answer FROM comments c
        LEFT JOIN store.track t ON t.source = c.source AND t.id = c.track_id
        LEFT JOIN store.artist a ON a.source = t.source AND a.id = t.artist_ids[1]"""


def comment_views() -> Iterator[Definition]:
    """Yield `comments_wide`, a row per comment with its track, and `beats`.

    `beats` has a row per SoundCloud upload that was matched with a Beatport track.
    """
    yield view("comments_wide", _COMMENTS_WIDE)
    yield view("beats", _BEATS)
