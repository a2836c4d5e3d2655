"""The frontier of one source: known nodes, settled tasks, requests made, and how runs ended.

`Frontier` is what the rest of the crawl uses; SQLite is behind it in `sqlite.py`. A node is
something that requests can be made about: an artist, a genre, a query. A task is one request about
nodes that is settled once. Writes wait for `commit` unless their docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from phonofilm.crawl.frontier.index import Discovered, FrontierIndex
from phonofilm.crawl.frontier.levels import FollowLevel
from phonofilm.media.base import FetchedFile
from phonofilm.sources.contract import Request, Response

# States of a task, as they are stored. A task in flight is written nowhere: a crash drops it.
PENDING, ANSWERED, FAILED, MISSING, QUARANTINED = range(5)


class Task(NamedTuple):
    """A request, its nodes, and its row when it continues a list. `queue` names its queue."""

    request: Request
    nodes: tuple[int, ...]
    continuation_row: int | None = None
    queue: str = ""


class Continuation(NamedTuple):
    """A page after a response that was not requested yet; `total` is the announced list size."""

    request: Request
    row: int
    node: int
    total: int | None


class RequestRecord(NamedTuple):
    """One request that was made. `discovered` is JSON: new nodes by kind, empty for none."""

    endpoint: str
    answered_at: int  # Unix microseconds
    status: int
    verdict: str
    queue: str
    gain: float
    discovered: str
    run: str


class Nodes(Protocol):
    """Known nodes: discovered by responses, followed to a level, full or only mentioned."""

    index: FrontierIndex

    def __len__(self) -> int: ...

    def add_nodes(self, kind: str, mentions: Iterable[tuple[str, int, bool]]) -> Discovered:
        """Add the mentions of one kind in a response: id, level, full."""
        ...

    def mark_full(self, seq: int) -> bool:
        """Mark a node as full; return whether it was not full before."""
        ...

    def seq_of(self, kind: str, id_: str) -> int | None:
        """Return the number of a node, or None when it is unknown."""
        ...

    def id_of(self, seq: int) -> str:
        """Return the id of a node."""
        ...

    def is_followed(self, kind: str, id_: str) -> bool:
        """Tell whether a node is known and followed."""
        ...

    def is_full(self, seq: int) -> bool:
        """Tell whether look-ups can add nothing to a node."""
        ...

    def level(self, seq: int) -> FollowLevel:
        """Return how far a node is followed."""
        ...

    def reset_levels(self) -> None:
        """Follow no node any more, at once; what is known and full stays so."""
        ...

    def tally(self) -> dict[str, dict[str, int]]:
        """Count the known nodes by kind: full and only mentioned."""
        ...


class Tasks(Protocol):
    """Tasks: settled ones, and continuations of lists that wait."""

    def settle(
        self,
        task: Task,
        state: int,
        response: Response,
        answered_at: int,
        position: tuple[int, int] | None,
    ) -> None:
        """Settle a task at an instant (Unix microseconds) with the log and offset of its line."""
        ...

    def settled_nodes(self, endpoint: str) -> Iterator[int]:
        """Return nodes whose first page of an endpoint is answered or missing."""
        ...

    def refused_nodes(self, endpoint: str) -> Iterator[int]:
        """Return nodes that a response says are not there, though the next run tries again."""
        ...

    def unanswered(self, nodes: Iterable[int]) -> list[int]:
        """Return the nodes that were requested, without any answer; committed requests only."""
        ...

    def add_continuation(self, request: Request, node: int, total: int | None = None) -> int:
        """Add the page after a response; return its row."""
        ...

    def open_continuations(self) -> Iterator[Continuation]:
        """Yield the continuations that wait for their request, oldest first."""
        ...

    def pages(self, endpoint: str, node: int) -> list[Request]:
        """Return the offset and the cursor of each page of a list so far, committed ones."""
        ...

    def continuation_total(self, row: int | None) -> int | None:
        """Return the announced list size of a continuation, a committed one."""
        ...

    def set_shortfall(self, endpoint: str, node: int, items: int) -> None:
        """Set how many of its announced items a list did not give."""
        ...

    def shortfalls(self) -> dict[tuple[str, int], int]:
        """Return the lists that gave less than they announced: missing items by endpoint, node."""
        ...

    def set_list_size(self, endpoint: str, node: int, number: int) -> None:
        """Set the announced size of a list."""
        ...

    def list_sizes(self, endpoint: str) -> dict[int, int]:
        """Return the announced sizes of the lists of an endpoint, by node."""
        ...


class Requests(Protocol):
    """Requests made, over all runs."""

    def record_request(self, record: RequestRecord) -> int:
        """Record a request; return its number, counted over all runs."""
        ...

    def record_file(self, run: str) -> int:
        """Record a file download, which counts towards no budget; return its request number."""
        ...

    def answered_requests(self) -> Iterator[tuple[str, float, str]]:
        """Yield queue, gain and discovered nodes of answered requests, oldest first.

        Only those since gains were forgotten.
        """
        ...

    def forget_gains(self) -> None:
        """Leave the requests so far out of `answered_requests`, at once."""
        ...

    def answered_endpoints(self) -> set[str]:
        """Return the endpoints that answered at least once."""
        ...

    def requests_since(self, instant: float) -> list[tuple[float, str]]:
        """Return Unix seconds and endpoint of the requests made after an instant."""
        ...

    def request_counts(self, run: str | None = None) -> list[tuple[str, int, int]]:
        """Count the requests of one run or of all, by endpoint and status."""
        ...

    def gain_by_queue(self) -> list[tuple[str, int, float, float]]:
        """Return name, answered requests, total gain and mean of the last hundred, by queue."""
        ...

    def absent(self) -> frozenset[str]:
        """Return the endpoints that are absent at this access level."""
        ...

    def mark_absent(self, endpoint: str, since: int, status: int) -> None:
        """Mark an endpoint as absent since an instant (Unix seconds)."""
        ...

    def mark_present(self, endpoint: str) -> None:
        """Mark an endpoint as not absent, at once."""
        ...

    def expire_absent(self, before: int) -> None:
        """Forget the endpoints that were marked as absent before an instant, at once."""
        ...


class Logs(Protocol):
    """Logs of the landing, with the offset up to which this frontier holds their responses."""

    def new_log(self, number_min: int = 1) -> int:
        """Begin another log, at once; return its number, which is new and at least so great."""
        ...

    def unsealed_logs(self) -> dict[int, int]:
        """Return the committed bytes of the logs that are not segments yet, by number."""
        ...

    def mark_sealed(self, log: int) -> None:
        """Mark a log as sealed into segments, at once."""
        ...

    def reopen_lost(self, log: int, size: int) -> int:
        """Reopen the tasks whose lines lie past the landed bytes of their log; return how many."""
        ...


class State(Protocol):
    """Settings, estimates, runs and files that outlive a crawl."""

    def meta(self, key: str) -> str | None:
        """Return a stored setting, or None."""
        ...

    def set_meta(self, key: str, value: str | None) -> None:
        """Store a setting at once; None deletes it."""
        ...

    def bind_origin(self, origin: str, access: str) -> None:
        """Bind the frontier to one origin; OriginError when it holds another."""
        ...

    def restore_parking(
        self, parking: Mapping[str, str | None], spent: Iterable[tuple[float, str]]
    ) -> None:
        """Copy the parking and the last day's requests of an older frontier, at once."""
        ...

    def save_estimates(self, census: bytes = b"") -> None:
        """Save the known members of lists and, when given, the state of the estimators, at once."""
        ...

    def saved_estimates(self) -> bytes:
        """Return the saved state of the estimators; empty when there is none."""
        ...

    def save_run(self, run: str, started: float, result: str) -> None:
        """Save how a run ended, at once."""
        ...

    def runs(self) -> list[tuple[str, float, str]]:
        """Return id, start (Unix seconds) and result (JSON) of all ended runs, oldest first."""
        ...

    def save_media(self, url: str, file: FetchedFile) -> None:
        """Save a fetched or refused media file."""
        ...

    def media(self) -> dict[str, FetchedFile]:
        """Return the fetched and refused media files by address."""
        ...

    def erase_person(
        self, ids_by_kind: Mapping[str, Iterable[str]], names: Iterable[str], tombstone: str
    ) -> None:
        """Erase the nodes, queries and files of a person, at once."""
        ...


class Frontier(Nodes, Tasks, Requests, Logs, State, Protocol):
    """Frontier of one source in one data folder."""

    def commit(self, log: int | None = None, offset: int = 0) -> None:
        """Write everything since the last commit, and the offset of a log, in one transaction."""
        ...

    def close(self) -> None:
        """Close the frontier; what was not committed is dropped."""
        ...
