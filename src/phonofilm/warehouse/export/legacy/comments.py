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
        WHERE a.source = 'soundcloud' AND {_UNEXPIRED.format("a")} AND a.id IN (
            SELECT artist_ids[1] FROM store.track WHERE source = 'soundcloud')
        ORDER BY a.id""",
    "tracks_and_beats": f"""SELECT * EXCLUDE (producers, beat_id, beat_waveform_url, is_set,
        comments_per_play, source, expires_at) REPLACE ({joined_list("remixers")} AS remixers)
        FROM tracks_and_beats t WHERE {_UNEXPIRED.format("t")} ORDER BY track_id""",
    "comments": f"""SELECT c.track_id, t.artist_ids[1] AS artist_id, c.id AS comment_id,
        c.body AS comment, c.created_at AS comment_date_time,
        c.timestamp_ms / 1000.0 AS track_time, t.name AS track_name, t.url AS track_url
        FROM store.comment c LEFT JOIN store.track t ON t.source = c.source AND t.id = c.track_id
        WHERE c.source = 'soundcloud' AND {_UNEXPIRED.format("c")} ORDER BY c.track_id, c.id""",
}
