"""Parking: a source that asked for a pause is left alone until then, by every verb and run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.single_counts import add_single_requests, requests_of_day
from phonofilm.errors import ParkedError
from phonofilm.files import readable_database
from phonofilm.formatting import format_minute
from phonofilm.imports.dumps import Obeyed
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.sources import get
from phonofilm.sources.manifest import Budget, Manifest
from phonofilm.workspace import Workspace

# Shorter windows are over before a person types the next command.
_LONG_SECONDS_MIN = 3600


class Parking(NamedTuple):
    """The pause that one origin of a source asked for, in the source's frontier.

    Origins are parked apart, because a ban by the host of the dumps is none by the API.
    """

    frontier: Frontier
    origin: str
    title: str
    clock: Clock

    def seconds_left(self) -> float:
        """Return the seconds until a request is allowed, 0 for now.

        A wall clock that was set back does not lengthen the pause: the rest of it counts from now.
        """
        suffix = self._suffix()
        until = self.frontier.settings.get(f"parked_until{suffix}")
        if until is None:
            return 0.0
        now, resume_at = self.clock.wall(), float(until)
        parked_at = float(self.frontier.settings.get(f"parked_at{suffix}") or now)
        if now < parked_at:
            resume_at = now + (resume_at - parked_at)
            self.save(resume_at)
        if now >= resume_at:
            self.frontier.settings.pop(f"parked_until{suffix}", None)
        return max(0.0, resume_at - now)

    def check(self, seconds_max: float = 0.0) -> float:
        """Return the seconds of the pause that are left; ParkedError when it is a longer one."""
        seconds = self.seconds_left()
        if seconds <= seconds_max:
            return seconds
        resume_at = self.clock.wall() + seconds
        raise ParkedError(
            f"{self.title} is parked until {format_minute(resume_at)}.",
            resume_at=resume_at,
            saved="Everything collected so far; nothing was asked now.",
            next_step="Run the same command after that minute, or add --wait.",
        )

    def save(self, resume_at: float) -> None:
        """Save until when (Unix seconds) nothing may be requested."""
        suffix = self._suffix()
        if not suffix:
            self.frontier.settings["parked_origin"] = self.origin
        self.frontier.settings[f"parked_until{suffix}"] = str(resume_at)
        self.frontier.settings[f"parked_at{suffix}"] = str(self.clock.wall())

    def _suffix(self) -> str:
        """Return what tells the settings of this origin from those of the first parked one."""
        settings = self.frontier.settings
        first = settings.get("parked_origin") or settings.get("origin") or self.origin
        return "" if first == self.origin else f" by {self.origin}"


class FolderParking(NamedTuple):
    """The parking of one origin in a data folder, for verbs that have no frontier open."""

    workspace: Workspace
    manifest: Manifest
    origin: str
    clock: Clock

    def check(self) -> None:
        """Raise ParkedError while the origin is parked."""
        if self._path.exists():
            with readable_database(self._path) as path, self._opened(path) as parking:
                parking.check()

    def save(self, resume_at: float) -> None:
        """Save until when (Unix seconds) nothing may be requested; create the folder for it."""
        self.workspace.open()
        with self._opened(self._path) as parking:
            parking.save(resume_at)

    def limiter(self, budgets: Iterable[Budget]) -> Limiter:
        """Make a limiter that knows the requests of the last day, of all verbs.

        Raises ParkedError when they spent a budget of hours or days.
        """
        sent: list[tuple[float, str]] = []
        if self._path.exists():
            with readable_database(self._path) as path, self._opened(path) as parking:
                sent = requests_of_day(parking.frontier, self.clock.wall())
        limiter = Limiter(budgets, self.clock, sent)
        limiter.wait()
        if limiter.parked_until is not None:
            raise ParkedError(
                f"{self.manifest.title} has no request left until"
                f" {format_minute(limiter.parked_until)}: {limiter.reason}.",
                resume_at=limiter.parked_until,
                saved="Everything collected so far; nothing was asked now.",
                next_step="Run the same command after that minute.",
            )
        return limiter

    @contextmanager
    def obeyed(self) -> Iterator[None]:
        """Run a verb that sends requests, but not while the origin is parked.

        Raises ParkedError; one that the verb raises is saved, so that all other verbs obey it.
        """
        self.check()
        try:
            yield
        except ParkedError as error:
            self.save(error.resume_at)
            raise

    @contextmanager
    def counted(
        self, sent: Sequence[tuple[float, str]], budgets: Iterable[Budget]
    ) -> Iterator[None]:
        """Count requests that a block sends, Unix seconds and endpoint, towards the next crawl's.

        Where only short windows limit the source, no folder is created for that. A folder that
        cannot be written counts nothing.
        """
        try:
            yield
        finally:
            is_limited = any(budget.seconds >= _LONG_SECONDS_MIN for budget in budgets)
            if sent and (is_limited or self._path.exists()) and self._is_writable():
                self.workspace.open()
                with self._opened(self._path) as parking:
                    add_single_requests(parking.frontier, sent, self.clock.wall())

    def _is_writable(self) -> bool:
        for folder in (self.workspace.frontier, self.workspace.root):
            if folder.exists():
                return os.access(folder, os.W_OK)
        return True

    @property
    def _path(self) -> Path:
        return self.workspace.frontier / f"{self.manifest.name}.sqlite"

    @contextmanager
    def _opened(self, path: Path) -> Iterator[Parking]:
        frontier = open_frontier(path)
        try:
            yield Parking(
                frontier=frontier, origin=self.origin, title=self.manifest.title, clock=self.clock
            )
        finally:
            frontier.close()


def dumps_obeyed(workspace: Workspace, source: str) -> Obeyed:
    """Return the context in which an import obeys and saves the pauses of a host."""
    return lambda origin: FolderParking(workspace, get(source).manifest, origin, Clock()).obeyed()
