"""Why two records are thought to be one thing, or not: each fact, and what it is worth."""

from __future__ import annotations

import msgspec

from phonofilm.errors import UsageError
from phonofilm.identity.decisions import decisions
from phonofilm.identity.match import KINDS, kind_of
from phonofilm.identity.match_store import MatchStore
from phonofilm.identity.model import RULES, MatchModel
from phonofilm.identity.scoring import LINKED, Weight, weigh
from phonofilm.workspace import FolderLock, Workspace


class Explained(msgspec.Struct):
    """Two records and what speaks for and against their being one.

    `probability` is of these two alone; `verdict` is what `match` made of them, in words.
    """

    kind: str
    one: str
    other: str
    probability: float
    verdict: str
    weights: list[Weight]
    rules: str


def explain(folder: Workspace, one: str, other: str, kind: str = "") -> Explained:
    """The reasons for two records, named `source:id`; UsageError when one was never matched."""
    folder.must_exist()
    with FolderLock(folder, "match --explain"):
        book = MatchStore(folder)
        try:
            held = _kind(book, one, other, kind)
            a, b = (_uid(book, held, name) for name in (one, other))
            probability, weights = weigh(book.connection, held, a, b, _records(book, held))
            verdict = _verdict(folder, book, held, (one, other), (a, b), probability)
        finally:
            book.close()
    return Explained(held.name, one, other, round(probability, 6), verdict, weights, RULES)


def _records(book: MatchStore, kind: MatchModel) -> int:
    return book.number(f"SELECT count(*) FROM book.{kind.name}")


def _kind(book: MatchStore, one: str, other: str, name: str) -> MatchModel:
    """The kind that holds both; the one that was named."""
    if name:
        return kind_of(name)
    found = [k for k in KINDS.values() if _find(book, k, one) and _find(book, k, other)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{one} and {other} are each several things: {', '.join(k.name for k in found)}.",
            next_step=f"Say which: --kind {found[0].name}",
        )
    lost = [text for text in (one, other) if not any(_find(book, k, text) for k in KINDS.values())]
    raise UsageError(
        f"{' and '.join(lost) or 'These two'} cannot be compared.",
        next_step="Names are source:id as tables show them; after new data: phonofilm match.",
    )


def _find(book: MatchStore, kind: MatchModel, name: str) -> int:
    tables = "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'book' AND table_name = ?"
    if not book.number(tables, [kind.name]):
        return 0
    source, _, id_ = name.partition(":")
    sql = f"SELECT max(uid) FROM book.{kind.name} WHERE source = ? AND id = ?"
    return book.number(sql, [source, id_])


def _uid(book: MatchStore, kind: MatchModel, name: str) -> int:
    uid = _find(book, kind, name)
    if not uid:
        raise UsageError(
            f"There is no {kind.name} called {name}.",
            next_step="Names are source:id as tables show them; after new data: phonofilm match.",
        )
    return uid


def _verdict(
    folder: Workspace,
    book: MatchStore,
    kind: MatchModel,
    names: tuple[str, str],
    uids: tuple[int, int],
    probability: float,
) -> str:
    """What became of the pair, and why."""
    pair = sorted(names)
    for made in decisions(folder, kind.name):
        if [made.one, made.other] == pair:
            return f"a person decided on {made.at}: {'the same' if made.same else 'two'}"
    [held] = book.connection.execute(
        "SELECT count(*), count(DISTINCT cluster) FROM book.member"
        " WHERE kind = ? AND uid IN (?, ?)",
        [kind.name, *uids],
    ).fetchall()
    if held[0] == 2 and held[1] == 1:
        if probability >= LINKED:
            return "one thing"
        return "one thing, by way of others that are like both"
    low, high = sorted(uids)
    told = [kind.name, low, high]
    if book.number("SELECT count(*) FROM book.refused WHERE kind = ? AND a = ? AND b = ?", told):
        return "two things: together they would hold records of one source that cannot be one"
    if probability >= LINKED:
        return "alike, but others are as like, or a source keeps them apart"
    return "two things" if probability < 0.25 else "for a person to decide: match --review"
