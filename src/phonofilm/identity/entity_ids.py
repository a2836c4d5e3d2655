"""Ids of entities: given once, and kept when members come and go.

An entity is named `source:id` after the preferred member that it has when it is formed. The name
stays when others join. It follows the record that it names: where that record leaves, the others
get another name. Where two entities become one, the larger one keeps its name (the older one when
they are equal), and the other name becomes an alias.

The state lives in two files of the data folder, apart from the match store, which may be rebuilt.
"""

from __future__ import annotations

import duckdb

from phonofilm.errors import StoreError, storage_error
from phonofilm.files import atomic_path
from phonofilm.identity.entity_files import FILES, entity_file
from phonofilm.identity.match_store import MatchStore
from phonofilm.identity.model import MatchModel
from phonofilm.sources.priority import by_priority
from phonofilm.sql import literal


def load_entities(store: MatchStore) -> None:
    """Read the state into temporary tables. StoreError when a file is damaged."""
    for name, columns in FILES.items():
        path = entity_file(store.path.parent, name)
        run = store.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
        try:
            if path.exists():
                run(f"INSERT INTO {name} BY NAME FROM read_parquet({literal(path)})")
        except duckdb.Error as error:
            raise StoreError(
                f"Cannot read {path}: {error}.",
                saved="Records, links and decisions.",
                next_step=f"Delete {path.name}, and entities get new ids with the next match.",
            ) from error


def save_entities(store: MatchStore) -> None:
    """Write the state; each file is replaced whole."""
    for name in FILES:
        path = entity_file(store.path.parent, name)
        try:
            with atomic_path(path, locked=True) as partial:
                store.connection.execute(f"COPY {name} TO {literal(partial)} (FORMAT parquet)")
        except (OSError, duckdb.Error) as error:
            raise storage_error(path, error) from error


def assign_entities(store: MatchStore, model: MatchModel) -> None:
    """Write the entity of each record to `entity_of_KIND`, and update the state.

    A record alone is an entity that is named after it.
    """
    kind = literal(model.name)
    run = store.connection.execute
    run(_records(model))
    run(_claims(kind))
    run(_names())
    run(
        f"""CREATE OR REPLACE TEMP TABLE entity_of_{model.name} AS
        SELECT r.uid, r.source, r.id, r.cluster, coalesce(n.entity, r.name) AS entity, n.since
        FROM records r LEFT JOIN names n USING (cluster)"""
    )
    run(_merges(kind))
    run(_splits(kind))
    run(f"DELETE FROM given WHERE kind = {kind}")
    run(
        f"""INSERT INTO given SELECT {kind}, source, id, entity, since
        FROM entity_of_{model.name} WHERE cluster IS NOT NULL"""
    )


def _records(model: MatchModel) -> str:
    """Return SQL: all records with their cluster, own name, and rank by priority of sources."""
    order = by_priority()
    ranks = ", ".join(f"({literal(source)}, {rank})" for rank, source in enumerate(order))
    return f"""CREATE OR REPLACE TEMP TABLE records AS
        SELECT h.uid, h.source, h.id, m.cluster, h.source || ':' || h.id AS name,
        coalesce(r.rank, {len(order)}) AS rank
        FROM matches.{model.name} h
        LEFT JOIN matches.member m ON m.kind = '{model.name}' AND m.uid = h.uid
        LEFT JOIN (VALUES {ranks}) r(source, rank) ON r.source = h.source"""


def _claims(kind: str) -> str:
    """Return SQL: earlier entities by the clusters that may go on with them, at most one each.

    Where the record that names an entity still exists, its cluster alone may; else the cluster with
    most of the members.
    """
    return f"""CREATE OR REPLACE TEMP TABLE claims AS
        SELECT cluster, entity, members, since FROM (
            SELECT r.cluster, g.entity, count(*) AS members, min(g.since) AS since
            FROM records r JOIN given g ON g.kind = {kind} AND g.source = r.source AND g.id = r.id
            WHERE r.cluster IS NOT NULL GROUP BY ALL) c
        LEFT JOIN (SELECT name, cluster AS own FROM records) o ON o.name = c.entity
        WHERE o.name IS NULL OR o.own = c.cluster
        QUALIFY row_number() OVER (PARTITION BY entity ORDER BY members DESC, cluster) = 1"""


def _names() -> str:
    """Return SQL: the entity of each cluster, an earlier one or a new one."""
    return """CREATE OR REPLACE TEMP TABLE names AS
        WITH earlier AS (
            SELECT * FROM claims
            QUALIFY row_number() OVER (
                PARTITION BY cluster ORDER BY members DESC, since, entity) = 1),
        formed AS (
            SELECT cluster, name FROM records WHERE cluster IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY cluster ORDER BY rank, source, id) = 1)
        SELECT f.cluster, coalesce(e.entity, f.name) AS entity,
        coalesce(e.since, now()::TIMESTAMP) AS since
        FROM formed f LEFT JOIN earlier e USING (cluster)"""


def _merges(kind: str) -> str:
    """Return SQL: add the entities that became part of another one to the history."""
    return f"""INSERT INTO entity_history
        SELECT {kind}, now()::TIMESTAMP, 'merged', n.entity, c.entity
        FROM claims c JOIN names n USING (cluster) WHERE c.entity <> n.entity
        ORDER BY ALL"""


def _splits(kind: str) -> str:
    """Return SQL: add the new entities whose records were part of another one to the history."""
    return f"""INSERT INTO entity_history
        SELECT DISTINCT {kind}, now()::TIMESTAMP, 'split', coalesce(n.entity, r.name), g.entity
        FROM records r JOIN given g ON g.kind = {kind} AND g.source = r.source AND g.id = r.id
        LEFT JOIN names n USING (cluster)
        WHERE coalesce(n.entity, r.name) <> g.entity
        AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.cluster = r.cluster AND c.entity = g.entity)
        ORDER BY ALL"""


def write_aliases(store: MatchStore) -> None:
    """Write `aliases`: what an earlier id of an entity is called now, and `entity_history`.

    An id that names an entity or a record again is no alias.
    """
    run = store.connection.execute
    run("CREATE OR REPLACE TABLE matches.entity_history AS FROM entity_history")
    run(
        """CREATE OR REPLACE TABLE matches.aliases AS
        WITH RECURSIVE latest AS (
            SELECT kind, other AS alias, entity, changed_at FROM entity_history
            WHERE event = 'merged'
            QUALIFY row_number() OVER (PARTITION BY kind, other ORDER BY changed_at DESC) = 1),
        chain AS (
            SELECT kind, alias, entity, changed_at AS since, 1 AS steps FROM latest
            UNION ALL
            SELECT c.kind, c.alias, l.entity, c.since, c.steps + 1 FROM chain c
            JOIN latest l ON l.kind = c.kind AND l.alias = c.entity AND c.steps < 100)
        SELECT kind, alias, entity, since FROM chain
        WHERE NOT EXISTS (
            SELECT 1 FROM given g WHERE g.kind = chain.kind AND g.entity = chain.alias)
        QUALIFY row_number() OVER (PARTITION BY kind, alias ORDER BY steps DESC) = 1
        ORDER BY ALL"""
    )
