"""Tables of a frontier file (SQLite), their version, and the migrations from older versions.

Files of older versions are changed when they are opened, one transaction a version, so that a cut
leaves a whole version. Files of newer ones are left alone.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from phonofilm.errors import NewerDataError

VERSION = 4

# `at` of a task is the offset of its page; 0 is the first. Its `node` is 0 for no node.
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS node (
    seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL, flags INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS task (
    seq INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, node INTEGER NOT NULL, at INTEGER NOT NULL,
    state INTEGER NOT NULL, status INTEGER, answered_at INTEGER, etag TEXT, last_modified TEXT,
    generation INTEGER NOT NULL DEFAULT 1, log INTEGER, log_offset INTEGER, total INTEGER,
    cursor TEXT);
CREATE TABLE IF NOT EXISTS member (node INTEGER PRIMARY KEY, known INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS call (
    seq INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, answered_at INTEGER NOT NULL,
    status INTEGER NOT NULL, verdict TEXT NOT NULL, queue TEXT NOT NULL, gain REAL NOT NULL,
    met TEXT NOT NULL, run TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY, committed INTEGER NOT NULL, sealed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS length (
    endpoint TEXT NOT NULL, node INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (endpoint, node)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shortfall (
    endpoint TEXT NOT NULL, node INTEGER NOT NULL, items INTEGER NOT NULL,
    PRIMARY KEY (endpoint, node)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
    url TEXT PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
    content_type TEXT NOT NULL, owners TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS absent (endpoint TEXT PRIMARY KEY, since INTEGER, status INTEGER);
CREATE TABLE IF NOT EXISTS permit (
    id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, started REAL, result TEXT);
"""

# Statements that bring a file from a version to the next.
_MIGRATIONS: dict[int, tuple[str, ...]] = {
    # lists remember how long they are
    1: ("ALTER TABLE ask ADD COLUMN total INTEGER",),
    # next links are followed
    2: ("ALTER TABLE ask ADD COLUMN cursor TEXT",),
    # a task and a queue are called so
    3: ("ALTER TABLE ask RENAME TO task", "ALTER TABLE call RENAME COLUMN vein TO queue"),
}


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a frontier file, or bring an older file to this version.

    NewerDataError for a file of a newer version.
    """
    version = version_of(db)
    if version > VERSION:
        raise NewerDataError(
            f"{path} was written by a newer phonofilm (version {version}).",
            written=version,
            saved="Nothing was touched.",
            next_step="Update phonofilm, or name another folder with --data.",
        )
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    if version:
        for older in range(version, VERSION):
            _migrate(db, older)
    db.executescript(_TABLES)
    db.execute(f"PRAGMA user_version = {VERSION}")


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of a frontier file; 0 for a new one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _migrate(db: sqlite3.Connection, version: int) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in _MIGRATIONS[version]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version + 1}")
        db.execute("COMMIT")
    except sqlite3.Error:
        db.execute("ROLLBACK")
        raise
