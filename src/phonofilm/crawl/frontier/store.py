"""The interface of a store of frontiers: values in, values out.

`Frontier` is the working set of one crawl; a store is the durable state behind it, which may be
shared by workers. Whatever a store returns was applied; all methods but `apply` write at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Protocol

from phonofilm.crawl.frontier.values import (
    Applied,
    Changes,
    FrontierState,
    Lease,
    TaskKey,
    TaskQuery,
    TaskRow,
)
from phonofilm.media.base import FetchedFile


class RequestHistory(Protocol):
    """Requests and runs so far."""

    def answered_requests(self, after: int = 0) -> Iterator[tuple[str, float, str]]:
        """Yield queue, gain and discovered nodes of answered requests after a number, in order."""
        ...

    def answered_endpoints(self) -> set[str]:
        """Return the endpoints that answered at least once."""
        ...

    def requests_since(self, instant: float) -> list[tuple[float, str]]:
        """Return Unix seconds and endpoint of the requests after an instant, permits included."""
        ...

    def request_counts(self, run: str | None = None) -> list[tuple[str, int, int]]:
        """Count the requests of one run or of all, by endpoint and status."""
        ...

    def gain_by_queue(self) -> list[tuple[str, int, float, float]]:
        """Return name, answered requests, total gain and mean of the last hundred, by queue.

        Gain counts a full record as 1 and a mention as 0.5.
        """
        ...

    def absent(self) -> dict[str, int]:
        """Return the absent endpoints with the instants since when (Unix seconds)."""
        ...

    def save_run(self, run: str, started: float, result: str) -> None:
        """Save how a run ended."""
        ...

    def runs(self) -> list[tuple[str, float, str]]:
        """Return id, start (Unix seconds) and result (JSON) of all ended runs, oldest first."""
        ...


class LogRegister(Protocol):
    """Logs of the landing, with the offset up to which this store holds their responses."""

    def begin(self, number_min: int = 1) -> int:
        """Begin another log; return its number, which is new and at least so great."""
        ...

    def unsealed(self) -> dict[int, int]:
        """Return the committed bytes of the logs that are not segments yet, by number."""
        ...

    def mark_sealed(self, log: int) -> None:
        """Mark a log as sealed into segments."""
        ...

    def reopen_lost(self, log: int, size: int) -> set[int]:
        """Reopen the tasks whose lines lie past the landed bytes of their log.

        Returns their nodes, which are not full any more, or no queue would request them again.
        """
        ...


class FrontierStore(Protocol):
    """Store of the frontier of one source."""

    @property
    def settings(self) -> MutableMapping[str, str]:
        """Texts that outlive a crawl, by name; written at once."""
        ...

    @property
    def history(self) -> RequestHistory:
        """Requests and runs so far."""
        ...

    @property
    def logs(self) -> LogRegister:
        """Logs of the landing that this store knows."""
        ...

    def bind(self, origin: str, access: str) -> None:
        """Bind the store to one origin; OriginError when it holds another.

        Another access level is another view of the same origin: absent endpoints may be there.
        """
        ...

    def load(self) -> FrontierState:
        """Return what a frontier reads when it opens."""
        ...

    def lease(self, keys: Sequence[TaskKey], lease: Lease, now: float) -> bool:
        """Lease all of some tasks to a worker, or none; a worker's own leases are extended.

        A task has no lease any more once it is settled, released, or its lease ended before `now`
        (Unix seconds).
        """
        ...

    def release(self, worker: str) -> None:
        """End all leases of a worker."""
        ...

    def reserve(self, endpoint: str, at: int) -> int:
        """Reserve a request that is sent now (Unix microseconds); return the number of the permit.

        A permit counts like a request until changes use it up, so that a request whose worker died
        still counts towards a budget.
        """
        ...

    def apply(self, changes: Changes) -> Applied:
        """Apply changes in one transaction: all of them, or nothing and StoreError."""
        ...

    def tasks(self, query: TaskQuery) -> Iterator[TaskRow]:
        """Yield stored tasks, oldest first."""
        ...

    def task_nodes(self, query: TaskQuery) -> Iterator[int]:
        """Yield the nodes of stored tasks, oldest first."""
        ...

    def node_id(self, node: int) -> str | None:
        """Return the id of a node; None when no changes with it were applied."""
        ...

    def list_sizes(self, endpoint: str) -> dict[int, int]:
        """Return the announced sizes of the lists of an endpoint, by node."""
        ...

    def files(self) -> dict[str, FetchedFile]:
        """Return the fetched and refused media files by address."""
        ...

    def follow_none(self) -> None:
        """Follow no node any more; what is known and full stays so."""
        ...

    def reopen_answered_before(self, instant_us: int) -> int:
        """Reopen the tasks answered before an instant (Unix microseconds).

        Returns the number of lists and look-ups reopened. When there are any, no record counts as
        full any more: newer responses have to mark them again.
        """
        ...

    def erase_person(
        self, ids_by_kind: Mapping[str, Iterable[str]], names: Iterable[str], tombstone: str
    ) -> None:
        """Erase the nodes, queries and files of a person.

        Ids and typed names become a tombstone with a number, and the freed space is wiped.
        """
        ...

    def close(self) -> None:
        """Close the store and end its leases."""
        ...
