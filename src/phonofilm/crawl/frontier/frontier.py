"""The frontier of one source: the working set of a crawl over a store.

Nodes are in memory, tasks and requests in the store. Changes gather until `commit`, unless a
docstring says otherwise.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping

from phonofilm.crawl.frontier.index import Discovered, FrontierIndex
from phonofilm.crawl.frontier.levels import FollowLevel
from phonofilm.crawl.frontier.store import FrontierStore
from phonofilm.crawl.frontier.values import (
    ANSWERED,
    FAILED,
    MISSING,
    PENDING,
    QUARANTINED,
    Applied,
    Changes,
    Continuation,
    Lease,
    LogPosition,
    RequestRecord,
    SettledTask,
    Task,
    TaskQuery,
)
from phonofilm.media.base import FetchedFile
from phonofilm.sources.contract import Request, Response

# A request with all its retries and pauses takes less. Chosen in November 2026, not tuned.
_LEASE_SECONDS = 1800.0
# Statuses of refusals that are no fault of a node: keys and limits.
_NOT_OF_NODES = (401, 403, 429)
_CENSUS, _GAINS_AFTER = "census", "gains_after"


class Frontier:
    """Known nodes, settled tasks and requests of one source.

    `index` holds the nodes in memory; `store` is the durable state, of which `settings`, `history`
    and `logs` are parts.
    """

    def __init__(self, store: FrontierStore) -> None:
        self.store, self.index = store, FrontierIndex()
        self.settings, self.history, self.logs = store.settings, store.history, store.logs
        state = store.load()
        self._last_task, self._last_request = state.last_task, state.last_request
        self._shortfalls = dict(state.shortfalls)
        # Only estimates depend on the members of lists: they are written now and then.
        self.index.list_members.update(state.list_members)
        self.index.load(state.nodes)
        self.index.mark_answered(state.answered)
        self._changes = Changes(nodes=self.index.new_rows, flags=self.index.changed_flags)

    def __len__(self) -> int:
        return len(self.index)

    def commit(self, log: int | None = None, offset: int = 0) -> Applied:
        """Apply all changes since the last commit, and the offset of a log, in one transaction."""
        if log is not None:
            self._changes.position = LogPosition(log, offset)
        applied = self.store.apply(self._changes)
        self._changes.clear()
        return applied

    def close(self) -> None:
        """Close the store; what was not committed is dropped."""
        self.store.close()

    def add_nodes(self, kind: str, mentions: Iterable[tuple[str, int, bool]]) -> Discovered:
        """Add the mentions of one kind in a response: id, level, full."""
        return self.index.add_nodes(kind, mentions)

    def mark_full(self, seq: int) -> bool:
        """Mark a node as full; return whether it was not full before."""
        return self.index.mark_full(seq)

    def seq_of(self, kind: str, id_: str) -> int | None:
        """Return the number of a node, or None when it is unknown."""
        return self.index.seq_of(kind, id_)

    def id_of(self, seq: int) -> str:
        """Return the id of a node, from the store or from what waits for the commit."""
        stored = self.store.node_id(seq)
        return self.index.new_id(seq) if stored is None else stored

    def is_followed(self, kind: str, id_: str) -> bool:
        """Tell whether a node is known and followed."""
        seq = self.seq_of(kind, id_)
        return seq is not None and bool(self.level(seq))

    def is_full(self, seq: int) -> bool:
        """Tell whether look-ups can add nothing to a node."""
        return self.index.is_full(seq)

    def level(self, seq: int) -> FollowLevel:
        """Return how far a node is followed."""
        return self.index.level(seq)

    def reset_levels(self) -> None:
        """Follow no node any more, at once; what is known and full stays so."""
        self.store.follow_none()
        self.index.reset_levels()
        self.settings.pop(_CENSUS, None)

    def tally(self) -> dict[str, dict[str, int]]:
        """Count the known nodes by kind: full and only mentioned."""
        return {
            kind: {"full": full, "mentioned": count - full}
            for kind, count, full in self.index.counts()
        }

    def lease(self, task: Task, worker: str, now: float) -> bool:
        """Lease a task to a worker at an instant (Unix seconds); False when another has it."""
        return self.store.lease(task.keys, Lease(worker, now + _LEASE_SECONDS), now)

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
        if state == ANSWERED:
            self.index.mark_answered(task.nodes)
        request, headers = task.request, response.headers
        log, log_offset = position or (None, None)
        outcome = (
            *(request.offset, state, response.status, answered_at),
            *(headers.get("etag"), headers.get("last-modified"), log, log_offset),
        )
        if task.continuation_row is not None:
            row, node = task.continuation_row, task.nodes[0] if task.nodes else 0
            settled = SettledTask(row, request.endpoint, node, *outcome)
            self._changes.settled_continuations.append(settled)
            return
        for node in task.nodes:
            self._last_task += 1
            settled = SettledTask(self._last_task, request.endpoint, node, *outcome)
            self._changes.settled.append(settled)

    def settled_nodes(self, endpoint: str) -> Iterator[int]:
        """Return nodes whose first page of an endpoint is answered or missing.

        Failed tasks are left out, because they may be tried again.
        """
        states = (ANSWERED, MISSING)
        return self.store.task_nodes(TaskQuery(endpoint, states=states, first_page=True))

    def refused_nodes(self, endpoint: str) -> Iterator[int]:
        """Return nodes that a response says are not there, though the next run tries again."""
        failed = self.store.tasks(TaskQuery(endpoint, states=(FAILED,), first_page=True))
        # A failed task without a response has status 0.
        return (row.node for row in failed if row.status and row.status not in _NOT_OF_NODES)

    def unanswered(self, nodes: Iterable[int]) -> list[int]:
        """Return the nodes that were requested, without any answer; committed requests only."""
        query = TaskQuery(states=(FAILED, QUARANTINED), first_page=True)
        failed = {*self.store.task_nodes(query)} & {*nodes}
        if not failed:
            return []
        settled = self.store.task_nodes(query._replace(states=(ANSWERED, MISSING)))
        return sorted(failed.difference(settled))

    def add_continuation(self, request: Request, node: int, total: int | None = None) -> int:
        """Add the page after a response, with the announced list size; return its row."""
        self._last_task += 1
        self._changes.continuations.append(Continuation(request, self._last_task, node, total))
        return self._last_task

    def open_continuations(self) -> Iterator[Continuation]:
        """Yield the continuations that wait for their request, oldest first.

        Their requests hold no ids: these are read when a request is made.
        """
        for row in self.store.tasks(TaskQuery(states=(PENDING, FAILED, QUARANTINED))):
            # after an empty first page, the next one begins at 0, too
            if row.state == PENDING or row.offset > 0 or row.cursor:
                request = Request(row.endpoint, offset=row.offset, cursor=row.cursor)
                yield Continuation(request=request, row=row.row, node=row.node, total=row.total)

    def pages(self, endpoint: str, node: int) -> list[Request]:
        """Return the offset and the cursor of each page of a list so far, committed ones."""
        rows = self.store.tasks(TaskQuery(endpoint, node))
        return [Request(endpoint, offset=row.offset, cursor=row.cursor) for row in rows]

    def continuation_total(self, row: int | None) -> int | None:
        """Return the announced list size of a continuation, a committed one."""
        if row is None:
            return None
        return next((stored.total for stored in self.store.tasks(TaskQuery(row=row))), None)

    def set_shortfall(self, endpoint: str, node: int, items: int) -> None:
        """Set how many of its announced items a list did not give."""
        if items or (endpoint, node) in self._shortfalls:
            self._shortfalls[endpoint, node] = items
            self._changes.shortfalls.append((endpoint, node, items))

    def shortfalls(self) -> dict[tuple[str, int], int]:
        """Return the lists that gave less than they announced: missing items by endpoint, node."""
        return {key: items for key, items in self._shortfalls.items() if items}

    def set_list_size(self, endpoint: str, node: int, number: int) -> None:
        """Set the announced size of a list."""
        self._changes.list_sizes.append((endpoint, node, number))

    def list_sizes(self, endpoint: str) -> dict[int, int]:
        """Return the announced sizes of the lists of an endpoint, by node; committed ones."""
        return self.store.list_sizes(endpoint)

    def record_request(self, record: RequestRecord) -> int:
        """Record a request; return its number, counted over all runs."""
        self._last_request += 1
        self._changes.requests.append((self._last_request, record))
        return self._last_request

    def record_file(self, run: str) -> int:
        """Record a file download, which counts towards no budget; return its request number."""
        return self.record_request(
            RequestRecord(
                endpoint="media",
                answered_at=0,
                status=200,
                verdict="file",
                queue="",
                gain=0.0,
                discovered="",
                run=run,
            )
        )

    def use_permit(self, permit: int) -> None:
        """Use up a permit, because its request is recorded or was not sent."""
        self._changes.permits.append(permit)

    def answered_requests(self) -> Iterator[tuple[str, float, str]]:
        """Yield queue, gain and discovered nodes (JSON) of answered requests, oldest first.

        Only those since gains were forgotten.
        """
        return self.history.answered_requests(int(self.settings.get(_GAINS_AFTER) or 0))

    def forget_gains(self) -> None:
        """Leave the requests so far out of `answered_requests`, at once."""
        self.settings[_GAINS_AFTER] = str(self._last_request)

    def absent(self) -> frozenset[str]:
        """Return the endpoints that are absent at this access level."""
        return frozenset(self.history.absent())

    def mark_absent(self, endpoint: str, since: int, status: int) -> None:
        """Mark an endpoint as absent since an instant (Unix seconds): it costs no request again."""
        self._changes.absent.append((endpoint, since, status))

    def mark_present(self, endpoint: str) -> None:
        """Mark an endpoint as not absent, at once."""
        self.store.apply(Changes(present=[endpoint]))

    def expire_absent(self, before: int) -> None:
        """Forget the endpoints that were marked as absent before an instant, at once."""
        absent = self.history.absent().items()
        self.store.apply(Changes(present=[endpoint for endpoint, at in absent if at < before]))

    def reopen_lost(self, log: int, size: int) -> None:
        """Reopen the tasks whose lines lie past the landed bytes of their log, at once."""
        for node in self.logs.reopen_lost(log, size):
            self.index.mark_not_full(node)

    def save_estimates(self, census: bytes = b"") -> None:
        """Save the known members of lists and, when given, the state of the estimators, at once."""
        if census:
            self.settings[_CENSUS] = b64encode(census).decode()
        self.store.apply(Changes(list_members=self.index.list_members))

    def saved_estimates(self) -> bytes:
        """Return the saved state of the estimators; empty when there is none."""
        return b64decode(self.settings.get(_CENSUS) or "")

    def media(self) -> Mapping[str, FetchedFile]:
        """Return the fetched and refused media files by address."""
        return self.store.files()

    def save_media(self, url: str, file: FetchedFile) -> None:
        """Save a fetched or refused media file."""
        self._changes.files.append((url, file))
