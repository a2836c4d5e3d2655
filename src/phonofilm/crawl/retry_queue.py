"""Attempts at tasks, and failed tasks that are sent again, each not before its moment.

Whether a task is sent again is decided in `outcomes.py`.
"""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.crawl.frontier.values import Task
from phonofilm.net.retry_policy import RetryPolicy

# Pauses double from 0.25 s to 2 s, less a random half. Chosen in November 2026, not tuned.
RETRIES = RetryPolicy(attempts_max=5, first_pause_seconds=0.25)


class Attempt(NamedTuple):
    """One request that was sent: its task, attempts before, steady seconds, headers, permit."""

    task: Task
    attempts: int
    sent_at: float
    headers: dict[str, str]
    permit: int | None = None


class Retry(NamedTuple):
    """A task that was attempted before; `not_before` is in steady seconds."""

    not_before: float
    attempts: int
    task: Task


class RetryQueue:
    """Tasks that are attempted again, each not before its moment."""

    def __init__(self) -> None:
        self._retries: list[Retry] = []

    def __len__(self) -> int:
        return len(self._retries)

    def add(self, task: Task, attempts: int) -> None:
        """Add a task that may be attempted as soon as the limiter allows; `attempts` stays."""
        self.add_later(task, attempts, 0.0)

    def add_later(self, task: Task, attempts: int, not_before: float) -> None:
        """Add a task that may be attempted from then on (steady seconds); `attempts` stays."""
        self._retries.append(Retry(not_before, attempts, task))

    def add_failed(self, task: Task, attempts: int, now: float) -> bool:
        """Add a task after a failed attempt; False when all its attempts are spent."""
        pause = RETRIES.pause_seconds(attempts + 1)
        if pause is None:
            return False
        self._retries.append(Retry(now + pause, attempts + 1, task))
        return True

    def pop(self, now: float) -> Retry | None:
        """Remove and return the first task whose moment has come."""
        for index, retry in enumerate(self._retries):
            if retry.not_before <= now:
                return self._retries.pop(index)
        return None
