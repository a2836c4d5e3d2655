"""Senders of media downloads: one that retries wraps one that limits wraps the fetcher."""

from __future__ import annotations

import asyncio

from phonofilm.media.base import FileSender, StoredFile
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.net.retry_policy import RetryPolicy
from phonofilm.sources.contract import Outcome

# Chosen, not tuned: what fails three times is left for the next run.
RETRIES = RetryPolicy(attempts_max=3, first_pause_seconds=0.1)
# Chosen, not tuned: after so many failures in a row the host is down, and the run ends.
_FAILURES_MAX = 20
_WAIT_STEP_SECONDS = 0.5  # short enough for an interrupt
_LIMITED = ("throttled", "quota")


class RunState:
    """Whether a run of downloads goes on: until an interrupt, an error, a bot wall or silence."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._failures = 0

    def stop(self) -> None:
        """End the run; requests in flight finish."""
        self.is_stopped = True

    def on_failure(self) -> None:
        """Count a request without a usable response; too many in a row end the run."""
        self._failures += 1
        if self._failures >= _FAILURES_MAX:
            self.stop()

    def on_response(self) -> None:
        """Note that the host responds."""
        self._failures = 0


class LimitedSender:
    """Sends when the limiter allows it, and reports the outcome to the limiter."""

    def __init__(self, sender: FileSender, limiter: Limiter, clock: Clock, state: RunState) -> None:
        self._sender, self._limiter, self._clock, self._state = sender, limiter, clock, state

    @property
    def is_closed(self) -> bool:
        """Whether no further request will be sent in this run."""
        return self._state.is_stopped or self._limiter.parked_until is not None

    async def fetch(self, url: str, role: str) -> StoredFile | Outcome:
        """Fetch a file once; `unavailable` when the run ends before the limiter allows it."""
        if not await self._is_admitted():
            return Outcome("unavailable", self._limiter.reason or "stopped")
        sent = self._clock.steady()
        try:
            result = await self._sender.fetch(url, role)
        finally:
            self._limiter.on_returned()
        if isinstance(result, StoredFile):
            self._limiter.on_accepted(sent)
            self._state.on_response()
        else:
            self._note(result, sent)
        return result

    async def _is_admitted(self) -> bool:
        while not self._state.is_stopped:
            wait = self._limiter.wait("media")
            if self._limiter.parked_until is not None:
                return False
            if wait <= 0:
                self._limiter.on_sent("media")
                return True
            await self._clock.sleep(min(wait, _WAIT_STEP_SECONDS))
        return False

    def _note(self, outcome: Outcome, sent: float) -> None:
        if outcome.verdict in _LIMITED:
            is_quota = outcome.verdict == "quota"
            self._limiter.on_rejected(outcome.retry_after_seconds, is_quota, sent)
        elif outcome.verdict == "bot_wall":
            self._state.stop()
        elif outcome.verdict == "unavailable":
            self._limiter.on_failed(sent)
            self._state.on_failure()
        else:
            self._limiter.on_response(sent)
            self._state.on_response()


class RetryingSender:
    """Repeats a request that failed and may succeed later."""

    def __init__(self, sender: LimitedSender, policy: RetryPolicy = RETRIES) -> None:
        self._sender, self._policy = sender, policy

    async def fetch(self, url: str, role: str) -> StoredFile | Outcome:
        """Fetch a file within the attempts of the policy."""
        failures = 0
        while True:
            result = await self._sender.fetch(url, role)
            if isinstance(result, StoredFile) or not _is_retryable(result):
                return result
            failures += 1
            pause = self._policy.pause_seconds(failures)
            if pause is None or self._sender.is_closed:
                return result
            if result.verdict == "unavailable":  # else the limiter makes the pause
                await asyncio.sleep(pause)


def _is_retryable(outcome: Outcome) -> bool:
    return outcome.verdict in ("unavailable", *_LIMITED)
