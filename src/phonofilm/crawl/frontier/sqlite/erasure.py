"""Erase a person from a frontier file: ids and names become a tombstone, freed pages are wiped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phonofilm.crawl.frontier.index import KIND_NUMBER
from phonofilm.crawl.frontier.sqlite.database import FrontierDatabase
from phonofilm.privacy.erased import redact_run_result
from phonofilm.records.kinds import TYPED

# A shorter text may stand in an address by chance.
_TEXT_LENGTH_MIN = 6
_RENAME = "UPDATE node SET id = ? || '-' || seq WHERE kind = ? AND id = ?"


def erase_person(
    database: FrontierDatabase,
    ids_by_kind: Mapping[str, Iterable[str]],
    names: Iterable[str],
    tombstone: str,
) -> None:
    """Erase the nodes, queries and files of a person."""
    erased = {kind: set(ids) for kind, ids in ids_by_kind.items()}
    erased |= {kind: {*names} for kind in TYPED}
    run = database.execute
    run("PRAGMA secure_delete = ON")
    for kind, ids in erased.items():
        database.executemany(_RENAME, [(tombstone, KIND_NUMBER[kind], id_) for id_ in ids])
    _erase_texts(database, set().union(*erased.values()))
    run("DELETE FROM meta WHERE key = 'scope'")
    run("VACUUM")
    run("PRAGMA wal_checkpoint(TRUNCATE)")


def _erase_texts(database: FrontierDatabase, texts: set[str]) -> None:
    """Erase texts from the addresses of files and from the results of runs."""
    run = database.execute
    for text in texts:
        if len(text) >= _TEXT_LENGTH_MIN:
            run("DELETE FROM media WHERE instr(url, ?) > 0", (text,))
    for id_, result in list(database.rows("SELECT id, result FROM run")):
        if result and (cleaned := redact_run_result(result, texts)) != result:
            run("UPDATE run SET result = ? WHERE id = ?", (cleaned, id_))
