"""Finds which records are the same thing: what is new is compared, clusters are made anew."""

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
from phonofilm.warehouse.snapshots import publish
from phonofilm.warehouse.views.entities import SOURCE_PRIORITY, TABLES
from phonofilm.workspace import FolderLock, Workspace

try:
    from phonofilm.identity.genres import keep_genres
    from phonofilm.identity.match_store import MatchStore
    from phonofilm.identity.scoring import LINKED, WEAKEST, prior_of, score
except ImportError:
    raise ConfigurationError(
        "Matching needs splink, pyarrow and anyascii.",
        next_step="Install them: pip install 'phonofilm[match]'",
    ) from None

# Recordings first: what artists and releases share is told by them.
KINDS = {kind.name: kind for kind in (RECORDING, RELEASE, ARTIST, TITLE)}


_TO_DECIDE = "SELECT kind, count(*) FROM book.links WHERE status = 'to decide' GROUP BY kind"


class Matched(msgspec.Struct):
    """What a run found, by kind: records, those that were new, pairs compared, links that hold,
    things with several records (`clusters`), links for a person to decide, links that cannot be,
    decisions that newer ones contradict.
    """

    rules: str
    kinds: dict[str, dict[str, int]]
    elapsed_s: float


def match(folder: Workspace, again: bool = False) -> Matched:
    """Matches what is new (`again`: everything) and writes the result into the warehouse."""
    began = time.monotonic()
    folder.must_exist()
    with FolderLock(folder, "match"):
        book = MatchStore(folder)
        try:
            if again:
                book.begin_anew()
            told = {name: _one_kind(folder, book, kind) for name, kind in KINDS.items()}
            keep_genres(book)
            tell(book)
            for name, count in book.connection.execute(_TO_DECIDE).fetchall():
                told[name]["to_decide"] = count
        finally:
            book.close()
        _adopt(folder, book)
    return Matched(RULES, told, round(time.monotonic() - began, 3))


def _one_kind(folder: Workspace, book: MatchStore, kind: MatchModel) -> dict[str, int]:
    """Facts, pairs, scores and clusters of one kind."""
    came, gone = book.refresh(kind)
    pairs = book.candidates(kind)
    records = book.number(f"SELECT count(*) FROM book.{kind.name}")
    if pairs:
        score(book.connection, kind, records)
        book.keep(kind)
    found = _cluster(book, kind, decisions(folder, kind.name))
    _entities(book, kind)
    return {"records": records, "new": came, "gone": gone, "pairs": pairs, **found, "to_decide": 0}


def _cluster(book: MatchStore, kind: MatchModel, decided: list[Decision]) -> dict[str, int]:
    run = book.connection.execute
    _probabilities(book, kind)
    told = _decided(book, kind, decided)
    links = run(
        f"""SELECT a, b FROM held_{kind.name} WHERE probability >= {LINKED}
        ORDER BY probability DESC, source_a, id_a, source_b, id_b"""
    ).fetchall()
    concerned = {uid for pair in (*links, *told) for uid in pair[:2]}
    found = clusters(links, dict(_facts(book, kind, concerned)), kind.conflict, told)
    run("DELETE FROM book.member WHERE kind = ?", [kind.name])
    run("DELETE FROM book.refused WHERE kind = ?", [kind.name])
    book.insert("member", kind.name, found.cluster_of.items())
    book.insert(
        "refused", kind.name, [*found.refused, *(_ordered(pair) for pair in told if not pair[2])]
    )
    return {
        "links": len(links) - len(found.refused),
        "clusters": len(set(found.cluster_of.values())),
        "refused": len(found.refused),
        "contradicted": len(found.contradicted),
    }


UNSURE = 0.25
"""Less probable links are not worth a person's time."""


def _ordered(pair: tuple[int, int, bool]) -> tuple[int, int]:
    return min(pair[:2]), max(pair[:2])


def _probabilities(book: MatchStore, kind: MatchModel) -> None:
    """The links as `held_KIND`, with what they are worth.

    Where a source has each thing once, those that compete for one partner share what is to be had.
    """
    records = book.number(f"SELECT count(*) FROM book.{kind.name}")
    prior = prior_of(kind, records)
    odds = share = "odds"
    if kind.one_per_source:
        share = """odds / (1 + greatest(sum(odds) OVER (PARTITION BY a, source_b),
            sum(odds) OVER (PARTITION BY b, source_a)) - odds)"""
    book.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE held_{kind.name} AS SELECT * EXCLUDE (odds),
        round({share} / (1 + {share}), 6) AS probability FROM (
            SELECT a, b, evidence, method, x.source AS source_a, x.id AS id_a,
            y.source AS source_b, y.id AS id_b,
            least(factor * {prior / (1 - prior)!r}, if(witnessed, 1e18, 1.0)) AS {odds}
            FROM book.link l JOIN book.{kind.name} x ON x.uid = l.a
            JOIN book.{kind.name} y ON y.uid = l.b WHERE l.kind = '{kind.name}')
        WHERE odds >= {WEAKEST}"""
    )


def _decided(
    book: MatchStore, kind: MatchModel, decided: list[Decision]
) -> list[tuple[int, int, bool]]:
    """Pairs of records that people called one thing or two, the newest first, as far as here."""
    if not decided:
        return []
    names = [name for made in decided for name in (made.one, made.other)]
    rows = book.connection.execute(
        f"""SELECT source || ':' || id, uid FROM book.{kind.name}
        WHERE list_contains(?::VARCHAR[], source || ':' || id)""",
        [names],
    )
    uid_of = dict(rows.fetchall())
    return [
        (uid_of[made.one], uid_of[made.other], made.same)
        for made in reversed(decided)
        if made.one in uid_of and made.other in uid_of
    ]


def _facts(
    book: MatchStore, kind: MatchModel, concerned: set[int]
) -> Iterator[tuple[int, tuple[str, tuple[Any, ...]]]]:
    columns = ", ".join(["uid", "source", *kind.apart_by])
    rows = book.connection.execute(f"SELECT {columns} FROM book.{kind.name}")
    while held := rows.fetchmany(50_000):
        for row in held:
            if row[0] in concerned:
                yield row[0], (row[1], row[2:])


def _entities(book: MatchStore, kind: MatchModel) -> None:
    """What each record belongs to, as `entity_of_KIND`: the best known member names it."""
    ranks = ", ".join(f"('{source}', {rank})" for rank, source in enumerate(SOURCE_PRIORITY))
    book.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE entity_of_{kind.name} AS
        SELECT h.uid, h.source, h.id, m.cluster, first_value(h.source || ':' || h.id) OVER (
            PARTITION BY coalesce(m.cluster, -h.uid)
            ORDER BY coalesce(r.rank, 99), h.source, h.id) AS entity
        FROM book.{kind.name} h
        LEFT JOIN book.member m ON m.kind = '{kind.name}' AND m.uid = h.uid
        LEFT JOIN (VALUES {ranks}) r(source, rank) ON r.source = h.source"""
    )


def tell(book: MatchStore) -> None:
    """The result as people read it: `book.members` and `book.links`, by source and id."""
    run = book.connection.execute
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
            FROM held_{name} h JOIN entity_of_{name} x ON x.uid = h.a
            JOIN entity_of_{name} y ON y.uid = h.b
            LEFT JOIN book.refused r ON r.kind = '{name}' AND r.a = h.a AND r.b = h.b"""
        )
    run(f"CREATE OR REPLACE TABLE book.members AS {' UNION ALL '.join(members)}")
    run(f"CREATE OR REPLACE TABLE book.links AS {' UNION ALL '.join(links)}")
    book.settle()


def _adopt(folder: Workspace, book: MatchStore) -> None:
    """Into the warehouse, where the views are."""
    database = folder.database or saved_location(folder)
    warehouse = open_warehouse(folder, database)
    try:
        with warehouse.transaction():
            warehouse.replace_identity(book.path, tuple(TABLES))
        warehouse.checkpoint()
    finally:
        warehouse.close()
    if not database:
        publish(folder)


def kind_of(name: str) -> MatchModel:
    """A kind by its name; UsageError names those there are."""
    if name not in KINDS:
        raise UsageError(
            f"Nothing called {name!r} is matched.", next_step=f"Kinds: {', '.join(KINDS)}."
        )
    return KINDS[name]
