"""The data folder: what lies where, which version wrote it, and who is writing now."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from phonofilm.about import __version__
from phonofilm.errors import LockedError, NewerDataError, OriginError, StoreError, UsageError

FORMAT = 1


class Workspace:
    """The paths of one data folder; `open` makes it when it is not there.

    `database` names a PostgreSQL as its warehouse, instead of the DuckDB beside it; `landing_url`
    an object store for its segments, once and for all.
    """

    def __init__(
        self, root: Path, database: str = "", landing_url: str = "", create: bool = False
    ) -> None:
        self.root = root
        self.database = database
        self._landing_url, self._create = landing_url.rstrip("/"), create
        self.landing = root / "landing"
        self.logs = root / "landing" / "log"
        self.frontier = root / "frontier"
        self.warehouse = root / "warehouse"

    def open(self) -> Workspace:
        """Makes the folder, or checks that this version may write to it."""
        marker = self.root / "phonofilm.json"
        try:
            for folder in (self.root, self.logs, self.frontier, self.warehouse):
                folder.mkdir(parents=True, exist_ok=True)
            if not marker.exists():
                self._prepare_store()
                told = {"format": FORMAT, "by": __version__}
                if self._landing_url:
                    told["landing"] = self._landing_url
                marker.write_text(json.dumps(told) + "\n")
        except OSError as error:
            raise StoreError(
                f"{self.root} cannot be written: {error}.", next_step="Name another folder: --data."
            ) from error
        self.check()
        if self._landing_url and self.objects_url != self._landing_url:
            where = f"in {self.objects_url}" if self.objects_url else "beside itself"
            raise OriginError(
                f"{self.root} lands {where}, not in {self._landing_url}.",
                saved="Nothing was touched.",
                next_step="Name another folder with --data, or leave --landing out.",
            )
        return self

    def _prepare_store(self) -> None:
        """A folder begins only where its object store can be had."""
        if self._landing_url:
            from phonofilm.landing.object_store import open_objects  # noqa: PLC0415 - an extra

            open_objects(self._landing_url).check(self._create)

    @property
    def objects_url(self) -> str:
        """The object store of this folder's segments; empty when they lie beside it."""
        try:
            told = json.loads((self.root / "phonofilm.json").read_text())
            return str(told.get("landing", ""))
        except (OSError, ValueError, AttributeError):
            return ""

    def must_exist(self) -> Workspace:
        """UsageError where nothing was ever collected: a mistyped --data should not succeed."""
        if not (self.root / "phonofilm.json").exists():
            raise UsageError(
                f"{self.root} holds nothing yet.",
                next_step="Begin with: phonofilm crawl deezer -n 100",
            )
        return self.open()

    def check(self) -> None:
        """NewerDataError when a newer version wrote this folder; a missing folder is fine."""
        marker = self.root / "phonofilm.json"
        if not marker.exists():
            return
        try:
            written = int(json.loads(marker.read_text())["format"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{marker} is damaged ({error}).",
                saved="The data beside it is untouched.",
                next_step=f'Write {{"format": {FORMAT}}} into it if this version made the folder.',
            ) from error
        if written > FORMAT:
            raise NewerDataError(
                f"{self.root} was written by a newer phonofilm (format {written}).",
                saved="Nothing was touched.",
                next_step="Update phonofilm, or name another folder with --data.",
            )


class FolderLock:
    """The right to write to a data folder, held by one process at a time."""

    def __init__(self, folder: Workspace, doing: str) -> None:
        self._path = folder.root / ".writing"
        self._doing = doing
        self._file: IO[str] | None = None

    def __enter__(self) -> FolderLock:
        try:
            self._file = self._path.open("a+")
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error}.") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise LockedError(
                f"{self._path.parent} is in use: {holder}.",
                saved="Nothing was touched.",
                next_step="Wait for it to end, or name another folder with --data.",
            ) from None
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        self._file.write(
            f"{self._doing} by process {os.getpid()} on {socket.gethostname()} since {since}"
        )
        self._file.flush()
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.truncate(0)
            self._file.close()
