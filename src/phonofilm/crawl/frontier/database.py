"""What was asked and how it ended: calls, runs, logs, settings of one source, in SQLite (WAL)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from phonofilm.errors import NewerDataError, OriginError, StoreError, storage_error
from phonofilm.sources.contract import Request

VERSION = 3
# States of an ask; a leased one is not written anywhere, so a crash drops the lease.
PENDING, ANSWERED, FAILED, MISSING, QUARANTINED = range(5)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS node (
    seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL, flags INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ask (
    seq INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, node INTEGER NOT NULL, at INTEGER NOT NULL,
    state INTEGER NOT NULL, status INTEGER, answered_at INTEGER, etag TEXT, last_modified TEXT,
    generation INTEGER NOT NULL DEFAULT 1, log INTEGER, log_offset INTEGER, total INTEGER,
    cursor TEXT);
CREATE TABLE IF NOT EXISTS member (node INTEGER PRIMARY KEY, known INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS call (
    seq INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, answered_at INTEGER NOT NULL,
    status INTEGER NOT NULL, verdict TEXT NOT NULL, vein TEXT NOT NULL, gain REAL NOT NULL,
    met TEXT NOT NULL, run TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY, committed INTEGER NOT NULL, sealed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS length (
    endpoint TEXT NOT NULL, node INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (endpoint, node)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
    url TEXT PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
    content_type TEXT NOT NULL, owners TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS absent (endpoint TEXT PRIMARY KEY, since INTEGER, status INTEGER);
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, started REAL, result TEXT);
"""


class Task(NamedTuple):
    """Something to ask: a request, its nodes, and its row when it continues another answer."""

    request: Request
    nodes: tuple[int, ...]
    continuation_row: int | None = None
    queue: str = ""


class FetchedFile(NamedTuple):
    """A file that was fetched; without a path it was refused for good."""

    path: str
    sha256: str
    bytes: int
    content_type: str
    owners: str


class FrontierDatabase:
    """The durable side of a frontier. Settings and logs are written at once, calls by `commit`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inserts: dict[str, list[tuple[Any, ...]]] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare()
        except sqlite3.Error as error:
            raise storage_error(path, error) from error

    def _prepare(self) -> None:
        version = self._one("PRAGMA user_version")
        if version > VERSION:
            raise NewerDataError(
                f"{self.path} was written by a newer phonofilm (version {version}).",
                saved="Nothing was touched.",
                next_step="Update phonofilm, or name another folder with --data.",
            )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        if version == 1:  # before lists remembered how long they are
            self._db.execute("ALTER TABLE ask ADD COLUMN total INTEGER")
        if version in (1, 2):  # before next links were followed
            self._db.execute("ALTER TABLE ask ADD COLUMN cursor TEXT")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._last_call = self._one("SELECT coalesce(max(seq), 0) FROM call")

    def _one(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])

    def record_request(
        self,
        ask: Task,
        status: int,
        verdict: str,
        answered_at: int,
        gain: float,
        met: str,
        run: str,
    ) -> int:
        """One call was made; returns its number, counted over all runs."""
        self._last_call += 1
        self._insert(
            "INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._last_call,
                ask.request.endpoint,
                answered_at,
                status,
                verdict,
                ask.queue,
                gain,
                met,
                run,
            ),
        )
        return self._last_call

    def record_file(self, run: str) -> int:
        """A file was fetched: it has a number among the calls, and is no part of any budget."""
        self._last_call += 1
        row = (self._last_call, "media", 0, 200, "file", "", 0.0, "", run)
        self._insert("INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return self._last_call

    def save_media(
        self, url: str, path: str, sha256: str, size: int, content_type: str, owners: str
    ) -> None:
        """A file is in its place (or, without a path, will never be); `owners` is a print."""
        values = (url, path, sha256, size, content_type, owners)
        self._insert("INSERT OR REPLACE INTO media VALUES (?, ?, ?, ?, ?, ?)", values)

    def media(self) -> dict[str, FetchedFile]:
        """The files that were fetched, by address."""
        return {row[0]: FetchedFile(*row[1:]) for row in self._db.execute("SELECT * FROM media")}

    def _insert(self, sql: str, values: tuple[Any, ...]) -> None:
        """For the next commit; inserts come before updates, which may be of the same rows."""
        self._inserts.setdefault(sql, []).append(values)

    def answered_requests(self) -> Iterator[tuple[str, float, str]]:
        """All calls that brought an answer, oldest first: vein, gain, what was met."""
        return iter(
            self._db.execute(
                "SELECT vein, gain, met FROM call WHERE verdict = 'answer' AND vein <> ''"
                " ORDER BY seq"
            )
        )

    def requests_since(self, instant: float) -> list[tuple[float, str]]:
        """Unix seconds and endpoint of the calls made after an instant."""
        rows = self._db.execute(
            "SELECT answered_at, endpoint FROM call WHERE answered_at > ? ORDER BY seq",
            (int(instant * 1e6),),
        )
        return [(at / 1e6, endpoint) for at, endpoint in rows]

    def answered_endpoints(self) -> set[str]:
        """Endpoints that answered at least once: these are not absent."""
        rows = self._db.execute("SELECT DISTINCT endpoint FROM call WHERE verdict = 'answer'")
        return {row[0] for row in rows}

    def absent(self) -> frozenset[str]:
        """Endpoints found absent at this access level."""
        return frozenset(row[0] for row in self._db.execute("SELECT endpoint FROM absent"))

    def mark_absent(self, endpoint: str, since: int, status: int) -> None:
        """Remembers that an endpoint is not there; it costs no call again."""
        self._insert("INSERT OR IGNORE INTO absent VALUES (?, ?, ?)", (endpoint, since, status))

    def meta(self, key: str) -> str | None:
        """A remembered setting."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str | None) -> None:
        """Remembers a setting at once; None forgets it."""
        if value is None:
            self._db.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def restore_parking(self, ban: dict[str, str | None], spent: list[tuple[float, str]]) -> None:
        """Carries a ban and the calls of the last day over into a fresh frontier."""
        self.set_meta("parked_until", ban.get("parked_until"))
        self.set_meta("parked_at", ban.get("parked_at"))
        self.set_meta("parked_origin", ban.get("origin"))
        self._db.executemany(
            "INSERT INTO call (endpoint, answered_at, status, verdict, vein, gain, met, run)"
            " VALUES (?, ?, 0, 'before', '', 0, '', 'before')",
            [(endpoint, int(instant * 1e6)) for instant, endpoint in spent],
        )

    def bind_origin(self, origin: str, access: str) -> None:
        """A folder holds one origin per source; OriginError for another.

        Another access level is another view of the same world: what was absent may be there.
        """
        held = self.meta("origin")
        if held not in (None, origin):
            raise OriginError(
                f"This data folder holds {self.path.stem} from {held}, not from {origin}.",
                saved="Nothing was touched.",
                next_step="Name another folder with --data, or forget this one's with --fresh.",
            )
        self.set_meta("origin", origin)
        if self.meta("access") not in (None, access):
            self._db.execute("DELETE FROM absent")
        self.set_meta("access", access)

    def new_log(self) -> int:
        """Begins another log."""
        return int(self._db.execute("INSERT INTO log (committed) VALUES (0)").lastrowid or 0)

    def unsealed(self) -> list[int]:
        """Logs that are not segments yet, oldest first."""
        rows = self._db.execute("SELECT id FROM log WHERE sealed = 0 ORDER BY id")
        return [row[0] for row in rows]

    def sealed(self, log: int) -> None:
        """A log is now segments."""
        self._db.execute("UPDATE log SET sealed = 1 WHERE id = ?", (log,))

    def committed(self, log: int) -> int:
        """How much of a log belongs to committed answers, in bytes."""
        row = self._db.execute("SELECT committed FROM log WHERE id = ?", (log,)).fetchone()
        return int(row[0])

    def reopen_lost(self, log: int, size: int) -> int:
        """After a power cut: answers past the end of their log are asked again; how many."""
        done = self._db.execute(
            f"UPDATE ask SET state = {FAILED} WHERE log = ? AND log_offset >= ?", (log, size)
        )
        self._db.execute("UPDATE log SET committed = min(committed, ?) WHERE id = ?", (size, log))
        return int(done.rowcount)

    def save_run(self, run: str, started: float, result: str) -> None:
        """Writes down how a run ended."""
        self._db.execute("INSERT OR REPLACE INTO run VALUES (?, ?, ?)", (run, started, result))

    def runs(self) -> list[tuple[str, float, str]]:
        """All runs that ended, oldest first: id, start in Unix seconds, result as JSON."""
        return self._db.execute("SELECT id, started, result FROM run ORDER BY started").fetchall()

    def request_counts(self, run: str | None = None) -> list[tuple[str, int, int]]:
        """Calls by endpoint and status, of one run or of all."""
        where, values = ("WHERE run = ?", (run,)) if run else ("", ())
        return self._db.execute(
            f"SELECT endpoint, status, count(*) FROM call {where} GROUP BY 1, 2 ORDER BY 1, 2",
            values,
        ).fetchall()

    def gain_by_queue(self) -> list[tuple[str, int, float, float]]:
        """By kind of call, over all runs: calls answered, what they brought, of the last hundred.

        The last is a mean per call; all in information (a full thing 1, a mention 0.5).
        """
        return self._db.execute(
            "SELECT vein, count(*), sum(gain), avg(gain) FILTER (WHERE later <= 100) FROM"
            " (SELECT vein, gain, row_number() OVER (PARTITION BY vein ORDER BY seq DESC) AS later"
            "  FROM call WHERE verdict = 'answer' AND vein <> '') GROUP BY vein ORDER BY 3 DESC"
        ).fetchall()

    def close(self) -> None:
        """Closes the database."""
        try:
            self._db.close()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} could not be closed: {error}.") from error


def answered_ids(path: Path) -> dict[str, set[str]]:
    """What was asked and answered (or is not there), by endpoint; empty without a frontier."""
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT a.endpoint, n.id FROM ask a JOIN node n ON n.seq = a.node"
            " WHERE a.at = 0 AND a.state IN (?, ?)",
            (ANSWERED, MISSING),
        )
        found: dict[str, set[str]] = {}
        for endpoint, id_ in rows:
            found.setdefault(endpoint, set()).add(id_)
        return found


def followed_ids(path: Path, kind: int, most: int | None, scope: str) -> list[str]:
    """The first things of a kind (by its number) that a crawl of a scope followed.

    Empty when the folder was last crawled for another scope.
    """
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        held = db.execute("SELECT value FROM meta WHERE key = 'scope'").fetchone()
        if held != (scope,):
            return []
        rows = db.execute(
            "SELECT id FROM node WHERE kind = ? AND flags >> 1 >= 2 ORDER BY seq LIMIT ?",
            (kind, -1 if most is None else most),
        )
        return [id_ for (id_,) in rows]
