"""Match model of recordings: one performance, on any release and in any spelling."""

from __future__ import annotations

import re

from phonofilm.identity.model import (
    LINKED_BY_ID,
    MatchModel,
    Row,
    codes_of,
    comparison,
    contained,
    known_as,
    level,
    missing,
    same_digits,
    typo,
    unknown,
)
from phonofilm.identity.names import Title, people_of, remark_of, title, without_artist
from phonofilm.records.names import plain
from phonofilm.records.values.codes import isrc as normalise_isrc
from phonofilm.records.values.dates import year_of

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_SAME_LENGTH_SECONDS = 3.0  # chosen, not tuned: shops cut silence by so much
# Edits of one recording that agree by so much are one cut. Tuned on judged pairs in November 2026.
_SAME_CUT_SECONDS = 1.5
_NO_TITLE = Title("")

SOURCE_QUERY = f"""SELECT t.source, t.id, t.name, t.artist_names,
    coalesce(t.mix_name, t.disambiguation), coalesce(t.album_name, a.name) AS album_name,
    t.duration_ms, t.isrc, coalesce(t.release_date, a.release_date) AS released, t.track_number,
    {known_as("track", "t")} AS known
    FROM store.track t LEFT JOIN store.album a ON a.source = t.source AND a.id = t.album_id
    {codes_of("track")}
    WHERE t.name IS NOT NULL OR t.isrc IS NOT NULL OR x.codes IS NOT NULL"""

FACTS = {
    "song": "VARCHAR",
    "version": "VARCHAR",
    "remarks": "VARCHAR",
    "edit": "VARCHAR",
    "subtitle": "VARCHAR",
    "guests": "VARCHAR[]",
    "artist": "VARCHAR",
    "people": "VARCHAR[]",
    "album": "VARCHAR",
    "seconds": "DOUBLE",
    "year": "INTEGER",
    "position": "INTEGER",
    "isrc": "VARCHAR",
    "known": "VARCHAR[]",
}


def _prepare(row: Row) -> Row:
    name, artists, remark, album, length_ms, code, released, position, known = row
    parsed = title(without_artist(name, artists)) if name else _NO_TITLE
    stated = remark_of(remark) if remark else _NO_TITLE
    version = _union(parsed.version, stated.version)
    subtitle = _union(parsed.subtitle, stated.subtitle)
    people = people_of(artists, parsed.guests)
    code = normalise_isrc(code)
    return (
        f"{parsed.song} {stated.song}".strip() or None,
        version,
        _union(version, subtitle),
        _union(parsed.edit, stated.edit),
        subtitle,
        list(parsed.guests),
        people[0] if people else None,
        people,
        plain(album) or None if album else None,
        length_ms / 1000 if length_ms else None,
        year_of(released),
        position if position and position < 10_000 else None,
        code if code and _ISRC.fullmatch(code) else None,
        known,
    )


def _union(words: str, more: str) -> str:
    """Return the sorted words of two texts."""
    return " ".join(sorted({*words.split(), *more.split()}))


def _are_different(one: Row, other: Row) -> bool:
    """Tell two recordings of a source apart by code and length, or by position on one album."""
    (code, seconds, album, position) = one
    (other_code, other_seconds, other_album, other_position) = other
    same_album = album and album == other_album
    if same_album and position and other_position and position != other_position:
        return True
    if None in (code, other_code, seconds, other_seconds) or code == other_code:
        return False
    return bool(abs(seconds - other_seconds) > _SAME_LENGTH_SECONDS)


def _within(words: str, others: str) -> str:
    """Return SQL: all words of a text, and there are some, are in another."""
    return f"{words} <> '' AND list_has_all(split({others}, ' '), split({words}, ' '))"


KEYS = (
    "[isrc]",
    "[song || '|' || artist]",
    "[song || '|' || cast(seconds // 4 AS BIGINT)]",
    "[song || '|' || cast((seconds + 2) // 4 AS BIGINT)]",
    "[artist || '|' || cast(seconds // 4 AS BIGINT)]",
    "[artist || '|' || cast((seconds + 2) // 4 AS BIGINT)]",
    "[album || '|' || position]",
    "[song || '|' || album]",
    "[song[:6] || '|' || artist[:4]]",
    "known",
)

COMPARISONS = (
    comparison(
        "song",
        unknown(missing("song")),
        level("song_l = song_r", "the same", 0.87, 0.0006),
        level(typo("song"), "a typing error apart", 0.07, 0.0002),
        level(contained("song"), "one within the other", 0.03, 0.002),
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
        level("version_l = version_r OR remarks_l = remarks_r", "the same", 0.97, 0.80),
        level(typo("version"), "a typing error apart", 0.005, 0.0005),
        level(
            f"({_within('version_l', 'version_r')}) OR ({_within('version_r', 'version_l')})",
            "one more exact than the other",
            0.012,
            0.004,
        ),
        level("version_l = '' OR version_r = ''", "one names a version, one none", 0.009, 0.15),
        level("ELSE", "two versions", 0.004, 0.046),
    ),
    comparison(
        "edit",
        level("edit_l = edit_r", "the same", 0.90, 0.85),
        level("ELSE", "another", 0.10, 0.15),
    ),
    comparison(
        "subtitle",
        level("subtitle_l = subtitle_r OR remarks_l = remarks_r", "the same", 0.955, 0.88),
        level(typo("subtitle"), "a typing error apart", 0.005, 0.0005),
        level("subtitle_l = '' OR subtitle_r = ''", "one has one, one none", 0.035, 0.08),
        level("ELSE", "two subtitles", 0.005, 0.04),
    ),
    comparison(
        "guests",
        level(
            "list_has_all(people_r, guests_l) AND list_has_all(people_l, guests_r)",
            "the same",
            0.92,
            0.85,
        ),
        level("len(guests_l) = 0 OR len(guests_r) = 0", "one names some, one none", 0.07, 0.12),
        level("list_has_any(guests_l, guests_r)", "some in common", 0.005, 0.005),
        level("ELSE", "others", 0.005, 0.025),
    ),
    comparison(
        "artist",
        unknown(missing("artist")),
        level("artist_l = artist_r", "the same", 0.88, 0.002),
        level("list_has_any(people_l, people_r)", "one in common", 0.03, 0.001),
        level(typo("artist"), "a typing error apart", 0.06, 0.0004),
        level(contained("artist"), "one within the other", 0.01, 0.001),
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
        # An equal code is strong evidence; another code is weak: many recordings have several.
        "isrc",
        unknown(missing("isrc")),
        level("isrc_l = isrc_r", "the same", 0.88, 0.00002),
        level("ELSE", "different", 0.12, 0.99998),
    ),
    comparison(
        "album",
        unknown(missing("album")),
        level(
            "album_l = album_r AND position_l = position_r", "the same, same position", 0.42, 0.0002
        ),
        level(
            "album_l = album_r AND position_l <> position_r",
            "the same, other position",
            0.002,
            0.004,
        ),
        level("album_l = album_r", "the same", 0.13, 0.004),
        level(typo("album"), "a typing error apart", 0.048, 0.0004),
        level("ELSE", "different", 0.40, 0.9914),
    ),
    comparison(
        # Records of one album share the year, so it adds no evidence.
        "year",
        unknown(f"{missing('year')} OR album_l = album_r"),
        level("year_l = year_r", "the same", 0.70, 0.06),
        level("abs(year_l - year_r) <= 1", "a year apart", 0.06, 0.08),
        level("ELSE", "different", 0.24, 0.86),
    ),
    LINKED_BY_ID,
)

# What a link needs besides its probability. An equal ISRC alone is not enough: labels give one code
# to several movements, and wrong codes to songs of others; it needs the title too, or artist and
# length together. A link by id needs no other title. Likeness needs titles that agree, and is never
# enough against a version, subtitle or guest that one side alone names, however equal the length:
# of real songs, 15 of 100 such joins were two recordings (November 2026).
_CLOSE = f"coalesce(abs(seconds_l - seconds_r) <= {_SAME_CUT_SECONDS}, false)"
_BY_CODE = "gamma_isrc = 1 AND (gamma_song > 0 OR (gamma_artist > 0 AND gamma_seconds >= 2))"
_BY_ID = "gamma_known = 1 AND gamma_song <> 0"
_BY_LIKENESS = " AND ".join(
    (
        "gamma_isrc <> 1",
        # A title that is misspelt or lost needs its position on an album, or all else.
        f"(gamma_song NOT IN (0, 1) OR gamma_album = 4"
        f" OR (gamma_song = 1 AND gamma_artist > 0 AND {_CLOSE}))",
        "(gamma_seconds <> 0 OR gamma_album = 4)",
        f"(gamma_version >= 3 OR (gamma_version = 2 AND {_CLOSE}))",
        f"(gamma_edit = 1 OR {_CLOSE})",
        "gamma_subtitle > 0",
        f"(gamma_guests = 3 OR (gamma_guests > 0 AND {_CLOSE}))",
    )
)
REQUIRED_EVIDENCE = f"({_BY_CODE}) OR ({_BY_ID}) OR ({_BY_LIKENESS})"

REQUIRED_IN_WORDS = (
    "likeness is not enough where one of two names a version, guests, or an edit of another length,"
    " nor a code or an id between two titles"
)

RECORDING = MatchModel(
    name="recording",
    table="track",
    source_query=SOURCE_QUERY,
    facts=FACTS,
    prepare=_prepare,
    keys=KEYS,
    comparisons=COMPARISONS,
    expected=1.5,
    conflict_facts=("isrc", "seconds", "album", "position"),
    conflict=_are_different,
    catalogue_size=20_000,
    required_evidence=REQUIRED_EVIDENCE,
    required_in_words=REQUIRED_IN_WORDS,
)
