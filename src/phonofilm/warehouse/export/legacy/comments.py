"""`comments --shape seed`: the three tables of the SoundCloud job, column for column."""

from __future__ import annotations

from phonofilm.warehouse.export.lists import joined_list


def _file(role: str, kind: str, alias: str) -> str:
    """Return the join with the downloaded file of an artist or track in a role."""
    return f"""LEFT JOIN store.media {role} ON {role}.source = {alias}.source
        AND {role}.of_kind = '{kind}' AND {role}.of_id = {alias}.id AND {role}.role = '{role}'"""


_UNEXPIRED = "({0}.expires_at IS NULL OR {0}.expires_at > now() AT TIME ZONE 'UTC')"
# By the names of the files, without their ending.
QUERIES = {
    "artists": f"""SELECT a.id AS artist_id, a.name AS artist_name, a.description AS bio,
        a.location, a.followers, a.image_url AS profile_image_url,
        profile.path AS profile_image_path,
        a.background_url AS background_image_url, background.path AS background_image_path
        FROM store.artist a {_file("profile", "artist", "a")} {_file("background", "artist", "a")}
        WHERE a.source = 'soundcloud' AND {_UNEXPIRED.format("a")} ORDER BY a.id""",
    "tracks_and_beats": f"""SELECT t.id AS track_id, t.artist_ids[1] AS artist_id,
        t.name AS track_name, t.url AS track_url, t.artist_names[1] AS artist_name,
        t.description AS track_description, t.likes, t.comment_count AS comments,
        t.reposts AS shares, t.listens AS plays, t.image_url AS track_image_url,
        artwork.path AS track_image_path, t.created_at AS track_date_time, g.tags,
        coalesce(b.tempo, f.tempo) AS bpm, coalesce(b.key_name, f.key_name) AS key,
        coalesce(b.genres[1], t.genres[1]) AS genre, t.waveform_url,
        waveform.path AS waveform_path,
        coalesce(b.duration_ms, t.duration_ms) / 1000.0 AS length, b.mix_name AS mix,
        {joined_list("b.remixer_names")} AS remixers, coalesce(b.label, t.label) AS label,
        coalesce(b.release_date, t.release_date) AS release_date
        FROM store.track t LEFT JOIN beats b ON b.source = t.source AND b.id = t.id
        LEFT JOIN store.features f ON f.source = t.source AND f.id = t.id
        LEFT JOIN (SELECT source, of_id, string_agg(name, ';' ORDER BY name) AS tags
            FROM store.tag WHERE of_kind = 'track' AND removed_at IS NULL
            GROUP BY source, of_id) g
            ON g.source = t.source AND g.of_id = t.id
        {_file("artwork", "track", "t")} {_file("waveform", "track", "t")}
        WHERE t.source = 'soundcloud' AND {_UNEXPIRED.format("t")} ORDER BY t.id""",
    "comments": f"""SELECT c.track_id, t.artist_ids[1] AS artist_id, c.id AS comment_id,
        c.body AS comment, c.created_at AS comment_date_time,
        c.timestamp_ms / 1000.0 AS track_time, t.name AS track_name, t.url AS track_url
        FROM store.comment c LEFT JOIN store.track t ON t.source = c.source AND t.id = c.track_id
        WHERE c.source = 'soundcloud' AND {_UNEXPIRED.format("c")} ORDER BY c.track_id, c.id""",
}
