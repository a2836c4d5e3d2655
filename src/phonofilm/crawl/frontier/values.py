"""Values that a frontier and its store exchange: tasks, requests, and the changes of a commit.

A node is something that requests can be made about: an artist, a genre, a query. A task is one
request about nodes that is settled once. Nodes, tasks and requests are numbered from 1 in the
order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from phonofilm.crawl.frontier.index import NodeRow
from phonofilm.media.base import FetchedFile
from phonofilm.sources.contract import Request

# States of a task, as they are stored. A task in flight is written nowhere: a crash drops it.
PENDING, ANSWERED, FAILED, MISSING, QUARANTINED = range(5)


class Task(NamedTuple):
    """A request, its nodes, and its row when it continues a list. `queue` names its queue."""

    request: Request
    nodes: tuple[int, ...]
    continuation_row: int | None = None
    queue: str = ""

    @property
    def keys(self) -> list[TaskKey]:
        """What tells this task from others, node by node."""
        endpoint, offset = self.request.endpoint, self.request.offset
        return [TaskKey(endpoint, node, offset) for node in self.nodes or (0,)]


class TaskKey(NamedTuple):
    """What tells a task about one node from others. Node 0 is no node.

    The pages of a list that has cursors share a key, because one follows the other.
    """

    endpoint: str
    node: int
    offset: int = 0


class Lease(NamedTuple):
    """The right of a worker to make requests until an instant (Unix seconds)."""

    worker: str
    until: float


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


class TaskRow(NamedTuple):
    """A stored task about one node; `total` is the announced list size of a continuation."""

    row: int
    endpoint: str
    node: int
    offset: int
    cursor: str
    state: int
    status: int | None
    total: int | None


class TaskQuery(NamedTuple):
    """Conditions on stored tasks; None for any."""

    endpoint: str | None = None
    node: int | None = None
    row: int | None = None
    states: tuple[int, ...] | None = None
    first_page: bool | None = None


class SettledTask(NamedTuple):
    """A task about one node that was settled, and the log and offset of its response, if any."""

    row: int
    endpoint: str
    node: int
    offset: int
    state: int
    status: int
    answered_at: int  # Unix microseconds
    etag: str | None
    last_modified: str | None
    log: int | None
    log_offset: int | None


class LogPosition(NamedTuple):
    """A log of the landing, and how many of its bytes are committed."""

    log: int
    committed: int


class Changes(msgspec.Struct):
    """What a crawl changed since the last commit; a store applies all of it or nothing.

    `nodes` are new ones, `flags` those of known ones by number. `settled` tasks get a row,
    `settled_continuations` have one. Requests are numbered; `permits` are used up by them.
    `list_sizes` and `shortfalls` are numbers of items by endpoint and node; `absent` endpoints have
    an instant (Unix seconds) and a status. `position` is that of the log with the responses.
    """

    nodes: list[NodeRow] = msgspec.field(default_factory=list)
    flags: dict[int, int] = msgspec.field(default_factory=dict)
    continuations: list[Continuation] = msgspec.field(default_factory=list)
    settled: list[SettledTask] = msgspec.field(default_factory=list)
    settled_continuations: list[SettledTask] = msgspec.field(default_factory=list)
    requests: list[tuple[int, RequestRecord]] = msgspec.field(default_factory=list)
    permits: list[int] = msgspec.field(default_factory=list)
    list_sizes: list[tuple[str, int, int]] = msgspec.field(default_factory=list)
    shortfalls: list[tuple[str, int, int]] = msgspec.field(default_factory=list)
    list_members: dict[int, int] = msgspec.field(default_factory=dict)
    absent: list[tuple[str, int, int]] = msgspec.field(default_factory=list)
    present: list[str] = msgspec.field(default_factory=list)
    files: list[tuple[str, FetchedFile]] = msgspec.field(default_factory=list)
    position: LogPosition | None = None

    def clear(self) -> None:
        """Forget the changes, because a store applied them. Lists stay the same objects."""
        for name in self.__struct_fields__:
            if name != "position":
                getattr(self, name).clear()
        self.position = None


class Applied(NamedTuple):
    """Effect of changes: the numbers of the nodes that no worker had discovered before."""

    discovered: Sequence[int]


class FrontierState(NamedTuple):
    """What a frontier reads when it opens; iterators are read once, in the order of the fields.

    `answered` are the nodes with a landed response, `list_members` the known members of counted
    lists, `shortfalls` the items that lists did not give, by endpoint and node.
    """

    last_task: int
    last_request: int
    shortfalls: Mapping[tuple[str, int], int]
    list_members: Mapping[int, int]
    nodes: Iterator[NodeRow]
    answered: Iterable[int]
