"""Match models: facts of a record, keys that make candidate pairs, weights of agreement.

Weights are stated, not trained: `m` is the probability of an agreement for two records of one
entity, `u` for two records of different entities. They are part of the rules' version. Trained
weights were tried in November 2026 and were worse: docs/decisions/0014-match-weights-are-stated.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from phonofilm.sources import manifests
from phonofilm.sql import literal

RULES = "2026.11.30"
"""Version of all rules; links carry it, and a store of other rules is rebuilt."""

Row = tuple[Any, ...]


class MatchModel(NamedTuple):
    """Match rules for one kind of entity.

    `source_query` is SQL over the warehouse (`store`): `source`, `id` and the columns that
    `prepare` turns into facts; `facts` maps fact names to SQL types. `keys` are SQL lists; records
    that share a key form a candidate pair. `comparisons` are splink's. `expected` is the expected
    number of other records of an entity. `conflict` tells from the facts in `conflict_facts`
    whether two records of one source are different entities. With `one_per_source` a source has an
    entity at most once. `required_evidence` is SQL that every link must satisfy, and
    `required_in_words` says it to people. A dataset with
    fewer records than `catalogue_size` counts as a part of a catalogue of that size: among the
    songs of one artist, an equal artist proves nothing.
    """

    name: str
    table: str
    source_query: str
    facts: dict[str, str]
    prepare: Callable[[Row], Row]
    keys: Sequence[str]
    comparisons: Sequence[dict[str, Any]]
    expected: float
    conflict_facts: Sequence[str]
    conflict: Callable[[Row, Row], bool]
    catalogue_size: int
    one_per_source: bool = False
    required_evidence: str = "true"
    required_in_words: str = ""


def level(sql: str, label: str, m: float, u: float) -> dict[str, Any]:
    """Return a comparison level: its condition, label, and m and u probabilities."""
    return {"sql_condition": sql, "label_for_charts": label, "m_probability": m, "u_probability": u}


def unknown(sql: str) -> dict[str, Any]:
    """Return the level for a fact that a record lacks; it adds no evidence."""
    return {"sql_condition": sql, "label_for_charts": "not known", "is_null_level": True}


def comparison(fact: str, *levels: dict[str, Any]) -> dict[str, Any]:
    """Return the comparison of one fact: the first true level counts, the last is the rest."""
    return {"output_column_name": fact, "comparison_levels": list(levels)}


def missing(fact: str) -> str:
    """Return SQL: one of the two records lacks the fact."""
    return f"{fact}_l IS NULL OR {fact}_r IS NULL"


def same_digits(fact: str) -> str:
    """Return SQL: two texts have the same digits; "Part 1" is not a misspelt "Part 2"."""
    left, right = (f"regexp_replace({fact}_{side}, '[^0-9]', '', 'g')" for side in "lr")
    return f"{left} = {right}"


def typo(fact: str) -> str:
    """Return SQL: two texts differ by one typing error, or by two above nine letters.

    The cheap measure comes first, because nearly all pairs fail it.
    """
    shorter = f"least(len({fact}_l), len({fact}_r))"
    return (
        f"{shorter} > 4 AND jaro_winkler_similarity({fact}_l, {fact}_r) >= 0.9"
        f" AND damerau_levenshtein({fact}_l, {fact}_r) <= if({shorter} > 9, 2, 1)"
        f" AND {same_digits(fact)}"
    )


def contained(fact: str) -> str:
    """Return SQL: one text contains the other."""
    return (
        f"least(len({fact}_l), len({fact}_r)) >= 4"
        f" AND (contains({fact}_l, {fact}_r) OR contains({fact}_r, {fact}_l))"
        f" AND {same_digits(fact)}"
    )


SHARED_RECORDINGS = "len(list_intersect(recordings_l, recordings_r))"
"""SQL: number of recordings that both records have."""
FEWER_RECORDINGS = "least(len(recordings_l), len(recordings_r))"
"""SQL: number of recordings of the record that has fewer."""
NO_EVIDENCE = "no evidence"
"""Label of a level that adds no evidence; explanations leave it out."""


def known_as(kind: str, alias: str) -> str:
    """Return SQL: the ids of a record at every source, as `scheme:id`, its own first."""
    borrowed = " ".join(
        f"WHEN {literal(manifest.name)} THEN {literal(manifest.namespace)}"
        for manifest in manifests()
        if manifest.namespace != manifest.name
    )
    own = f"CASE {alias}.source {borrowed} ELSE {alias}.source END"
    return f"list_concat([{own} || ':' || {alias}.id], coalesce(x.codes, []))"


def codes_of(kind: str) -> str:
    """Return SQL: a join with the external ids that a source states for a record."""
    return f"""LEFT JOIN (SELECT source, of_id, array_agg(DISTINCT scheme || ':' || value
        ORDER BY scheme || ':' || value) AS codes FROM store.external_id
        WHERE of_kind = '{kind}' AND scheme <> 'isrc' AND removed_at IS NULL
        GROUP BY source, of_id) x
        ON x.source = t.source AND x.of_id = t.id"""


ID_NEEDS_WITNESS = "gamma_known <> 1 OR gamma_name <> 0 OR gamma_recordings > 0"
"""SQL: an id that a source states does not link two other names without a shared recording."""
ID_NEEDS_WITNESS_IN_WORDS = (
    "an id that one source states is not enough between two names without a shared recording"
)

LINKED_BY_ID = comparison(
    "known",
    level("list_has_any(known_l, known_r)", "one links to the other's id", 0.2, 1e-8),
    level("ELSE", NO_EVIDENCE, 0.8, 0.99999999),
)
