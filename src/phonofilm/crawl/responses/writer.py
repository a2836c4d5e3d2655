"""Write responses durably: into the log, committed with the frontier, sealed into segments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.errors import StoreError, storage_error
from phonofilm.landing.envelope import Envelope, RunInfo, wrap
from phonofilm.landing.journal import SEAL_AT_BYTES, Journal, LogFolder
from phonofilm.landing.segments import Select, free_bytes, read_log
from phonofilm.net.clock import Clock
from phonofilm.privacy.erased import ErasedPeople
from phonofilm.privacy.names_key import NameHasher, names_key
from phonofilm.privacy.pseudonyms import redacted
from phonofilm.records.kinds import AUTHORED
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.manifest import Manifest
from phonofilm.workspace import Workspace

# Responses that come within this time share one transaction. A larger group was not faster
# (benchmarks/throughput, November 2026).
_GROUP_SECONDS = 0.002
# As much as a full log. Chosen, not tuned.
FREE_BYTES_MIN = 64 * 1024 * 1024
_COMMITS_PER_CHECK = 500  # chosen, not tuned
# The state of the estimators grows with the nodes: that of larger crawls is saved at the end only.
# Chosen, not tuned.
_NODES_SAVED_OFTEN_MAX = 200_000

SchemaMatch = Literal["whole", "partly", "none"]
"""Part of a response that has the shape of its endpoint."""


class ResponseWriter:
    """Durable side of one crawl.

    `key` hashes personal fields; None keeps names. `workers` is the number of workers that wait for
    commits: three quarters of them share one. After a failed write every further commit fails.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        frontier: Frontier,
        manifest: Manifest,
        run_info: RunInfo,
        clock: Clock,
        names: NameHasher | None,
        workers: int,
    ) -> None:
        self._workspace, self._frontier, self._manifest = workspace, frontier, manifest
        self._run_info, self._clock, self._names = run_info, clock, names
        self._erased = ErasedPeople.load(workspace.root, manifest, partial(names_key, workspace))
        self._group_size = max(1, workers * 3 // 4)
        self._waiting: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sealing: asyncio.Task[None] | None = None
        self._commits = 0
        self._error: StoreError | None = None
        self.estimator_state: Callable[[], bytes] = bytes
        self._logs = LogFolder(workspace.landing)
        # Logs of an earlier run are sealed as they are: the same responses, the same segments.
        seal_waiting(self._logs, frontier, manifest.name)
        self._begin_log()

    def _begin_log(self) -> None:
        source = self._manifest.name
        last_number = max(self._logs.numbers(source), default=0)
        self._log_number = self._frontier.logs.begin(last_number + 1)
        self._journal = Journal(self._logs.path(source, self._log_number))

    def exclude_erased(self, response: Response) -> Response:
        """Return a response without the people who asked to be forgotten."""
        if self._erased is None:
            return response
        body = self._erased.remove_from(response.body)
        return response if body is response.body else response._replace(body=body or b"{}")

    def add(
        self, number: int, request: Request, response: Response, match: SchemaMatch = "whole"
    ) -> tuple[int, int]:
        """Queue the response to a request; return its log and the offset of its line.

        Personal fields are hashed first. Where a response does not match its schema these fields
        may stand elsewhere, so that more of it is hashed or redacted.
        """
        endpoint = self._manifest.endpoints[request.endpoint]
        if endpoint.personal and self._names is not None:
            # In a list of comments every person is an author, wherever they stand.
            anywhere = match == "partly" and endpoint.item_kind in AUTHORED
            body = (
                redacted(response.body)
                if match == "none"
                else self._names.hide(response.body, endpoint.personal, anywhere)
            )
            response = response._replace(body=body)
        fetched_at = int(self._clock.wall() * 1e6)
        envelope = wrap(self._run_info, number, request, response, fetched_at)
        return self._log_number, self._journal.add(envelope)

    async def wait_durable(self) -> None:
        """Wait until everything so far is committed; responses that come together share it."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(committed)
        if len(self._waiting) >= self._group_size:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GROUP_SECONDS, self._flush)
        await committed

    def _flush(self) -> None:
        """Commit and notify all waiting workers of the result."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        error: StoreError | None = None
        try:
            self.commit()
        except StoreError as failure:
            error = failure
        for committed in waiting:
            if committed.done():
                continue
            if error:
                committed.set_exception(error)
            else:
                committed.set_result(None)

    def commit(self) -> None:
        """Write the log, then the transaction that holds its offset, then its offset file."""
        if self._error:  # what was not written must never count as answered
            raise self._error
        try:
            offset = self._journal.write()
            self._frontier.commit(self._log_number, offset)
            self._journal.confirm()
        except StoreError as error:
            self._error = error
            raise
        self._commits += 1
        if self._commits % _COMMITS_PER_CHECK == 0:
            self._check_disk()
            self._save_estimates(len(self._frontier) <= _NODES_SAVED_OFTEN_MAX)
        if offset >= SEAL_AT_BYTES and (self._sealing is None or self._sealing.done()):
            self._rotate()

    def _save_estimates(self, with_state: bool) -> None:
        """Save what only estimates depend on: after a crash they are a little behind."""
        self._frontier.save_estimates(self.estimator_state() if with_state else b"")

    def _check_disk(self) -> None:
        free = free_bytes(self._workspace.root)
        if free < FREE_BYTES_MIN:
            raise storage_error(self._journal.path, OSError(f"only {free >> 20} MiB are left"))

    def _rotate(self) -> None:
        """Begin another log and seal the full one while the crawl goes on."""
        full = self._log_number
        self._journal.close()
        self._begin_log()
        loop = asyncio.get_running_loop()
        self._sealing = loop.create_task(self._seal_in_background(full))

    async def _seal_in_background(self, number: int) -> None:
        source = self._manifest.name
        await asyncio.to_thread(self._logs.seal_one, source, number, threads=1)
        self._frontier.logs.mark_sealed(number)
        self._logs.remove_offsets(source)

    async def wait_sealed(self) -> None:
        """Commit, and wait until every log but the last is sealed."""
        self.commit()
        if self._sealing:
            await self._sealing

    def read_log(self, select: Select | None = None) -> Iterator[Envelope]:
        """Yield the committed responses of the log that is being written."""
        return read_log(self._journal.path, self._journal.offset, select)

    def close(self) -> None:
        """Close the log of a crawl that did not begin."""
        self._journal.close()

    async def finish(self) -> None:
        """Seal all logs; afterwards the landing holds every response in segments."""
        if self._sealing:
            await self._sealing
        self._journal.close()
        self._save_estimates(True)
        seal_waiting(self._logs, self._frontier, self._manifest.name)


def seal_waiting(logs: LogFolder, frontier: Frontier, source: str) -> None:
    """Seal the logs of a source, with the frontier that knows how far they are committed.

    Tasks whose lines did not land are reopened. Logs of a frontier that was deleted are kept whole.
    """
    committed = frontier.logs.unsealed()
    for number, offset in committed.items():
        logs.confirm(source, number, offset)
    landed = logs.seal(source, keep_whole=set(logs.numbers(source)) - committed.keys())
    for number, offset in committed.items():
        if landed.get(number, 0) < offset:
            frontier.reopen_lost(number, landed.get(number, 0))
        frontier.logs.mark_sealed(number)
    logs.remove_offsets(source)
