"""What listeners say, as tables: comments with their tracks, and the three tables of the old job.

Every word of the views is understood by DuckDB and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Iterator

# Where several records of the shop are the same recording: the same code first, then the length.
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


def views() -> Iterator[str]:
    """`comments_wide`: a row a comment, with its track; `beats`: an upload's record at Beatport."""
    yield """CREATE OR REPLACE VIEW comments_wide AS
        SELECT c.source, c.id, c.track_id, t.name AS track, t.is_set,
        c.timestamp_ms / 1000.0 AS second, c.body, c.created_at, c.user_id, c.user_name,
        t.artist_ids[1] AS artist_id, a.name AS artist, t.url AS track_url, c.completeness,
        c.first_seen, c.last_seen, c.expires_at, c.answer FROM comments c
        LEFT JOIN store.track t ON t.source = c.source AND t.id = c.track_id
        LEFT JOIN store.artist a ON a.source = t.source AND a.id = t.artist_ids[1]"""
    yield f"CREATE OR REPLACE VIEW beats AS {_BEATS}"


def _file(role: str, kind: str, alias: str) -> str:
    """A join that brings where a thing's file lies."""
    return f"""LEFT JOIN store.media {role} ON {role}.source = {alias}.source
        AND {role}.of_kind = '{kind}' AND {role}.of_id = {alias}.id AND {role}.role = '{role}'"""


_KEPT = "({0}.expires_at IS NULL OR {0}.expires_at > now() AT TIME ZONE 'UTC')"
SEED = {
    "artists": f"""SELECT a.id AS artist_id, a.name AS artist_name, a.description AS bio,
        a.location, a.followers, a.image_url AS profile_image_url,
        profile.path AS profile_image_path,
        a.background_url AS background_image_url, background.path AS background_image_path
        FROM store.artist a {_file("profile", "artist", "a")} {_file("background", "artist", "a")}
        WHERE a.source = 'soundcloud' AND {_KEPT.format("a")} ORDER BY a.id""",
    "tracks_and_beats": f"""SELECT t.id AS track_id, t.artist_ids[1] AS artist_id,
        t.name AS track_name, t.url AS track_url, t.artist_names[1] AS artist_name,
        t.description AS track_description, t.likes, t.comment_count AS comments,
        t.reposts AS shares, t.listens AS plays, t.image_url AS track_image_url,
        artwork.path AS track_image_path, t.created_at AS track_date_time, g.tags,
        coalesce(b.tempo, f.tempo) AS bpm, coalesce(b.key_name, f.key_name) AS key,
        coalesce(b.genres[1], t.genres[1]) AS genre, t.waveform_url,
        waveform.path AS waveform_path,
        coalesce(b.duration_ms, t.duration_ms) / 1000.0 AS length, b.mix_name AS mix,
        array_to_string(b.remixer_names, ';') AS remixers, coalesce(b.label, t.label) AS label,
        coalesce(b.release_date, t.release_date) AS release_date
        FROM store.track t LEFT JOIN beats b ON b.source = t.source AND b.id = t.id
        LEFT JOIN store.features f ON f.source = t.source AND f.id = t.id
        LEFT JOIN (SELECT source, of_id, string_agg(name, ';' ORDER BY name) AS tags
            FROM store.tag WHERE of_kind = 'track' GROUP BY source, of_id) g
            ON g.source = t.source AND g.of_id = t.id
        {_file("artwork", "track", "t")} {_file("waveform", "track", "t")}
        WHERE t.source = 'soundcloud' AND {_KEPT.format("t")} ORDER BY t.id""",
    "comments": f"""SELECT c.track_id, t.artist_ids[1] AS artist_id, c.id AS comment_id,
        c.body AS comment, c.created_at AS comment_date_time,
        c.timestamp_ms / 1000.0 AS track_time, t.name AS track_name, t.url AS track_url
        FROM store.comment c LEFT JOIN store.track t ON t.source = c.source AND t.id = c.track_id
        WHERE c.source = 'soundcloud' AND {_KEPT.format("c")} ORDER BY c.track_id, c.id""",
}
"""The queries of the three tables, by the names of their files."""
