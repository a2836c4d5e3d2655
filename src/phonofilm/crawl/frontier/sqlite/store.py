"""Store of a frontier in one SQLite file, for the processes of one data folder, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from phonofilm.crawl.frontier.levels import FULL_MASK
from phonofilm.crawl.frontier.sqlite.changes import apply_changes
from phonofilm.crawl.frontier.sqlite.database import FrontierDatabase, Settings
from phonofilm.crawl.frontier.sqlite.erasure import erase_person
from phonofilm.crawl.frontier.sqlite.history import SqliteHistory
from phonofilm.crawl.frontier.sqlite.logs import SqliteLogs
from phonofilm.crawl.frontier.sqlite.reopening import reopen_answered_before, reopen_look_ups
from phonofilm.crawl.frontier.values import (
    ANSWERED,
    Applied,
    Changes,
    FrontierState,
    Lease,
    SettledTask,
    TaskKey,
    TaskQuery,
    TaskRow,
)
from phonofilm.errors import OriginError
from phonofilm.media.base import FetchedFile

_TASK_COLUMNS = "seq, endpoint, node, at, coalesce(cursor, ''), state, status, total"
_ANSWERED_NODES = f"SELECT node FROM task WHERE state = {ANSWERED}"


class SqliteStore:
    """Frontier of one source in one file. Leases are in memory, because one process writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = database = FrontierDatabase(path)
        self.settings = Settings(database)
        self.history = SqliteHistory(database)
        self.logs = SqliteLogs(database)
        self._leases: dict[TaskKey, Lease] = {}

    def bind(self, origin: str, access: str) -> None:
        """Bind the store to one origin; OriginError when it holds another.

        Another access level is another view of the same origin: absent endpoints may be there.
        """
        last_origin = self.settings.get("origin")
        if last_origin not in (None, origin):
            raise OriginError(
                f"This data folder holds {self.path.stem} from {last_origin}, not from {origin}.",
                expected=str(last_origin),
                actual=origin,
                saved="Nothing was touched.",
                next_step="Name another folder with --data, or forget this one's with --fresh.",
            )
        self.settings["origin"] = origin
        if self.settings.get("access") not in (None, access):
            self._database.execute("DELETE FROM absent")
        self.settings["access"] = access

    def load(self) -> FrontierState:
        """Return what a frontier reads when it opens."""
        database = self._database
        shortfalls = database.rows("SELECT endpoint, node, items FROM shortfall")
        return FrontierState(
            last_task=database.number("SELECT coalesce(max(seq), 0) FROM task"),
            last_request=database.number("SELECT coalesce(max(seq), 0) FROM call"),
            shortfalls={(endpoint, node): items for endpoint, node, items in shortfalls},
            list_members=dict(database.rows("SELECT node, known FROM member")),
            nodes=database.rows("SELECT seq, kind, id, flags FROM node ORDER BY seq"),
            answered=(row[0] for row in database.rows(_ANSWERED_NODES)),
        )

    def lease(self, keys: Sequence[TaskKey], lease: Lease, now: float) -> bool:
        """Lease all of some tasks to a worker, or none; a worker's own leases are extended."""
        for key in keys:
            other = self._leases.get(key, lease)
            if other.worker != lease.worker and other.until > now:
                return False
        self._leases.update(dict.fromkeys(keys, lease))
        return True

    def release(self, worker: str) -> None:
        """End all leases of a worker."""
        self._leases = {key: lease for key, lease in self._leases.items() if lease.worker != worker}

    def _end_leases(self, tasks: Iterable[SettledTask]) -> None:
        for task in tasks:
            self._leases.pop(TaskKey(task.endpoint, task.node, task.offset), None)

    def reserve(self, endpoint: str, at: int) -> int:
        """Reserve a request that is sent now (Unix microseconds); return the number of the permit.

        A permit counts like a request until changes use it up, so that a request whose worker died
        still counts towards a budget.
        """
        sql = "INSERT INTO permit (endpoint, at) VALUES (?, ?)"
        return int(self._database.execute(sql, (endpoint, at)).lastrowid or 0)

    def apply(self, changes: Changes) -> Applied:
        """Apply changes in one transaction: all of them, or nothing and StoreError."""
        with self._database.transaction():
            apply_changes(self._database, changes)
        self._end_leases(changes.settled)
        self._end_leases(changes.settled_continuations)
        return Applied(discovered=[row[0] for row in changes.nodes])

    def tasks(self, query: TaskQuery) -> Iterator[TaskRow]:
        """Yield stored tasks, oldest first."""
        return (TaskRow(*row) for row in self._select(_TASK_COLUMNS, query))

    def task_nodes(self, query: TaskQuery) -> Iterator[int]:
        """Yield the nodes of stored tasks, oldest first."""
        return (row[0] for row in self._select("node", query))

    def _select(self, columns: str, query: TaskQuery) -> Iterator[Any]:
        """Select columns of the stored tasks that a query asks for."""
        values = {"endpoint": query.endpoint, "node": query.node, "seq": query.row}
        given = {column: value for column, value in values.items() if value is not None}
        conditions = [f"{column} = :{column}" for column in given]
        if query.states is not None:
            conditions.append(f"state IN ({', '.join(map(str, query.states))})")
        if query.first_page is not None:
            conditions.append("at = 0" if query.first_page else "at > 0")
        where = " AND ".join(conditions) or "true"
        return self._database.rows(f"SELECT {columns} FROM task WHERE {where} ORDER BY seq", given)

    def node_id(self, node: int) -> str | None:
        """Return the id of a node; None when no changes with it were applied."""
        row = next(self._database.rows("SELECT id FROM node WHERE seq = ?", (node,)), None)
        return None if row is None else str(row[0])

    def list_sizes(self, endpoint: str) -> dict[int, int]:
        """Return the announced sizes of the lists of an endpoint, by node."""
        sql = "SELECT node, number FROM length WHERE endpoint = ?"
        return dict(self._database.rows(sql, (endpoint,)))

    def files(self) -> dict[str, FetchedFile]:
        """Return the fetched and refused media files by address."""
        sql = "SELECT url, path, sha256, bytes, content_type, owners FROM media"
        return {url: FetchedFile(*columns) for url, *columns in self._database.rows(sql)}

    def follow_none(self) -> None:
        """Follow no node any more; what is known and full stays so."""
        self._database.execute(f"UPDATE node SET flags = flags & {FULL_MASK}")

    def reopen_answered_before(self, instant_us: int) -> int:
        """Reopen the tasks answered before an instant (Unix microseconds).

        Returns the number of lists and look-ups reopened.
        """
        return reopen_answered_before(self._database, instant_us)

    def reopen_look_ups(self, kind: str, endpoints: Iterable[str]) -> None:
        """Reopen the tasks of some endpoints about nodes of a kind that are not full, at once."""
        reopen_look_ups(self._database, kind, endpoints)

    def erase_person(
        self, ids_by_kind: Mapping[str, Iterable[str]], names: Iterable[str], tombstone: str
    ) -> None:
        """Erase the nodes, queries and files of a person."""
        erase_person(self._database, ids_by_kind, names, tombstone)

    def close(self) -> None:
        """Close the file."""
        self._database.close()
