"""Artists: people and groups. One name may be two of them, so what they recorded decides."""

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
)
from phonofilm.identity.names import artist_key

_MOST_RECORDINGS = 200
_ENOUGH = 4

TOLD = f"""SELECT t.source, t.id, t.name, t.aliases, {known_as("artist", "t")} AS known, h.held
    FROM store.artist t {codes_of("artist")} LEFT JOIN (
        SELECT k.source, k.artist_ids[1] AS artist_id,
        array_agg(DISTINCT hash(e.entity) ORDER BY hash(e.entity))[1:{_MOST_RECORDINGS}] AS held
        FROM store.track k JOIN entity_of_recording e ON e.source = k.source AND e.id = k.id
        WHERE len(k.artist_ids) > 0 GROUP BY k.source, k.artist_ids[1]) h
    ON h.source = t.source AND h.artist_id = t.id WHERE t.name IS NOT NULL OR x.codes IS NOT NULL"""

FACTS = {"name": "VARCHAR", "names": "VARCHAR[]", "known": "VARCHAR[]", "held": "UBIGINT[]"}


def _prepare(row: Row) -> Row:
    name, aliases, known, held = row
    key = artist_key(name) if name else None
    names = [key, *(artist_key(alias) for alias in aliases or () if alias)]
    return key or None, [text for text in dict.fromkeys(names) if text], known, held


def _two_artists(one: Row, other: Row) -> bool:
    """A source keeps one page an artist: two pages are two artists."""
    return True


KEYS = ("names", "[name[:5] || '|' || name[-3:]]", "held[:40]", "known")

COMPARISONS = (
    comparison(
        "name",
        unknown(missing("name")),
        level("name_l = name_r", "the same", 0.90, 0.00001),
        level("list_has_any(names_l, names_r)", "another name of theirs", 0.03, 0.00001),
        level(slip("name"), "a slip apart", 0.05, 0.0004),
        level(within("name"), "one within the other", 0.01, 0.001),
        level("ELSE", "different", 0.01, 0.99858),
    ),
    comparison(
        "held",
        unknown(f"{missing('held')} OR {FEWER} < {_ENOUGH}"),
        level(f"{SHARED} >= 0.3 * {FEWER}", "many recordings shared", 0.86, 0.0001),
        level(f"{SHARED} >= 1", "some recordings shared", 0.11, 0.004),
        level("ELSE", "no recording shared", 0.03, 0.9959),
    ),
    NAMED_BY_ID,
)

ARTIST = MatchModel(
    "artist",
    "artist",
    TOLD,
    FACTS,
    _prepare,
    KEYS,
    COMPARISONS,
    1.0,
    (),
    _two_artists,
    1_000,
    one_per_source=True,
)
