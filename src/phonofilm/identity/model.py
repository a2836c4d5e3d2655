"""What is matched, and how: which facts, which pairs are looked at, what agreement is worth.

Weights are stated, not learned: `m` is how often two records of one thing agree so, `u` how often
two records of different things do. They are the same for everybody's data, and part of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

RULES = "2026.11.20"
"""The version of all rules here; links keep it, and other rules mean that all is matched anew."""

Row = tuple[Any, ...]


class MatchModel(NamedTuple):
    """One kind of thing.

    `told` is SQL over the warehouse (`store`) giving `source`, `id` and the columns `prepare` makes
    facts of; `facts` names them with their types. `keys` are SQL of lists: records that share a key
    are compared. `comparisons` are splink's. `expected` is how many others a record has.
    `apart` says of two records of one source that they cannot be one thing, from `apart_by`.
    `exclusive`: a source has each thing once. `witnesses` is SQL that must hold of a link. A folder
    of fewer records than `catalogue` is taken for a part of one so large: in one artist's songs
    it proves nothing that the artist agrees.
    """

    name: str
    table: str
    source_query: str
    facts: dict[str, str]
    prepare: Callable[[Row], Row]
    keys: Sequence[str]
    comparisons: Sequence[dict[str, Any]]
    expected: float
    apart_by: Sequence[str]
    conflict: Callable[[Row, Row], bool]
    catalogue: int
    one_per_source: bool = False
    required_evidence: str = "true"


def level(sql: str, words: str, m: float, u: float) -> dict[str, Any]:
    """Agreement of one degree, and how often things that are one, and that are two, show it."""
    return {"sql_condition": sql, "label_for_charts": words, "m_probability": m, "u_probability": u}


def unknown(sql: str) -> dict[str, Any]:
    """When a fact says nothing, because somebody does not tell it."""
    return {"sql_condition": sql, "label_for_charts": "not known", "is_null_level": True}


def comparison(fact: str, *levels: dict[str, Any]) -> dict[str, Any]:
    """How one fact is compared: the first level that holds counts, the last is all the rest."""
    return {"output_column_name": fact, "comparison_levels": list(levels)}


def missing(fact: str) -> str:
    """That a fact is not told by one of the two."""
    return f"{fact}_l IS NULL OR {fact}_r IS NULL"


def same_digits(fact: str) -> str:
    """That two texts count alike: "Part 1" is no misspelt "Part 2"."""
    left, right = (f"regexp_replace({fact}_{side}, '[^0-9]', '', 'g')" for side in "lr")
    return f"{left} = {right}"


def slip(fact: str) -> str:
    """That two texts are a typing error apart: two for longer ones.

    The cheap measure is asked first: nearly all pairs fail it.
    """
    shorter = f"least(len({fact}_l), len({fact}_r))"
    return (
        f"{shorter} > 4 AND jaro_winkler_similarity({fact}_l, {fact}_r) >= 0.9"
        f" AND damerau_levenshtein({fact}_l, {fact}_r) <= if({shorter} > 9, 2, 1)"
        f" AND {same_digits(fact)}"
    )


def within(fact: str) -> str:
    """That one text stands in the other."""
    return (
        f"least(len({fact}_l), len({fact}_r)) >= 4"
        f" AND (contains({fact}_l, {fact}_r) OR contains({fact}_r, {fact}_l))"
        f" AND {same_digits(fact)}"
    )


SHARED = "len(list_intersect(held_l, held_r))"
"""How many recordings both hold."""
FEWER = "least(len(held_l), len(held_r))"
"""How many the one that holds fewer holds."""
SILENT = "nothing told"
"""What stands for no evidence at all, and is not repeated."""
# Sources whose ids are MusicBrainz's.
_MBIDS = ("listenbrainz", "acousticbrainz")


def known_as(kind: str, alias: str) -> str:
    """SQL: what a record is called anywhere, as `scheme:id`; its own id first."""
    mbids = ", ".join(f"'{source}'" for source in _MBIDS)
    own = f"CASE WHEN {alias}.source IN ({mbids}) THEN 'musicbrainz' ELSE {alias}.source END"
    return f"list_concat([{own} || ':' || {alias}.id], coalesce(x.codes, []))"


def codes_of(kind: str) -> str:
    """SQL: a join that brings the ids which a source says a record has elsewhere."""
    return f"""LEFT JOIN (SELECT source, of_id, array_agg(DISTINCT scheme || ':' || value
        ORDER BY scheme || ':' || value) AS codes FROM store.external_id
        WHERE of_kind = '{kind}' AND scheme <> 'isrc' GROUP BY source, of_id) x
        ON x.source = t.source AND x.of_id = t.id"""


NAMED_BY_ID = comparison(
    "known",
    level("list_has_any(known_l, known_r)", "one names the other's id", 0.2, 1e-8),
    level("ELSE", SILENT, 0.8, 0.99999999),
)


def year_of(text: str | None) -> int | None:
    """The year of a date of any precision."""
    return int(text[:4]) if text and text[:4].isdecimal() else None
