"""What is known, asked, answered and failed, so that nothing is lost and nothing asked twice.

SQLite (WAL) beside the data. A node is something that can be asked about: an artist, a genre, a
query. Known keys are 64-bit hashes in memory, rebuilt from an append-only table at start: a unique
index over text keys is eight times slower at two million keys than at ten thousand. The hash is
Python's own: it need not be the same in the next process.
"""

from __future__ import annotations

import sqlite3
from array import array
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from phonofilm.crawl.frontier.database import (
    ANSWERED,
    FAILED,
    MISSING,
    PENDING,
    FrontierDatabase,
    Task,
)
from phonofilm.crawl.frontier.levels import LEVELS, FollowLevel
from phonofilm.errors import storage_error
from phonofilm.privacy.people import told_without
from phonofilm.records.kinds import NODE_KINDS, TYPED
from phonofilm.sources.contract import Request, Response

KIND_NUMBER = {kind: number for number, kind in enumerate(NODE_KINDS)}
_MOST_MENTIONS = 255
_SETTLE = (
    "UPDATE ask SET state = ?, status = ?, answered_at = ?, etag = ?, last_modified = ?, log = ?,"
    " log_offset = ? WHERE seq = ?"
)


class Discovered(NamedTuple):
    """How mentions changed what is known of the part that is followed.

    Things followed for the first time, full or only mentioned, and followed ones that became full.
    `filled` are the nodes and ids of all that became full now, followed or not; `again` the nodes
    of all others.
    """

    first_full: int
    first_mentioned: int
    became_full: int
    filled: Sequence[tuple[int, str]] = ()
    already_known: Sequence[int] = ()


class Frontier(FrontierDatabase):
    """One source's frontier in one data folder. All writes wait for `commit`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._known: dict[str, dict[int, int]] = {kind: {} for kind in NODE_KINDS}
        self.flags = bytearray(1)  # by seq: full in bit 0, level in bits 1 and 2
        self.kinds = bytearray(1)
        self.mentions = bytearray(1)  # by seq: how often it came again, in this run
        self.by_kind: dict[str, array[int]] = {kind: array("q") for kind in NODE_KINDS}
        self._totals, self._fulls = [0] * len(NODE_KINDS), [0] * len(NODE_KINDS)
        self._nodes: list[tuple[Any, ...]] = []
        self._changes: dict[int, int] = {}
        self._updates: list[tuple[str, tuple[Any, ...]]] = []
        # Known members of lists. Estimates live on it, nothing else: it is written now and then.
        self.list_members = Counter(dict(self._db.execute("SELECT node, known FROM member")))
        self._last_ask = self._one("SELECT coalesce(max(seq), 0) FROM ask")
        for row in self._db.execute("SELECT seq, kind, id, flags FROM node ORDER BY seq"):
            self._remember(*row)

    def _remember(self, seq: int, kind: int, id_: str, flags: int) -> None:
        self._known[NODE_KINDS[kind]][hash(id_)] = seq
        self.flags.append(flags)
        self.kinds.append(kind)
        self.mentions.append(0)
        self.by_kind[NODE_KINDS[kind]].append(seq)
        self._totals[kind] += 1
        self._fulls[kind] += flags & 1

    def __len__(self) -> int:
        return len(self.flags) - 1

    def add_nodes(self, kind: str, mentions: Iterable[tuple[str, int, bool]]) -> Discovered:
        """Things of a kind were mentioned: id, level, full. What is known only ever grows.

        One loop for a whole answer: this runs for every record of every answer.
        """
        known, held, number = self._known[kind], self.flags, KIND_NUMBER[kind]
        told = self.mentions
        line, fresh = self.by_kind[kind], self._nodes
        first_full = first_mentioned = became_full = 0
        filled: list[tuple[int, str]] = []
        again: list[int] = []
        for id_, level, full in mentions:
            hashed = hash(id_)
            seq = known.get(hashed)
            if seq is None:
                known[hashed] = seq = len(held)
                flags = level << 1 | full
                held.append(flags)
                told.append(0)
                line.append(seq)
                fresh.append((seq, number, id_, flags))
                raised = level > 0
                if full:
                    filled.append((seq, id_))
            else:
                was_full = held[seq] & 1
                if told[seq] < _MOST_MENTIONS:
                    told[seq] += 1
                raised, news = self._again(kind, seq, level, full)
                became_full += news
                if full and not was_full:
                    filled.append((seq, id_))
                else:
                    again.append(seq)
            if raised:
                if held[seq] & 1:
                    first_full += 1
                else:
                    first_mentioned += 1
        self._count_new(number)
        return Discovered(first_full, first_mentioned, became_full, filled, again)

    def _count_new(self, number: int) -> None:
        new = self.flags[len(self.kinds) :]
        self.kinds.extend(bytes((number,)) * len(new))
        self._totals[number] += len(new)
        self._fulls[number] += sum(flags & 1 for flags in new)

    def _again(self, kind: str, seq: int, level: int, full: bool) -> tuple[bool, bool]:
        """A known thing: whether it is followed further now, else whether it became full."""
        old = self.flags[seq]
        raised, became_full = level > old >> 1, full and not old & 1
        if raised or became_full:
            self._change(seq, max(level, old >> 1) << 1 | (old & 1 or full))
            if raised:
                self.by_kind[kind].append(seq)
        return raised and not old >> 1, became_full and old > 1

    def reset_levels(self) -> None:
        """Nothing is followed any more; what is known and full stays so."""
        self._db.execute("UPDATE node SET flags = flags & 1")
        self.flags = bytearray(flags & 1 for flags in self.flags)
        self.set_meta("census", None)

    def erase_person(
        self, things: Mapping[str, Iterable[str]], names: Iterable[str], word: str
    ) -> None:
        """Things of a person, by kind, and names that were asked for become a word with a number.

        The pages they stood on are wiped. Only before anything else is done with this frontier:
        what it holds in memory stays.
        """
        told = {kind: set(ids) for kind, ids in things.items()}
        told |= {kind: {*names} for kind in TYPED}
        texts = set().union(*told.values())
        run = self._db.execute
        try:
            run("PRAGMA secure_delete = ON")
            for kind, ids in told.items():
                rows = [(word, KIND_NUMBER[kind], id_) for id_ in ids]
                self._db.executemany(
                    "UPDATE node SET id = ? || '-' || seq WHERE kind = ? AND id = ?", rows
                )
            for text in texts:
                run("DELETE FROM media WHERE instr(url, ?) > 0 AND length(?) > 5", (text, text))
            for id_, result in run("SELECT id, result FROM run").fetchall():
                if result and (kept := told_without(result, texts)) != result:
                    run("UPDATE run SET result = ? WHERE id = ?", (kept, id_))
            run("DELETE FROM meta WHERE key = 'scope'")
            run("VACUUM")
            run("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise storage_error(self.path, error) from error

    def _change(self, seq: int, flags: int) -> None:
        if seq < len(self.kinds):
            self._fulls[self.kinds[seq]] += (flags & 1) - (self.flags[seq] & 1)
        self.flags[seq] = flags
        self._changes[seq] = flags

    def mark_full(self, seq: int) -> bool:
        """No permitted call would add a wanted field any more; True when that is news."""
        if self.flags[seq] & 1:
            return False
        self._change(seq, self.flags[seq] | 1)
        return True

    def seq_of(self, kind: str, id_: str) -> int | None:
        """The node of a thing, or None when it was never met."""
        return self._known[kind].get(hash(id_))

    def is_full(self, seq: int) -> bool:
        """Whether nothing more can be learned of a node by look-ups."""
        return bool(self.flags[seq] & 1)

    def level(self, seq: int) -> FollowLevel:
        """Return how far a node is followed."""
        return LEVELS[self.flags[seq]]

    def id_of(self, seq: int) -> str:
        """The id of a node, from disk or from what waits for the commit."""
        row = self._db.execute("SELECT id FROM node WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            return str(next(node[2] for node in reversed(self._nodes) if node[0] == seq))
        return str(row[0])

    def add_continuation(self, request: Request, node: int, total: int | None = None) -> int:
        """Notes a page after an answer, and how long the list says it is; returns its row."""
        self._last_ask += 1
        self._insert(
            "INSERT INTO ask (seq, endpoint, node, at, state, total, cursor)"
            " VALUES (?, ?, ?, ?, 0, ?, ?)",
            (self._last_ask, request.endpoint, node, request.offset, total, request.cursor or None),
        )
        return self._last_ask

    def set_list_size(self, endpoint: str, node: int, number: int) -> None:
        """A thing says how long a list of its own is."""
        self._insert("INSERT OR REPLACE INTO length VALUES (?, ?, ?)", (endpoint, node, number))

    def list_sizes(self, endpoint: str) -> dict[int, int]:
        """How long the lists of an endpoint are said to be, by node."""
        sql = "SELECT node, number FROM length WHERE endpoint = ?"
        return dict(self._db.execute(sql, (endpoint,)))

    def cursors(self, endpoint: str, node: int) -> list[str]:
        """The next links that a list gave so far, committed ones."""
        rows = self._db.execute(
            "SELECT cursor FROM ask WHERE endpoint = ? AND node = ? AND cursor IS NOT NULL",
            (endpoint, node),
        )
        return [row[0] for row in rows]

    def settle(
        self,
        ask: Task,
        state: int,
        response: Response,
        answered_at: int,
        log: tuple[int, int] | None,
    ) -> None:
        """An ask is over: answered, failed, missing or quarantined; the time in microseconds."""
        headers = response.headers
        facts = (
            state,
            response.status,
            answered_at,
            headers.get("etag"),
            headers.get("last-modified"),
            *(log or (None, None)),
        )
        if ask.continuation_row is not None:
            self._updates.append((_SETTLE, (*facts, ask.continuation_row)))
            return
        for node in ask.nodes:
            self._last_ask += 1
            self._insert(
                "INSERT INTO ask (seq, endpoint, node, at, state, status, answered_at, etag,"
                " last_modified, log, log_offset) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._last_ask, ask.request.endpoint, node, ask.request.offset, *facts),
            )

    def commit(self, log: int | None = None, offset: int = 0) -> None:
        """Everything since the last commit in one transaction, with the log's offset."""
        run = self._db.execute
        try:
            run("BEGIN IMMEDIATE")
            if self._nodes:
                self._db.executemany("INSERT INTO node VALUES (?, ?, ?, ?)", self._nodes)
            for seq, flags in self._changes.items():
                run("UPDATE node SET flags = ? WHERE seq = ?", (flags, seq))
            for sql, rows in self._inserts.items():
                self._db.executemany(sql, rows)
            for sql, values in self._updates:
                run(sql, values)
            if log is not None:
                run("UPDATE log SET committed = ? WHERE id = ?", (offset, log))
            run("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                run("ROLLBACK")
            raise storage_error(self.path, error) from error
        self._nodes.clear()
        self._changes.clear()
        self._inserts.clear()
        self._updates.clear()

    def settled_nodes(self, endpoint: str) -> Iterator[int]:
        """Nodes whose first page of an endpoint is settled; what failed may be tried again."""
        rows = self._db.execute(
            "SELECT node FROM ask WHERE endpoint = ? AND at = 0 AND state IN (?, ?)",
            (endpoint, ANSWERED, MISSING),
        )
        return (row[0] for row in rows)

    def save_estimates(self, census: bytes = b"") -> None:
        """Writes down how many members of lists are known, and the evidence on coverage."""
        if census:
            self.set_meta("census", b64encode(census).decode())
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "REPLACE INTO member VALUES (?, ?)", list(self.list_members.items())
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise storage_error(self.path, error) from error

    def saved_estimates(self) -> bytes:
        """The evidence on coverage that earlier runs kept; empty when there is none."""
        return b64decode(self.meta("census") or "")

    def open_continuations(self) -> Iterator[tuple[Request, int, int, int | None]]:
        """Pages after an answer that were not asked yet, with row, node and total."""
        rows = self._db.execute(
            "SELECT seq, endpoint, node, at, total, coalesce(cursor, '') FROM ask"
            " WHERE state = ? OR (state = ? AND at > 0) ORDER BY seq",
            (PENDING, FAILED),
        )
        for row, endpoint, node, offset, total, cursor in rows:
            yield Request(endpoint, (), offset, cursor), row, node, total

    def tally(self) -> dict[str, dict[str, int]]:
        """Known things by kind: full and only mentioned."""
        rows = zip(NODE_KINDS, self._totals, self._fulls, strict=True)
        return {k: {"full": full, "mentioned": n - full} for k, n, full in rows if n}
