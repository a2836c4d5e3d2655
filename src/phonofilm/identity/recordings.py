"""Recordings: one performance, on whatever releases and under whatever spelling."""

from __future__ import annotations

import re

from phonofilm.identity.model import (
    NAMED_BY_ID,
    MatchModel,
    Row,
    codes_of,
    comparison,
    known_as,
    level,
    missing,
    same_digits,
    slip,
    unknown,
    within,
    year_of,
)
from phonofilm.identity.names import (
    Title,
    is_version,
    people_of,
    plain,
    title,
    version_key,
    without_artist,
)
from phonofilm.records.ids import isrc as tidy

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_APART_SECONDS = 3.0
_NOTHING = Title("", "", ())

TOLD = f"""SELECT t.source, t.id, t.name, t.artist_names, coalesce(t.mix_name, t.disambiguation),
    coalesce(t.album_name, a.name) AS album_name, t.duration_ms, t.isrc,
    coalesce(t.release_date, a.release_date) AS released, t.track_number,
    {known_as("track", "t")} AS known
    FROM store.track t LEFT JOIN store.album a ON a.source = t.source AND a.id = t.album_id
    {codes_of("track")}
    WHERE t.name IS NOT NULL OR t.isrc IS NOT NULL OR x.codes IS NOT NULL"""

FACTS = {
    "song": "VARCHAR",
    "version": "VARCHAR",
    "artist": "VARCHAR",
    "people": "VARCHAR[]",
    "album": "VARCHAR",
    "seconds": "DOUBLE",
    "year": "INTEGER",
    "place": "INTEGER",
    "isrc": "VARCHAR",
    "known": "VARCHAR[]",
}


def _prepare(row: Row) -> Row:
    name, artists, remark, album, length_ms, code, released, place, known = row
    told = title(without_artist(name, artists)) if name else _NOTHING
    version = told.version
    if remark and is_version(remark):
        version = version_key(f"{version} {remark}")
    people = people_of(artists, told.guests)
    code = tidy(code)
    return (
        told.song or None,
        version,
        people[0] if people else None,
        people,
        plain(album) or None if album else None,
        length_ms / 1000 if length_ms else None,
        year_of(released),
        place if place and place < 10_000 else None,
        code if code and _ISRC.fullmatch(code) else None,
        known,
    )


def _two_recordings(one: Row, other: Row) -> bool:
    """Another code and another length, or another place on one album: the source means two."""
    (code, seconds, album, place), (code_too, seconds_too, album_too, place_too) = one, other
    if album and album == album_too and place and place_too and place != place_too:
        return True
    if None in (code, code_too, seconds, seconds_too) or code == code_too:
        return False
    return bool(abs(seconds - seconds_too) > _APART_SECONDS)


KEYS = (
    "[isrc]",
    "[song || '|' || artist]",
    "[song || '|' || cast(seconds // 4 AS BIGINT)]",
    "[song || '|' || cast((seconds + 2) // 4 AS BIGINT)]",
    "[artist || '|' || cast(seconds // 4 AS BIGINT)]",
    "[artist || '|' || cast((seconds + 2) // 4 AS BIGINT)]",
    "[album || '|' || place]",
    "[song || '|' || album]",
    "[song[:6] || '|' || artist[:4]]",
    "known",
)

COMPARISONS = (
    comparison(
        "song",
        unknown(missing("song")),
        level("song_l = song_r", "the same", 0.87, 0.0006),
        level(slip("song"), "a slip apart", 0.07, 0.0002),
        level(within("song"), "one within the other", 0.03, 0.002),
        level(
            f"jaro_winkler_similarity(song_l, song_r) >= 0.92 AND {same_digits('song')}",
            "alike",
            0.01,
            0.001,
        ),
        level("ELSE", "different", 0.02, 0.9962),
    ),
    comparison(
        "version",
        level("version_l = version_r", "the same", 0.975, 0.80),
        level(
            "(version_r <> '' AND contains(version_l, version_r))"
            " OR (version_l <> '' AND contains(version_r, version_l))",
            "one more exact than the other",
            0.012,
            0.004,
        ),
        level("version_l = '' OR version_r = ''", "one names a version, one none", 0.009, 0.15),
        level("ELSE", "two versions", 0.004, 0.046),
    ),
    comparison(
        "artist",
        unknown(missing("artist")),
        level("artist_l = artist_r", "the same", 0.88, 0.002),
        level("list_has_any(people_l, people_r)", "one in common", 0.03, 0.001),
        level(slip("artist"), "a slip apart", 0.06, 0.0004),
        level(within("artist"), "one within the other", 0.01, 0.001),
        level("ELSE", "different", 0.02, 0.9956),
    ),
    comparison(
        "seconds",
        unknown(missing("seconds")),
        level("abs(seconds_l - seconds_r) <= 1.01", "within a second", 0.73, 0.012),
        level("abs(seconds_l - seconds_r) <= 3", "within three seconds", 0.19, 0.024),
        level("abs(seconds_l - seconds_r) <= 10", "within ten seconds", 0.06, 0.08),
        level("ELSE", "different", 0.02, 0.884),
    ),
    comparison(
        # The same code speaks for one recording; another code says little: many have several.
        "isrc",
        unknown(missing("isrc")),
        level("isrc_l = isrc_r", "the same", 0.88, 0.00002),
        level("ELSE", "different", 0.12, 0.99998),
    ),
    comparison(
        "album",
        unknown(missing("album")),
        level("album_l = album_r AND place_l = place_r", "the same, same place", 0.42, 0.0002),
        level("album_l = album_r AND place_l <> place_r", "the same, other place", 0.002, 0.004),
        level("album_l = album_r", "the same", 0.13, 0.004),
        level(slip("album"), "a slip apart", 0.048, 0.0004),
        level("ELSE", "different", 0.40, 0.9914),
    ),
    comparison(
        # Of one album the year is the same: that says nothing more.
        "year",
        unknown(f"{missing('year')} OR album_l = album_r"),
        level("year_l = year_r", "the same", 0.70, 0.06),
        level("abs(year_l - year_r) <= 1", "a year apart", 0.06, 0.08),
        level("ELSE", "different", 0.24, 0.86),
    ),
    NAMED_BY_ID,
)

# An ISRC acquits, it never convicts alone: labels put one code on several movements, and wrong ones
# on others' songs. A link needs a second witness: the title, or artist and length together.
WITNESSES = "gamma_isrc <> 1 OR gamma_song > 0 OR (gamma_artist > 0 AND gamma_seconds >= 2)"

RECORDING = MatchModel(
    "recording",
    "track",
    TOLD,
    FACTS,
    _prepare,
    KEYS,
    COMPARISONS,
    1.5,
    ("isrc", "seconds", "album", "place"),
    _two_recordings,
    20_000,
    required_evidence=WITNESSES,
)
