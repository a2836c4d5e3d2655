"""Read-only queries on a frontier file, without loading its nodes; no file means no rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from phonofilm.crawl.frontier.levels import FOLLOWED, flags_from
from phonofilm.crawl.frontier.sqlite.database import FrontierDatabase, frontier_error
from phonofilm.crawl.frontier.sqlite.schema import VERSION, prepare, version_of
from phonofilm.crawl.frontier.values import ANSWERED, MISSING


@contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a frontier file for reading; a file of an older version is migrated first.

    A file without tables yet is one that a crawl creates now: it is left alone and read as empty.
    StoreError when it is damaged, in the block, too.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            version = version_of(db)
        if 0 < version < VERSION:
            FrontierDatabase(path).close()
        address = f"file:{path}?mode=ro" if version else "file::memory:"
        with closing(sqlite3.connect(address, uri=True)) as db:
            if not version:
                prepare(db, path)
            yield db
    except sqlite3.Error as error:
        raise frontier_error(path, error) from error


def answered_ids(path: Path) -> dict[str, set[str]]:
    """Return the ids whose requests are answered or missing, by endpoint.

    Empty without a frontier.
    """
    if not path.exists():
        return {}
    ids: dict[str, set[str]] = {}
    with _read_only(path) as db:
        rows = db.execute(
            "SELECT t.endpoint, n.id FROM task t JOIN node n ON n.seq = t.node"
            " WHERE t.at = 0 AND t.state IN (?, ?)",
            (ANSWERED, MISSING),
        )
        for endpoint, id_ in rows:
            ids.setdefault(endpoint, set()).add(id_)
    return ids


def followed_ids(path: Path, kind: int, count: int | None, scope: str) -> list[str]:
    """Return the first ids of a kind (by its number) that a crawl of a scope followed.

    Empty without a frontier, and when the folder was last crawled for another scope.
    """
    if not path.exists():
        return []
    with _read_only(path) as db:
        last_scope = db.execute("SELECT value FROM meta WHERE key = 'scope'").fetchone()
        if last_scope != (scope,):
            return []
        rows = db.execute(
            "SELECT id FROM node WHERE kind = ? AND flags >= ? ORDER BY seq LIMIT ?",
            (kind, flags_from(FOLLOWED), -1 if count is None else count),
        )
        return [id_ for (id_,) in rows]


def saved_runs(path: Path) -> list[tuple[str, float, str]]:
    """Return id, start (Unix seconds) and result (JSON) of all ended runs, oldest first.

    Also while a crawl writes to the frontier.
    """
    with _read_only(path) as db:
        return db.execute("SELECT id, started, result FROM run ORDER BY started").fetchall()


def bound_access(path: Path) -> str | None:
    """Return the access level of the last crawl; None when the frontier never had one."""
    with _read_only(path) as db:
        row = db.execute("SELECT value FROM meta WHERE key = 'access'").fetchone()
        return None if row is None else str(row[0])
