"""Match model of artists: two artists may share a name, so their recordings decide."""

from __future__ import annotations

import re

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
from phonofilm.records.names import artist_key, spaceless_key

# "[unknown]", "[traditional]", "[no artist]": entities that stand for no single artist. They
# share names with artists and are none of them.
_SPECIAL_PURPOSE = re.compile(r"\s*\[[^\]]*\]\s*")
_RECORDINGS_MAX = 200
_RECORDINGS_MIN = 4  # fewer recordings are no evidence; chosen, not tuned

SOURCE_QUERY = f"""SELECT t.source, t.id, t.name, t.aliases, {known_as("artist", "t")} AS known,
    h.recordings
    FROM store.artist t {codes_of("artist")} LEFT JOIN (
        SELECT k.source, k.artist_ids[1] AS artist_id,
        array_agg(DISTINCT hash(e.entity) ORDER BY hash(e.entity))
        [1:{_RECORDINGS_MAX}] AS recordings
        FROM store.track k JOIN entity_of_recording e ON e.source = k.source AND e.id = k.id
        WHERE len(k.artist_ids) > 0 GROUP BY k.source, k.artist_ids[1]) h
    ON h.source = t.source AND h.artist_id = t.id WHERE t.name IS NOT NULL OR x.codes IS NOT NULL"""

FACTS = {"name": "VARCHAR", "names": "VARCHAR[]", "known": "VARCHAR[]", "recordings": "UBIGINT[]"}


def _prepare(row: Row) -> Row:
    name, aliases, known, recordings = row
    if name and _SPECIAL_PURPOSE.fullmatch(name):
        name, aliases = None, None
    key = artist_key(name) if name else None
    spellings = [text for text in (name, *(aliases or ())) if text]
    names = [spell(text) for spell in (artist_key, spaceless_key) for text in spellings]
    return key or None, [text for text in dict.fromkeys(names) if text], known, recordings


def _are_different(one: Row, other: Row) -> bool:
    """Tell all artists of a source apart, because a source has one page per artist."""
    return True


KEYS = ("names", "[name[:5] || '|' || name[-3:]]", "recordings[:40]", "known")

COMPARISONS = (
    comparison(
        "name",
        unknown(missing("name")),
        level("name_l = name_r", "the same", 0.90, 0.00001),
        level("list_has_any(names_l, names_r)", "another name of the artist", 0.03, 0.00001),
        level(typo("name"), "a typing error apart", 0.05, 0.0004),
        level(contained("name"), "one within the other", 0.01, 0.001),
        level("ELSE", "different", 0.01, 0.99858),
    ),
    comparison(
        "recordings",
        unknown(f"{missing('recordings')} OR {FEWER_RECORDINGS} < {_RECORDINGS_MIN}"),
        level(
            f"{SHARED_RECORDINGS} >= 0.3 * {FEWER_RECORDINGS}",
            "many recordings shared",
            0.86,
            0.0001,
        ),
        level(f"{SHARED_RECORDINGS} >= 1", "some recordings shared", 0.11, 0.004),
        level("ELSE", "no recording shared", 0.03, 0.9959),
    ),
    LINKED_BY_ID,
)

ARTIST = MatchModel(
    name="artist",
    table="artist",
    source_query=SOURCE_QUERY,
    facts=FACTS,
    prepare=_prepare,
    keys=KEYS,
    comparisons=COMPARISONS,
    expected=1.0,
    conflict_facts=(),
    conflict=_are_different,
    catalogue_size=1_000,
    one_per_source=True,
    required_evidence=ID_NEEDS_WITNESS,
    required_in_words=ID_NEEDS_WITNESS_IN_WORDS,
)
