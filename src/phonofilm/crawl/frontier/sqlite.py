"""Frontier in SQLite (WAL): nodes and tasks, so that nothing is lost and nothing asked twice."""

from __future__ import annotations

import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phonofilm.crawl.frontier.base import (
    ANSWERED,
    FAILED,
    MISSING,
    PENDING,
    QUARANTINED,
    Continuation,
    Task,
)
from phonofilm.crawl.frontier.database import FrontierDatabase
from phonofilm.crawl.frontier.index import KIND_NUMBER, Discovered, FrontierIndex
from phonofilm.crawl.frontier.levels import FULL_MASK, FollowLevel
from phonofilm.errors import storage_error
from phonofilm.privacy.erased import redact_run_result
from phonofilm.records.kinds import TYPED
from phonofilm.sources.contract import Request, Response

_SETTLE = (
    "UPDATE task SET state = ?, status = ?, answered_at = ?, etag = ?, last_modified = ?, log = ?,"
    " log_offset = ? WHERE seq = ?"
)
_INSERT_SETTLED = (
    "INSERT INTO task (seq, endpoint, node, at, state, status, answered_at, etag, last_modified,"
    " log, log_offset) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_CONTINUATION = (
    "INSERT INTO task (seq, endpoint, node, at, state, total, cursor)"
    f" VALUES (?, ?, ?, ?, {PENDING}, ?, ?)"
)
_ANSWERED_NODES = f"SELECT node FROM task WHERE state = {ANSWERED}"
# A shorter text may stand in an address by chance.
_ERASED_TEXT_MIN = 6


class SqliteFrontier(FrontierDatabase):
    """Frontier of one source in one file. `FrontierIndex` holds its nodes in memory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.index = FrontierIndex()
        self._updates: list[tuple[str, tuple[Any, ...]]] = []
        try:
            self._last_task = self._number("SELECT coalesce(max(seq), 0) FROM task")
            self.index.load(self._db.execute("SELECT seq, kind, id, flags FROM node ORDER BY seq"))
            shortfalls = self._db.execute("SELECT endpoint, node, items FROM shortfall")
            self._shortfalls = {(endpoint, node): items for endpoint, node, items in shortfalls}
            self.index.mark_answered(row[0] for row in self._db.execute(_ANSWERED_NODES))
            # Only estimates depend on the members of lists: they are written now and then.
            self.index.list_members.update(dict(self._db.execute("SELECT node, known FROM member")))
        except sqlite3.Error as error:
            raise storage_error(path, error) from error

    def __len__(self) -> int:
        return len(self.index)

    def add_nodes(self, kind: str, mentions: Iterable[tuple[str, int, bool]]) -> Discovered:
        """Add the mentions of one kind in a response: id, level, full."""
        return self.index.add_nodes(kind, mentions)

    def mark_full(self, seq: int) -> bool:
        """Mark a node as full; return whether it was not full before."""
        return self.index.mark_full(seq)

    def seq_of(self, kind: str, id_: str) -> int | None:
        """Return the number of a node, or None when it is unknown."""
        return self.index.seq_of(kind, id_)

    def is_full(self, seq: int) -> bool:
        """Tell whether look-ups can add nothing to a node."""
        return self.index.is_full(seq)

    def level(self, seq: int) -> FollowLevel:
        """Return how far a node is followed."""
        return self.index.level(seq)

    def is_followed(self, kind: str, id_: str) -> bool:
        """Tell whether a node is known and followed."""
        seq = self.seq_of(kind, id_)
        return seq is not None and bool(self.level(seq))

    def id_of(self, seq: int) -> str:
        """Return the id of a node, from disk or from what waits for the commit."""
        row = self._db.execute("SELECT id FROM node WHERE seq = ?", (seq,)).fetchone()
        return self.index.new_id(seq) if row is None else str(row[0])

    def tally(self) -> dict[str, dict[str, int]]:
        """Count the known nodes by kind: full and only mentioned."""
        return {
            kind: {"full": full, "mentioned": count - full}
            for kind, count, full in self.index.counts()
        }

    def reset_levels(self) -> None:
        """Follow no node any more, at once; what is known and full stays so."""
        self._db.execute(f"UPDATE node SET flags = flags & {FULL_MASK}")
        self.index.reset_levels()
        self.set_meta("census", None)

    def add_continuation(self, request: Request, node: int, total: int | None = None) -> int:
        """Add the page after a response, with the announced list size; return its row."""
        self._last_task += 1
        self._insert(
            _INSERT_CONTINUATION,
            (
                self._last_task,
                request.endpoint,
                node,
                request.offset,
                total,
                request.cursor or None,
            ),
        )
        return self._last_task

    def open_continuations(self) -> Iterator[Continuation]:
        """Yield the continuations that wait for their request, oldest first.

        Their requests hold no ids: these are read when a request is made.
        """
        rows = self._db.execute(
            "SELECT seq, endpoint, node, at, total, coalesce(cursor, '') FROM task"
            " WHERE state = ? OR (state IN (?, ?) AND at > 0) ORDER BY seq",
            (PENDING, FAILED, QUARANTINED),
        )
        for row, endpoint, node, offset, total, cursor in rows:
            request = Request(endpoint, offset=offset, cursor=cursor)
            yield Continuation(request=request, row=row, node=node, total=total)

    def pages(self, endpoint: str, node: int) -> list[Request]:
        """Return the offset and the cursor of each page of a list so far, committed ones."""
        rows = self._db.execute(
            "SELECT at, coalesce(cursor, '') FROM task WHERE endpoint = ? AND node = ?",
            (endpoint, node),
        )
        return [Request(endpoint, offset=offset, cursor=cursor) for offset, cursor in rows]

    def continuation_total(self, row: int | None) -> int | None:
        """Return the announced list size of a continuation, a committed one."""
        stored = self._db.execute("SELECT total FROM task WHERE seq = ?", (row,)).fetchone()
        return None if stored is None else stored[0]

    def set_shortfall(self, endpoint: str, node: int, items: int) -> None:
        """Set how many of its announced items a list did not give."""
        if items or (endpoint, node) in self._shortfalls:
            self._shortfalls[endpoint, node] = items
            self._insert("REPLACE INTO shortfall VALUES (?, ?, ?)", (endpoint, node, items))

    def shortfalls(self) -> dict[tuple[str, int], int]:
        """Return the lists that gave less than they announced: missing items by endpoint, node."""
        return {key: items for key, items in self._shortfalls.items() if items}

    def set_list_size(self, endpoint: str, node: int, number: int) -> None:
        """Set the announced size of a list."""
        self._insert("INSERT OR REPLACE INTO length VALUES (?, ?, ?)", (endpoint, node, number))

    def list_sizes(self, endpoint: str) -> dict[int, int]:
        """Return the announced sizes of the lists of an endpoint, by node."""
        sql = "SELECT node, number FROM length WHERE endpoint = ?"
        return dict(self._db.execute(sql, (endpoint,)))

    def settle(
        self,
        task: Task,
        state: int,
        response: Response,
        answered_at: int,
        position: tuple[int, int] | None,
    ) -> None:
        """Settle a task at an instant (Unix microseconds) with the log and offset of its line.

        A continuation has a row already; other tasks get one for each of their nodes.
        """
        headers = response.headers
        if state == ANSWERED:
            self.index.mark_answered(task.nodes)
        values = (
            state,
            response.status,
            answered_at,
            headers.get("etag"),
            headers.get("last-modified"),
            *(position or (None, None)),
        )
        if task.continuation_row is not None:
            self._updates.append((_SETTLE, (*values, task.continuation_row)))
            return
        request = task.request
        for node in task.nodes:
            self._last_task += 1
            self._insert(
                _INSERT_SETTLED, (self._last_task, request.endpoint, node, request.offset, *values)
            )

    def settled_nodes(self, endpoint: str) -> Iterator[int]:
        """Return nodes whose first page of an endpoint is answered or missing.

        Failed tasks are left out, because they may be tried again.
        """
        rows = self._db.execute(
            "SELECT node FROM task WHERE endpoint = ? AND at = 0 AND state IN (?, ?)",
            (endpoint, ANSWERED, MISSING),
        )
        return (row[0] for row in rows)

    def refused_nodes(self, endpoint: str) -> Iterator[int]:
        """Return nodes that a response says are not there, though the next run tries again."""
        # A failed task without a response has status 0; keys and limits are no fault of the node.
        rows = self._db.execute(
            "SELECT node FROM task WHERE endpoint = ? AND at = 0 AND state = ?"
            " AND status > 0 AND status NOT IN (401, 403, 429)",
            (endpoint, FAILED),
        )
        return (row[0] for row in rows)

    def unanswered(self, nodes: Iterable[int]) -> list[int]:
        """Return the nodes that were requested, without any answer; committed requests only."""
        sql = "SELECT DISTINCT node FROM task WHERE at = 0 AND state IN (?, ?)"
        failed = {row[0] for row in self._db.execute(sql, (FAILED, QUARANTINED))} & {*nodes}
        if not failed:
            return []
        settled = {row[0] for row in self._db.execute(sql, (ANSWERED, MISSING))}
        return sorted(failed - settled)

    def reopen_lost(self, log: int, size: int) -> int:
        """Reopen the tasks whose lines lie past the landed bytes of their log; return how many.

        Their nodes are not full any more, or no queue would request them again.
        """
        lost = "SELECT node FROM task WHERE log = ? AND log_offset >= ? AND node > 0"
        nodes = {row[0] for row in self._db.execute(lost, (log, size))}
        for node in nodes:
            self.index.mark_not_full(node)
        self._db.executemany(
            f"UPDATE node SET flags = flags & ~{FULL_MASK} WHERE seq = ?", [(n,) for n in nodes]
        )
        return super().reopen_lost(log, size)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Run a block in one transaction; StoreError and nothing written when it fails."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise storage_error(self.path, error) from error

    def commit(self, log: int | None = None, offset: int = 0) -> None:
        """Write everything since the last commit, and the offset of a log, in one transaction."""
        index, run = self.index, self._db.execute
        with self._transaction():
            if index.new_rows:
                self._db.executemany("INSERT INTO node VALUES (?, ?, ?, ?)", index.new_rows)
            for seq, flags in index.changed_flags.items():
                run("UPDATE node SET flags = ? WHERE seq = ?", (flags, seq))
            for sql, rows in self._inserts.items():
                self._db.executemany(sql, rows)
            for sql, values in self._updates:
                run(sql, values)
            if log is not None:
                run("UPDATE log SET committed = ? WHERE id = ?", (offset, log))
        index.mark_stored()
        self._inserts.clear()
        self._updates.clear()

    def save_estimates(self, census: bytes = b"") -> None:
        """Save the known members of lists and, when given, the state of the estimators, at once."""
        if census:
            self.set_meta("census", b64encode(census).decode())
        with self._transaction():
            self._db.executemany(
                "REPLACE INTO member VALUES (?, ?)", list(self.index.list_members.items())
            )

    def saved_estimates(self) -> bytes:
        """Return the saved state of the estimators; empty when there is none."""
        return b64decode(self.meta("census") or "")

    def erase_person(
        self, ids_by_kind: Mapping[str, Iterable[str]], names: Iterable[str], tombstone: str
    ) -> None:
        """Erase the nodes, queries and files of a person, at once.

        Ids and typed names become a tombstone with a number, and the freed pages are wiped. Only
        before anything else is done with this frontier, because its index keeps the ids.
        """
        erased = {kind: set(ids) for kind, ids in ids_by_kind.items()}
        erased |= {kind: {*names} for kind in TYPED}
        texts = set().union(*erased.values())
        try:
            self._db.execute("PRAGMA secure_delete = ON")
            for kind, ids in erased.items():
                self._db.executemany(
                    "UPDATE node SET id = ? || '-' || seq WHERE kind = ? AND id = ?",
                    [(tombstone, KIND_NUMBER[kind], id_) for id_ in ids],
                )
            self._erase_texts(texts)
            self._db.execute("DELETE FROM meta WHERE key = 'scope'")
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise storage_error(self.path, error) from error

    def _erase_texts(self, texts: set[str]) -> None:
        """Erase texts from the addresses of files and from the results of runs."""
        run = self._db.execute
        for text in texts:
            if len(text) >= _ERASED_TEXT_MIN:
                run("DELETE FROM media WHERE instr(url, ?) > 0", (text,))
        for id_, result in run("SELECT id, result FROM run").fetchall():
            if result and (cleaned := redact_run_result(result, texts)) != result:
                run("UPDATE run SET result = ? WHERE id = ?", (cleaned, id_))
