"""Keeps answers: into the log, committed with the frontier, sealed into segments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from phonofilm.config import hash_key
from phonofilm.crawl.frontier.base import Frontier, Logs
from phonofilm.errors import StoreError, storage_error
from phonofilm.landing.envelope import RunInfo, wrap
from phonofilm.landing.journal import SEAL_AT_BYTES, Journal, whole_lines
from phonofilm.landing.segments import free_bytes, seal_log
from phonofilm.net.clock import Clock
from phonofilm.privacy.erased import ErasedPeople
from phonofilm.privacy.pseudonyms import pseudonymise, redacted
from phonofilm.records.kinds import AUTHORED
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.manifest import Manifest
from phonofilm.workspace import Workspace

# Answers that come within this time share one transaction.
_GROUP_SECONDS = 0.002
FREE_BYTES_MIN = 64 * 1024 * 1024
_LOOK_AT_DISK_EVERY = 500
# The evidence on coverage grows with what is known: that of larger crawls is kept at the end.
_KEPT_OFTEN = 200_000


SchemaMatch = Literal["whole", "partly", "none"]


class ResponseWriter:
    """The durable side of one crawl. `key` hashes personal fields; None keeps names."""

    def __init__(
        self,
        folder: Workspace,
        frontier: Frontier,
        manifest: Manifest,
        stamp: RunInfo,
        clock: Clock,
        key: bytes | None,
        group: int,
    ) -> None:
        self._folder, self._frontier, self._manifest = folder, frontier, manifest
        self._stamp, self._clock, self._key = stamp, clock, key
        self._group = max(1, group * 3 // 4)
        self._forgotten = ErasedPeople.load(folder.root, manifest.name, hash_key)
        self._waiting: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sealing: asyncio.Task[None] | None = None
        self._answers = 0
        self._broken: StoreError | None = None
        self.estimator_state: Callable[[], bytes] = bytes
        # What an earlier run left is sealed as it is: the same answers, the same segments.
        seal_waiting(folder, frontier, manifest.name)
        self._log_id = frontier.new_log()
        self._log = Journal(self._path(self._log_id))

    def _path(self, log: int) -> Path:
        return self._folder.logs / f"{self._manifest.name}-{log:06d}.ndjson"

    def exclude_erased(self, response: Response) -> Response:
        """An answer without people who asked to be forgotten."""
        if self._forgotten is None:
            return response
        body = self._forgotten.remove_from(response.body)
        return response if body is response.body else response._replace(body=body or b"{}")

    def add(
        self, seq: int, request: Request, response: Response, fit: SchemaMatch = "whole"
    ) -> tuple[int, int]:
        """Queues an answer; returns its log and where its line begins.

        Where an answer does not fit, nobody knows where it names people.
        """
        spec = self._manifest.endpoints[request.endpoint]
        if spec.personal and self._key is not None:
            # In a list of comments every person is an author, wherever they stand.
            anywhere = fit == "partly" and spec.item_kind in AUTHORED
            body = (
                redacted(response.body)
                if fit == "none"
                else pseudonymise(response.body, spec.personal, self._key, anywhere)
            )
            response = response._replace(body=body)
        at = int(self._clock.wall() * 1e6)
        return self._log_id, self._log.add(wrap(self._stamp, seq, request, response, at))

    async def wait_durable(self) -> None:
        """Returns when everything so far is committed; calls that come together share it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        if len(self._waiting) >= self._group:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GROUP_SECONDS, self._flush)
        await done

    def _flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        try:
            self.commit()
        except StoreError as error:
            for done in waiting:
                if not done.done():
                    done.set_exception(error)
            return
        for done in waiting:
            if not done.done():
                done.set_result(None)

    def commit(self) -> None:
        """Log first, then the transaction that holds its offset."""
        if self._broken:  # what was not written must never count as answered
            raise self._broken
        try:
            offset = self._log.write()
            self._frontier.commit(self._log_id, offset)
        except StoreError as error:
            self._broken = error
            raise
        self._answers += 1
        if self._answers % _LOOK_AT_DISK_EVERY == 0:
            self._look_at_disk()
            self._keep_learned(len(self._frontier) <= _KEPT_OFTEN)
        if offset >= SEAL_AT_BYTES and (self._sealing is None or self._sealing.done()):
            self._turn()

    def _keep_learned(self, whole: bool) -> None:
        """Estimates live on it, nothing else: after a crash they are a little behind."""
        self._frontier.save_estimates(self.estimator_state() if whole else b"")

    def _look_at_disk(self) -> None:
        free = free_bytes(self._folder.root)
        if free < FREE_BYTES_MIN:
            raise storage_error(self._log.path, OSError(f"only {free >> 20} MiB are left"))

    def _turn(self) -> None:
        """Begins another log and seals the full one beside the crawl."""
        full, path = self._log_id, self._log.path
        self._log.close()
        self._log_id = self._frontier.new_log()
        self._log = Journal(self._path(self._log_id))
        self._sealing = asyncio.get_running_loop().create_task(self._seal_beside(full, path))

    async def _seal_beside(self, log: int, path: Path) -> None:
        await asyncio.to_thread(seal_log, path, self._folder.landing, 1)
        self._frontier.mark_sealed(log)
        path.unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the log of a crawl that did not begin."""
        self._log.close()

    async def finish(self) -> None:
        """Seals all that waits; afterwards the landing holds every answer."""
        if self._sealing:
            await self._sealing
        self._log.close()
        self._keep_learned(True)
        seal_waiting(self._folder, self._frontier, self._manifest.name)


def seal_waiting(folder: Workspace, frontier: Logs, source: str) -> None:
    """Turns the logs of a source that are not sealed yet into segments."""
    for log in frontier.unsealed_logs():
        path = folder.logs / f"{source}-{log:06d}.ndjson"
        committed = frontier.committed_offset(log)
        if path.exists() and committed:
            whole = whole_lines(path, committed)
            if whole < committed:
                frontier.reopen_lost(log, whole)
            Journal(path, whole).close()  # cuts what no commit holds
            if whole:
                seal_log(path, folder.landing)
        frontier.mark_sealed(log)
        path.unlink(missing_ok=True)
