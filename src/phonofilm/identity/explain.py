"""Explain why two records are the same entity or not: each fact and its weight."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from phonofilm.errors import UsageError
from phonofilm.identity.decisions import decisions
from phonofilm.identity.match import KINDS, UNSURE, kind_of
from phonofilm.identity.match_store import MatchStore
from phonofilm.identity.model import RULES, MatchModel
from phonofilm.identity.scoring import LINKED, Weight, weigh
from phonofilm.workspace import WAREHOUSE, FolderLock, Workspace


class Explanation(msgspec.Struct):
    """Two records with the weight of every fact.

    `probability` is that of the two alone; `verdict` states the decision of `match` in words.
    """

    kind: str
    one: str
    other: str
    probability: float
    verdict: str
    weights: list[Weight]
    rules: str


def explain(workspace: Workspace, one: str, other: str, kind: str = "") -> Explanation:
    """Explain two records named `source:id`; UsageError when one was never matched."""
    workspace.must_exist()
    with FolderLock(workspace, "match --explain", WAREHOUSE):
        store = MatchStore(workspace)
        try:
            model = _model_of(store, one, other, kind)
            a, b = (_uid(store, model, name) for name in (one, other))
            weighed = weigh(store.connection, model, a, b, _record_count(store, model))
            pair = _Pair((one, other), (a, b), weighed.probability, weighed.is_supported)
            verdict = _verdict(workspace, store, model, pair)
        finally:
            store.close()
    return Explanation(
        kind=model.name,
        one=one,
        other=other,
        probability=round(weighed.probability, 6),
        verdict=verdict,
        weights=weighed.weights,
        rules=RULES,
    )


class _Pair(NamedTuple):
    names: tuple[str, str]
    uids: tuple[int, int]
    probability: float
    is_supported: bool


def _record_count(store: MatchStore, model: MatchModel) -> int:
    return store.number(f"SELECT count(*) FROM matches.{model.name}")


def _model_of(store: MatchStore, one: str, other: str, name: str) -> MatchModel:
    """Return the named model, else the only one that has both records."""
    if name:
        return kind_of(name)
    models = [k for k in KINDS.values() if _find(store, k, one) and _find(store, k, other)]
    if len(models) == 1:
        return models[0]
    if models:
        raise UsageError(
            f"{one} and {other} are each of several kinds: {', '.join(k.name for k in models)}.",
            next_step=f"Say which: --kind {models[0].name}",
        )
    unknown = [
        name for name in (one, other) if not any(_find(store, k, name) for k in KINDS.values())
    ]
    raise UsageError(
        f"{' and '.join(unknown) or 'These two'} cannot be compared.",
        next_step="Names are source:id as tables show them; after new data: phonofilm match.",
    )


def _find(store: MatchStore, model: MatchModel, name: str) -> int:
    tables = (
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'matches' AND table_name = ?"
    )
    if not store.number(tables, [model.name]):
        return 0
    source, _, id_ = name.partition(":")
    sql = f"SELECT max(uid) FROM matches.{model.name} WHERE source = ? AND id = ?"
    return store.number(sql, [source, id_])


def _uid(store: MatchStore, model: MatchModel, name: str) -> int:
    uid = _find(store, model, name)
    if not uid:
        raise UsageError(
            f"There is no {model.name} called {name}.",
            next_step="Names are source:id as tables show them; after new data: phonofilm match.",
        )
    return uid


def _verdict(workspace: Workspace, store: MatchStore, model: MatchModel, pair: _Pair) -> str:
    """State the decision about a pair and its reason."""
    names = sorted(pair.names)
    for decision in decisions(workspace, model.name):
        if [decision.one, decision.other] == names:
            return f"a person decided on {decision.at}: {'the same' if decision.same else 'two'}"
    [(clustered, clusters)] = store.connection.execute(
        "SELECT count(*), count(DISTINCT cluster) FROM matches.member"
        " WHERE kind = ? AND uid IN (?, ?)",
        [model.name, *pair.uids],
    ).fetchall()
    if clustered == 2 and clusters == 1:
        if pair.probability >= LINKED:
            return "the same entity"
        return "the same entity, linked by others that are like both"
    values = [model.name, *sorted(pair.uids)]
    if store.number(
        "SELECT count(*) FROM matches.refused WHERE kind = ? AND a = ? AND b = ?", values
    ):
        return "two entities: together they would have records of one source that are in conflict"
    if pair.probability >= LINKED:
        return "alike, but others are as like, or a source keeps them apart"
    if pair.probability < UNSURE:
        return "two entities"
    reason = "" if pair.is_supported else f"; {model.required_in_words}"
    return f"for a person to decide: match --review{reason}"
