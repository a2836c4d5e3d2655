"""Match records of the same entity: compare the new ones, build the clusters again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.identity.artists import ARTIST
from phonofilm.identity.clusters import clusters
from phonofilm.identity.decisions import Decision, decisions
from phonofilm.identity.model import RULES, MatchModel
from phonofilm.identity.recordings import RECORDING
from phonofilm.identity.releases import RELEASE
from phonofilm.identity.titles import TITLE
from phonofilm.warehouse.engines.location import open_warehouse, saved_location
from phonofilm.warehouse.schema.identity_tables import TABLES
from phonofilm.warehouse.snapshots import publish
from phonofilm.workspace import WAREHOUSE, FolderLock, Workspace

try:
    from phonofilm.identity.entity_ids import (
        assign_entities,
        load_entities,
        save_entities,
        write_aliases,
    )
    from phonofilm.identity.genres import write_genres
    from phonofilm.identity.match_store import MatchStore
    from phonofilm.identity.scoring import LINKED, STORED_PROBABILITY_MIN, prior_of, score
except ImportError:
    raise ConfigurationError(
        "Matching needs splink and pyarrow.",
        next_step="Install them: pip install 'phonofilm[match]'",
    ) from None

# Recordings first, because artists and releases are compared by the recordings they share.
KINDS = {kind.name: kind for kind in (RECORDING, RELEASE, ARTIST, TITLE)}


_TO_DECIDE = "SELECT kind, count(*) FROM matches.links WHERE status = 'to decide' GROUP BY kind"


class MatchResult(msgspec.Struct):
    """Counts of a run by kind.

    Records, new ones, compared pairs, accepted links, entities with several records (`clusters`),
    links for a person to decide, links refused because of a conflict, and decisions that newer
    ones contradict.
    """

    rules: str
    kinds: dict[str, dict[str, int]]
    elapsed_s: float


def match(workspace: Workspace, again: bool = False) -> MatchResult:
    """Match new records (`again`: all records) and write the result to the warehouse."""
    started = time.monotonic()
    workspace.must_exist()
    with FolderLock(workspace, "match", WAREHOUSE):
        store = MatchStore(workspace)
        try:
            if again:
                store.reset()
            load_entities(store)
            counts = {name: _match_kind(workspace, store, model) for name, model in KINDS.items()}
            write_genres(store)
            write_aliases(store)
            write_results(store)
            save_entities(store)
            for name, count in store.connection.execute(_TO_DECIDE).fetchall():
                counts[name]["to_decide"] = count
        finally:
            store.close()
        _publish_results(workspace, store)
    return MatchResult(RULES, counts, round(time.monotonic() - started, 3))


def _match_kind(workspace: Workspace, store: MatchStore, model: MatchModel) -> dict[str, int]:
    """Update facts, compare pairs and cluster the records of one kind."""
    added, gone = store.refresh(model)
    pairs = store.candidates(model)
    records = store.number(f"SELECT count(*) FROM matches.{model.name}")
    if pairs:
        score(store.connection, model, records)
        store.save_scores(model)
    clustered = _cluster(store, model, decisions(workspace, model.name))
    assign_entities(store, model)
    counts = {"records": records, "new": added, "gone": gone, "pairs": pairs}
    return {**counts, **clustered, "to_decide": 0}


def _cluster(store: MatchStore, model: MatchModel, decided: list[Decision]) -> dict[str, int]:
    run = store.connection.execute
    _probabilities(store, model)
    decisions_by_number = _decided_pairs(store, model, decided)
    links = run(
        f"""SELECT a, b FROM scored_{model.name} WHERE probability >= {LINKED}
        ORDER BY probability DESC, source_a, id_a, source_b, id_b"""
    ).fetchall()
    linked = {uid for pair in (*links, *decisions_by_number) for uid in pair[:2]}
    result = clusters(
        links, dict(_facts(store, model, linked)), model.conflict, decisions_by_number
    )
    run("DELETE FROM matches.member WHERE kind = ?", [model.name])
    run("DELETE FROM matches.refused WHERE kind = ?", [model.name])
    store.insert("member", model.name, result.cluster_of.items())
    store.insert(
        "refused",
        model.name,
        [*result.refused, *(_ordered(pair) for pair in decisions_by_number if not pair[2])],
    )
    return {
        "links": len(links) - len(result.refused),
        "clusters": len(set(result.cluster_of.values())),
        "refused": len(result.refused),
        "contradicted": len(result.contradicted),
    }


UNSURE = 0.25
"""Links below this probability are not shown for a decision; chosen, not tuned."""


def _ordered(pair: tuple[int, int, bool]) -> tuple[int, int]:
    return min(pair[:2]), max(pair[:2])


def _probabilities(store: MatchStore, model: MatchModel) -> None:
    """Write the links with their probabilities to `scored_KIND`.

    Where a source has an entity once, links that compete for one record share its probability.
    """
    records = store.number(f"SELECT count(*) FROM matches.{model.name}")
    prior = prior_of(model, records)
    odds = share = "odds"
    if model.one_per_source:
        share = """odds / (1 + greatest(sum(odds) OVER (PARTITION BY a, source_b),
            sum(odds) OVER (PARTITION BY b, source_a)) - odds)"""
    store.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE scored_{model.name} AS SELECT * EXCLUDE (odds),
        round({share} / (1 + {share}), 6) AS probability FROM (
            SELECT a, b, evidence, method, x.source AS source_a, x.id AS id_a,
            y.source AS source_b, y.id AS id_b,
            least(factor * {prior / (1 - prior)!r}, if(witnessed, 1e18, 1.0)) AS {odds}
            FROM matches.link l JOIN matches.{model.name} x ON x.uid = l.a
            JOIN matches.{model.name} y ON y.uid = l.b WHERE l.kind = '{model.name}')
        WHERE odds >= {STORED_PROBABILITY_MIN}"""
    )


def _decided_pairs(
    store: MatchStore, model: MatchModel, decided: list[Decision]
) -> list[tuple[int, int, bool]]:
    """Return the decided pairs whose records exist, by number, newest first, with the decision."""
    if not decided:
        return []
    names = [name for decision in decided for name in (decision.one, decision.other)]
    rows = store.connection.execute(
        f"""SELECT source || ':' || id, uid FROM matches.{model.name}
        WHERE list_contains(?::VARCHAR[], source || ':' || id)""",
        [names],
    )
    uid_of = dict(rows.fetchall())
    return [
        (uid_of[decision.one], uid_of[decision.other], decision.same)
        for decision in reversed(decided)
        if decision.one in uid_of and decision.other in uid_of
    ]


def _facts(
    store: MatchStore, model: MatchModel, linked: set[int]
) -> Iterator[tuple[int, tuple[str, tuple[Any, ...]]]]:
    columns = ", ".join(["uid", "source", *model.conflict_facts])
    rows = store.connection.execute(f"SELECT {columns} FROM matches.{model.name}")
    while batch := rows.fetchmany(50_000):
        for row in batch:
            if row[0] in linked:
                yield row[0], (row[1], row[2:])


def write_results(store: MatchStore) -> None:
    """Write `members` and `links`, by source and id, for the views of the warehouse."""
    run = store.connection.execute
    members, links = [], []
    for name in KINDS:
        members.append(
            f"SELECT '{name}' AS kind, source, id, entity FROM entity_of_{name}"
            " WHERE cluster IS NOT NULL"
        )
        links.append(
            f"""SELECT '{name}' AS kind, h.source_a, h.id_a, h.source_b, h.id_b, h.probability,
            h.method, h.evidence, CASE WHEN x.cluster = y.cluster THEN 'same'
            WHEN r.a IS NOT NULL THEN 'cannot be' WHEN h.probability >= {UNSURE} THEN 'to decide'
            ELSE 'weak' END AS status, '{RULES}' AS rules
            FROM scored_{name} h JOIN entity_of_{name} x ON x.uid = h.a
            JOIN entity_of_{name} y ON y.uid = h.b
            LEFT JOIN matches.refused r ON r.kind = '{name}' AND r.a = h.a AND r.b = h.b"""
        )
    run(f"CREATE OR REPLACE TABLE matches.members AS {' UNION ALL '.join(members)}")
    run(f"CREATE OR REPLACE TABLE matches.links AS {' UNION ALL '.join(links)}")
    store.checkpoint()


def _publish_results(workspace: Workspace, store: MatchStore) -> None:
    """Copy the results to the warehouse, where the views read them."""
    database = workspace.database or saved_location(workspace)
    warehouse = open_warehouse(workspace, database)
    try:
        with warehouse.transaction():
            warehouse.replace_identity(store.path, tuple(TABLES))
        warehouse.checkpoint()
    finally:
        warehouse.close()
    if not database:
        publish(workspace)


def kind_of(name: str) -> MatchModel:
    """Return the match model of a kind; UsageError names the known kinds."""
    if name not in KINDS:
        raise UsageError(
            f"Nothing called {name!r} is matched.", next_step=f"Kinds: {', '.join(KINDS)}."
        )
    return KINDS[name]
