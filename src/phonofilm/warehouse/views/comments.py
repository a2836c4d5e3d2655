"""Views over timed comments: each with its track, and uploads with their record at Beatport.

DuckDB and PostgreSQL both understand every word of the views.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.warehouse.views.definition import Definition, view

# Several records of the shop may be the same recording: the same code comes first, then the
# nearest duration.
_BEATS = """SELECT DISTINCT ON (t.id) t.source, t.id, b.id AS beat_id, b.name, b.mix_name,
        b.remixer_names, b.label, b.release_date, b.genres, b.duration_ms, f.tempo, f.key_name,
        b.artist_names AS producer_names, b.waveform_url, b.url
    FROM store.track t
    JOIN identity.members m ON m.kind = 'recording' AND m.source = t.source AND m.id = t.id
    JOIN identity.members o ON o.kind = 'recording' AND o.entity = m.entity
        AND o.source = 'beatport'
    JOIN store.track b ON b.source = o.source AND b.id = o.id
    LEFT JOIN store.features f ON f.source = b.source AND f.id = b.id
    WHERE t.source = 'soundcloud'
    ORDER BY t.id, CASE WHEN b.isrc = t.isrc THEN 0 ELSE 1 END,
        abs(coalesce(b.duration_ms, 0) - coalesce(t.duration_ms, 0)), b.release_date, b.id"""

# Tempo and key of the shop come before those that the uploader typed.
_BEAT = """LEFT JOIN beats b ON b.source = t.source AND b.id = t.id
        LEFT JOIN store.features f ON f.source = t.source AND f.id = t.id"""
_BPM, _KEY = "coalesce(b.tempo, f.tempo)", "coalesce(b.key_name, f.key_name)"

_COMMENTS_WIDE = f"""SELECT c.source, c.id, c.track_id, t.name AS track, t.is_set,
        c.timestamp_ms / 1000.0 AS second, c.body, c.created_at, c.user_id, c.user_name,
        t.artist_ids[1] AS artist_id, a.name AS artist, t.url AS track_url, c.completeness,
        c.first_seen, c.last_seen, c.expires_at, c.answer, {_BPM} AS bpm, {_KEY} AS key_name
        FROM comments c
        LEFT JOIN store.track t ON t.source = c.source AND t.id = c.track_id
        LEFT JOIN store.artist a ON a.source = t.source AND a.id = t.artist_ids[1]
        {_BEAT}"""


def _path(role: str) -> str:
    """Return the path of the downloaded file of an upload in a role."""
    return f"""(SELECT m.path FROM store.media m WHERE m.source = t.source
        AND m.of_kind = 'track' AND m.of_id = t.id AND m.role = '{role}')"""


# The columns of the SoundCloud job, and after them what its table had not.
_TRACKS_AND_BEATS = f"""SELECT t.id AS track_id, t.artist_ids[1] AS artist_id,
        t.name AS track_name, t.url AS track_url, t.artist_names[1] AS artist_name,
        t.description AS track_description, t.likes, t.comment_count AS comments,
        t.reposts AS shares, t.listens AS plays, t.image_url AS track_image_url,
        {_path("artwork")} AS track_image_path, t.created_at AS track_date_time, g.tags,
        {_BPM} AS bpm, {_KEY} AS key, coalesce(b.genres[1], t.genres[1]) AS genre,
        t.waveform_url, {_path("waveform")} AS waveform_path,
        coalesce(b.duration_ms, t.duration_ms) / 1000.0 AS length, b.mix_name AS mix,
        b.remixer_names AS remixers, coalesce(b.label, t.label) AS label,
        coalesce(b.release_date, t.release_date) AS release_date,
        b.producer_names AS producers, b.beat_id, b.waveform_url AS beat_waveform_url,
        t.is_set, cast(t.comment_count AS double precision) / nullif(t.listens, 0)
            AS comments_per_play, t.source, t.expires_at
        FROM store.track t {_BEAT}
        LEFT JOIN (SELECT source, of_id, string_agg(name, ';' ORDER BY name) AS tags
            FROM store.tag WHERE of_kind = 'track' AND removed_at IS NULL
            GROUP BY source, of_id) g ON g.source = t.source AND g.of_id = t.id
        WHERE t.source = 'soundcloud'"""


def comment_views() -> Iterator[Definition]:
    """Yield `beats`, `comments_wide` and `tracks_and_beats`.

    `beats` has a row per SoundCloud upload that was matched with a Beatport track, `comments_wide`
    one per comment with its track, and `tracks_and_beats` one per upload.
    """
    yield view("beats", _BEATS)
    yield view("comments_wide", _COMMENTS_WIDE)
    yield view("tracks_and_beats", _TRACKS_AND_BEATS)
