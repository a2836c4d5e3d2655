"""Match model of film titles: by IMDb id where known, else by name, year and length."""

from __future__ import annotations

from phonofilm.identity.model import (
    MatchModel,
    Row,
    comparison,
    contained,
    level,
    missing,
    typo,
    unknown,
)
from phonofilm.records.names import plain

SOURCE_QUERY = """SELECT t.source, t.id, t.name, t.original_name, t.start_year,
    t.runtime_ms, t.is_series, t.imdb_id FROM store.title t WHERE t.name IS NOT NULL"""

FACTS = {
    "name": "VARCHAR",
    "names": "VARCHAR[]",
    "year": "INTEGER",
    "minutes": "DOUBLE",
    "series": "BOOLEAN",
    "imdb": "VARCHAR",
}


def _prepare(row: Row) -> Row:
    name, original, year, length_ms, series, imdb = row
    names = [plain(text) for text in (name, original) if text]
    return (
        names[0] or None,
        [text for text in dict.fromkeys(names) if text],
        year if year and 1800 < year < 2200 else None,
        length_ms / 60_000 if length_ms else None,
        series,
        imdb,
    )


def _are_different(one: Row, other: Row) -> bool:
    """Tell all titles of a source apart, because a source has one page per title."""
    return True


KEYS = ("[imdb]", "list_transform(names, lambda n: n || '|' || year)")

COMPARISONS = (
    comparison(
        "name",
        unknown(missing("name")),
        level("name_l = name_r", "the same", 0.80, 0.00005),
        level("list_has_any(names_l, names_r)", "another name of the title", 0.12, 0.00003),
        level(typo("name"), "a typing error apart", 0.03, 0.0001),
        level(contained("name"), "one within the other", 0.03, 0.0005),
        level("ELSE", "different", 0.02, 0.99932),
    ),
    comparison(
        "year",
        unknown(missing("year")),
        level("year_l = year_r", "the same", 0.92, 0.03),
        level("abs(year_l - year_r) <= 1", "a year apart", 0.06, 0.05),
        level("ELSE", "different", 0.02, 0.92),
    ),
    comparison(
        "minutes",
        unknown(missing("minutes")),
        level("abs(minutes_l - minutes_r) <= 2", "as long", 0.80, 0.10),
        level("abs(minutes_l - minutes_r) <= 10", "nearly as long", 0.12, 0.25),
        level("ELSE", "another length", 0.08, 0.65),
    ),
    comparison(
        "series",
        unknown(missing("series")),
        level("series_l = series_r", "of one form", 0.98, 0.6),
        level("ELSE", "a film and a series", 0.02, 0.4),
    ),
    comparison(
        "imdb",
        unknown(missing("imdb")),
        level("imdb_l = imdb_r", "the same", 0.99, 0.0000001),
        level("ELSE", "different", 0.01, 0.9999999),
    ),
)

TITLE = MatchModel(
    name="title",
    table="title",
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
)
