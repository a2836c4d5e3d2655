"""Match model of releases: one edition of an album, single or compilation."""

from __future__ import annotations

from phonofilm.identity.model import (
    FEWER_RECORDINGS,
    ID_NEEDS_WITNESS,
    ID_NEEDS_WITNESS_IN_WORDS,
    LINKED_BY_ID,
    SHARED_RECORDINGS,
    MatchModel,
    Row,
    codes_of,
    comparison,
    contained,
    known_as,
    level,
    missing,
    typo,
    unknown,
)
from phonofilm.identity.names import people_of
from phonofilm.records.names import plain
from phonofilm.records.values.codes import upc as normalise_upc
from phonofilm.records.values.dates import year_of

_RECORDINGS_MAX = 100

SOURCE_QUERY = f"""SELECT t.source, t.id, t.name, t.artist_names, t.release_date,
    t.total_tracks, t.upc,
    {known_as("album", "t")} AS known, h.recordings
    FROM store.album t {codes_of("album")} LEFT JOIN (
        SELECT k.source, k.album_id, array_agg(DISTINCT hash(e.entity) ORDER BY hash(e.entity))
        [1:{_RECORDINGS_MAX}] AS recordings
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
    "recordings": "UBIGINT[]",
}


def _prepare(row: Row) -> Row:
    name, artists, released, tracks, code, known, recordings = row
    people = people_of(artists)
    code = normalise_upc(code)
    valid = code is not None and code.isdecimal() and int(code) > 0
    return (
        plain(name) or None,
        people[0] if people else None,
        year_of(released),
        tracks if tracks and tracks < 10_000 else None,
        code.lstrip("0") if code and valid else None,
        known,
        recordings,
    )


def _are_different(one: Row, other: Row) -> bool:
    """Tell two editions of a source apart by barcode and number of tracks."""
    (code, tracks), (other_code, other_tracks) = one, other
    if None in (code, other_code, tracks, other_tracks):
        return False
    return bool(code != other_code and tracks != other_tracks)


KEYS = ("[upc]", "[name || '|' || artist]", "[name || '|' || year]", "recordings[:12]", "known")

COMPARISONS = (
    comparison(
        "name",
        unknown(missing("name")),
        level("name_l = name_r", "the same", 0.88, 0.0008),
        level(typo("name"), "a typing error apart", 0.05, 0.0002),
        level(contained("name"), "one within the other", 0.05, 0.002),
        level("ELSE", "different", 0.02, 0.997),
    ),
    comparison(
        "artist",
        unknown(missing("artist")),
        level("artist_l = artist_r", "the same", 0.90, 0.002),
        level(typo("artist"), "a typing error apart", 0.06, 0.0004),
        level(contained("artist"), "one within the other", 0.02, 0.001),
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
        "recordings",
        unknown(f"{missing('recordings')} OR {FEWER_RECORDINGS} < 2"),
        level(
            f"{SHARED_RECORDINGS} >= 0.7 * {FEWER_RECORDINGS}",
            "nearly all recordings shared",
            0.80,
            0.0008,
        ),
        level(f"{SHARED_RECORDINGS} >= 1", "some recordings shared", 0.12, 0.004),
        level("ELSE", "no recording shared", 0.08, 0.9952),
    ),
    LINKED_BY_ID,
)

RELEASE = MatchModel(
    name="release",
    table="album",
    source_query=SOURCE_QUERY,
    facts=FACTS,
    prepare=_prepare,
    keys=KEYS,
    comparisons=COMPARISONS,
    expected=1.5,
    conflict_facts=("upc", "tracks"),
    conflict=_are_different,
    catalogue_size=5_000,
    required_evidence=ID_NEEDS_WITNESS,
    required_in_words=ID_NEEDS_WITNESS_IN_WORDS,
)
