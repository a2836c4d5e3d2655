"""Apply changes to a frontier file; the caller holds the transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from phonofilm.crawl.frontier.sqlite.database import FrontierDatabase
from phonofilm.crawl.frontier.values import PENDING, Changes, Continuation, SettledTask

_NODE = "INSERT INTO node VALUES (?, ?, ?, ?)"
_FLAGS = "UPDATE node SET flags = ? WHERE seq = ?"
_CONTINUATION = (
    "INSERT INTO task (seq, endpoint, node, at, state, total, cursor)"
    f" VALUES (?, ?, ?, ?, {PENDING}, ?, ?)"
)
_SETTLED = (
    "INSERT INTO task (seq, endpoint, node, at, state, status, answered_at, etag, last_modified,"
    " log, log_offset) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SETTLED_CONTINUATION = (
    "UPDATE task SET state = ?, status = ?, answered_at = ?, etag = ?, last_modified = ?, log = ?,"
    " log_offset = ? WHERE seq = ?"
)
_REQUEST = (
    "INSERT INTO call (seq, endpoint, answered_at, status, verdict, queue, gain, met, run)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def apply_changes(database: FrontierDatabase, changes: Changes) -> None:
    """Write all changes. Rows are inserted before they are updated, which may be the same ones."""
    for sql, rows in (*_inserts(changes), *_updates(changes)):
        database.executemany(sql, rows)
    if changes.position is not None:
        log, committed = changes.position
        database.execute("UPDATE log SET committed = ? WHERE id = ?", (committed, log))


def _inserts(changes: Changes) -> Iterable[tuple[str, Iterable[tuple[Any, ...]]]]:
    if changes.nodes:
        yield _NODE, changes.nodes
    if changes.continuations:
        yield _CONTINUATION, map(_continuation_columns, changes.continuations)
    if changes.settled:
        yield _SETTLED, changes.settled
    if changes.requests:
        yield _REQUEST, [(number, *record) for number, record in changes.requests]
    if changes.list_sizes:
        yield "INSERT OR REPLACE INTO length VALUES (?, ?, ?)", changes.list_sizes
    if changes.shortfalls:
        yield "REPLACE INTO shortfall VALUES (?, ?, ?)", changes.shortfalls
    if changes.list_members:
        yield "REPLACE INTO member VALUES (?, ?)", changes.list_members.items()
    if changes.absent:
        yield "INSERT OR IGNORE INTO absent VALUES (?, ?, ?)", changes.absent
    if changes.files:
        rows = [(url, *file) for url, file in changes.files]
        yield "INSERT OR REPLACE INTO media VALUES (?, ?, ?, ?, ?, ?)", rows


def _updates(changes: Changes) -> Iterable[tuple[str, Iterable[tuple[Any, ...]]]]:
    if changes.flags:
        yield _FLAGS, [(flags, node) for node, flags in changes.flags.items()]
    if changes.settled_continuations:
        yield _SETTLED_CONTINUATION, map(_settled_columns, changes.settled_continuations)
    if changes.present:
        yield "DELETE FROM absent WHERE endpoint = ?", [(name,) for name in changes.present]
    if changes.permits:
        yield "DELETE FROM permit WHERE id = ?", [(permit,) for permit in changes.permits]


def _continuation_columns(continuation: Continuation) -> tuple[Any, ...]:
    request, row, node, total = continuation
    return row, request.endpoint, node, request.offset, total, request.cursor or None


def _settled_columns(task: SettledTask) -> tuple[Any, ...]:
    return (*task[4:], task.row)
