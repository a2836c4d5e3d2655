r"""The traits of columns as SQL, for rows that never become Python objects.

`MACROS` are created once per DuckDB connection; `cleaned` wraps a column by its trait. A property
test compares both readings: SQL and Python keep the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch

from phonofilm.records.values.figures import WHOLE_MAX
from phonofilm.records.values.texts import BLANK_NODE, MARKERS
from phonofilm.records.values.traits import (
    Code,
    Date,
    Figure,
    Id,
    IdList,
    Instant,
    Trait,
    WordList,
    Words,
)
from phonofilm.sql import literal

_WORDS_FOR_UNKNOWN = ", ".join(map(literal, sorted(MARKERS)))
_SPACES = r"' \t\n\r\f\v'"
MACROS = (
    # Nearly all texts begin with another character than the markers: no function looks at them.
    f"""CREATE OR REPLACE TEMP MACRO known_text(t) AS CASE
        WHEN (t > '!' AND t < '[') OR (t > ']' AND t < 'h') OR t > 'i' THEN t
        WHEN trim(t, E{_SPACES}) IN ({_WORDS_FOR_UNKNOWN})
        OR (starts_with(t, 'http') AND contains(t, {literal(BLANK_NODE)}))
        THEN NULL ELSE t END""",
    r"""CREATE OR REPLACE TEMP MACRO date_parts(t) AS regexp_extract(
        CASE WHEN regexp_full_match(t, '\d{8}')
        THEN t[1:4] || '-' || t[5:6] || '-' || t[7:8] ELSE t END,
        '^\s*(\d{4})(?:(?:-(\d{1,2})(?:-(\d{1,2}))?|/(\d{1,2})(?:/(\d{1,2}))?'
        '|\.(\d{1,2})(?:\.(\d{1,2}))?)(?:\D|$)|\D|$)',
        ['y', 'm1', 'd1', 'm2', 'd2', 'm3', 'd3'])""",
    r"""CREATE OR REPLACE TEMP MACRO date_of_parts(y, m, d) AS CASE
        WHEN y = '' OR y = '0000' THEN NULL
        WHEN coalesce(try_cast(m AS INTEGER), 0) NOT BETWEEN 1 AND 12 THEN y
        WHEN try_cast(y || '-' || lpad(m, 2, '0') || '-' || lpad(d, 2, '0') AS DATE) IS NOT NULL
        THEN y || '-' || lpad(m, 2, '0') || '-' || lpad(d, 2, '0')
        ELSE y || '-' || lpad(m, 2, '0') END""",
    """CREATE OR REPLACE TEMP MACRO partial_date(t) AS date_of_parts(date_parts(t).y,
        date_parts(t).m1 || date_parts(t).m2 || date_parts(t).m3,
        date_parts(t).d1 || date_parts(t).d2 || date_parts(t).d3)""",
    r"""CREATE OR REPLACE TEMP MACRO bare_code(t) AS
        upper(regexp_replace(t, '[\s-]', '', 'g'))""",
    r"""CREATE OR REPLACE TEMP MACRO isrc_of(t) AS nullif(
        regexp_extract(bare_code(t), '^(?:ISRC)?([A-Z]{2}[A-Z0-9]{3}\d{7})$', 1), '')""",
    r"""CREATE OR REPLACE TEMP MACRO barcode_of(t) AS CASE
        WHEN regexp_full_match(bare_code(t), '\d{1,14}')
        AND NOT regexp_full_match(bare_code(t), '0+')
        THEN lpad(bare_code(t), greatest(12, length(bare_code(t)))::INTEGER, '0') END""",
    r"""CREATE OR REPLACE TEMP MACRO any_id(t) AS
        (t >= '1' AND NOT ends_with(t, ' ') AND NOT ends_with(t, chr(10)))
        OR regexp_full_match(t, '[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?')
        AND NOT regexp_full_match(t, '0+|-\d+')""",
    # A cast of DuckDB 1.5 reads 1_000 and +-0, too.
    """CREATE OR REPLACE TEMP MACRO is_plain_number(t) AS
        NOT contains(t::VARCHAR, '_') AND NOT contains(t::VARCHAR, '+-')""",
    """CREATE OR REPLACE TEMP MACRO decimal_number(t) AS
        CASE WHEN isfinite(try_cast(t AS DOUBLE)) AND is_plain_number(t)
        THEN try_cast(t AS DOUBLE) END""",
    f"""CREATE OR REPLACE TEMP MACRO whole_number(t) AS
        CASE WHEN try_cast(t AS DOUBLE) BETWEEN -{WHOLE_MAX} AND {WHOLE_MAX}
        AND try_cast(t AS DOUBLE) = trunc(try_cast(t AS DOUBLE)) AND is_plain_number(t)
        THEN try_cast(t AS DOUBLE)::BIGINT END""",
    """CREATE OR REPLACE TEMP MACRO flag(t) AS
        CASE trim(t) WHEN '0' THEN false WHEN '1' THEN true END""",
    f"""CREATE OR REPLACE TEMP MACRO words(t, separator) AS list_filter(list_transform(
        string_split(t, separator), lambda w: known_text(trim(w, E{_SPACES}))),
        lambda w: w IS NOT NULL)""",
)
"""Statements that create the macros."""


def is_id(column: str, kind: str, patterns: Mapping[str, str]) -> str:
    """Return the SQL condition that a text is an id of a kind."""
    if kind in patterns:
        return f"regexp_full_match({column}, {literal(patterns[kind])})"
    return f"any_id({column})"


@singledispatch
def cleaned(trait: Trait, column: str, patterns: Mapping[str, str]) -> str:
    """Return the SQL of a column's value as its trait says, null for what it cannot mean."""
    return column


@cleaned.register
def _(trait: Figure, column: str, patterns: Mapping[str, str]) -> str:
    nonzero = f" AND {column} <> 0" if trait.zero_unknown else ""
    bounds = f"{trait.minimum!r} AND {trait.maximum!r}"
    return f"CASE WHEN {column} BETWEEN {bounds}{nonzero} THEN {column} END"


@cleaned.register
def _(trait: Date, column: str, patterns: Mapping[str, str]) -> str:
    return f"partial_date({column})"


@cleaned.register
def _(trait: Instant, column: str, patterns: Mapping[str, str]) -> str:
    return f"CASE WHEN try_cast({column} AS TIMESTAMPTZ) IS NOT NULL THEN {column} END"


@cleaned.register
def _(trait: Code, column: str, patterns: Mapping[str, str]) -> str:
    return f"{'isrc_of' if trait.name == 'isrc' else 'barcode_of'}({column})"


@cleaned.register
def _(trait: Words, column: str, patterns: Mapping[str, str]) -> str:
    return f"known_text({column})"


@cleaned.register
def _(trait: WordList, column: str, patterns: Mapping[str, str]) -> str:
    texts = f"list_transform({column}, lambda e: known_text(e))"
    return texts if trait.keeps_places else f"list_filter({texts}, lambda e: e IS NOT NULL)"


@cleaned.register
def _(trait: Id, column: str, patterns: Mapping[str, str]) -> str:
    return f"CASE WHEN {is_id(column, trait.of, patterns)} THEN {column} END"


@cleaned.register
def _(trait: IdList, column: str, patterns: Mapping[str, str]) -> str:
    return f"list_filter({column}, lambda e: {is_id('e', trait.of, patterns)})"


def precision_of(column: str) -> str:
    """Return the SQL of the precision of a date column."""
    lengths = "WHEN 4 THEN 'year' WHEN 7 THEN 'month' WHEN 10 THEN 'day'"
    return f"CASE length(partial_date({column})) {lengths} END"
