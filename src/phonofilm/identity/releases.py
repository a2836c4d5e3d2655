"""Releases: an edition of an album, single or compilation."""

from __future__ import annotations

from phonofilm.identity.model import (
    FEWER,
    NAMED_BY_ID,
    SHARED,
    MatchModel,
    Row,
    codes_of,
    comparison,
    known_as,
    level,
    missing,
    slip,
    unknown,
    within,
    year_of,
)
from phonofilm.identity.names import people_of, plain
from phonofilm.records.ids import upc as tidy

_MOST_RECORDINGS = 100

TOLD = f"""SELECT t.source, t.id, t.name, t.artist_names, t.release_date, t.total_tracks, t.upc,
    {known_as("album", "t")} AS known, h.held
    FROM store.album t {codes_of("album")} LEFT JOIN (
        SELECT k.source, k.album_id, array_agg(DISTINCT hash(e.entity) ORDER BY hash(e.entity))
        [1:{_MOST_RECORDINGS}] AS held
        FROM store.track k JOIN entity_of_recording e ON e.source = k.source AND e.id = k.id
        WHERE k.album_id IS NOT NULL GROUP BY k.source, k.album_id) h
    ON h.source = t.source AND h.album_id = t.id WHERE t.name IS NOT NULL"""

FACTS = {
    "name": "VARCHAR",
    "artist": "VARCHAR",
    "year": "INTEGER",
    "tracks": "INTEGER",
    "upc": "VARCHAR",
    "known": "VARCHAR[]",
    "held": "UBIGINT[]",
}


def _prepare(row: Row) -> Row:
    name, artists, released, tracks, code, known, held = row
    people = people_of(artists)
    code = tidy(code)
    valid = code is not None and code.isdecimal() and int(code) > 0
    return (
        plain(name) or None,
        people[0] if people else None,
        year_of(released),
        tracks if tracks and tracks < 10_000 else None,
        code.lstrip("0") if code and valid else None,
        known,
        held,
    )


def _two_releases(one: Row, other: Row) -> bool:
    """Another barcode and another number of tracks: two editions."""
    (code, tracks), (code_too, tracks_too) = one, other
    if None in (code, code_too, tracks, tracks_too):
        return False
    return bool(code != code_too and tracks != tracks_too)


KEYS = ("[upc]", "[name || '|' || artist]", "[name || '|' || year]", "held[:12]", "known")

COMPARISONS = (
    comparison(
        "name",
        unknown(missing("name")),
        level("name_l = name_r", "the same", 0.88, 0.0008),
        level(slip("name"), "a slip apart", 0.05, 0.0002),
        level(within("name"), "one within the other", 0.05, 0.002),
        level("ELSE", "different", 0.02, 0.997),
    ),
    comparison(
        "artist",
        unknown(missing("artist")),
        level("artist_l = artist_r", "the same", 0.90, 0.002),
        level(slip("artist"), "a slip apart", 0.06, 0.0004),
        level(within("artist"), "one within the other", 0.02, 0.001),
        level("ELSE", "different", 0.02, 0.9966),
    ),
    comparison(
        "upc",
        unknown(missing("upc")),
        level("upc_l = upc_r", "the same", 0.80, 0.00001),
        level("ELSE", "different", 0.20, 0.99999),
    ),
    comparison(
        "year",
        unknown(missing("year")),
        level("year_l = year_r", "the same", 0.85, 0.05),
        level("abs(year_l - year_r) <= 1", "a year apart", 0.07, 0.08),
        level("ELSE", "different", 0.08, 0.87),
    ),
    comparison(
        "tracks",
        unknown(missing("tracks")),
        level("tracks_l = tracks_r", "as many", 0.85, 0.09),
        level("ELSE", "another number", 0.15, 0.91),
    ),
    comparison(
        "held",
        unknown(f"{missing('held')} OR {FEWER} < 2"),
        level(f"{SHARED} >= 0.7 * {FEWER}", "nearly all recordings shared", 0.80, 0.0008),
        level(f"{SHARED} >= 1", "some recordings shared", 0.12, 0.004),
        level("ELSE", "no recording shared", 0.08, 0.9952),
    ),
    NAMED_BY_ID,
)

RELEASE = MatchModel(
    "release",
    "album",
    TOLD,
    FACTS,
    _prepare,
    KEYS,
    COMPARISONS,
    1.5,
    ("upc", "tracks"),
    _two_releases,
    5_000,
)
