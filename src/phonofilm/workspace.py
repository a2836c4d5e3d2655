"""The data folder: its paths, the version that wrote it, its segments, and the writer's lock."""

from __future__ import annotations

import errno
import json
import os
import socket
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from phonofilm.about import __version__
from phonofilm.errors import LockedError, NewerDataError, OriginError, StoreError, UsageError
from phonofilm.files import atomic_write, expanded
from phonofilm.landing.journal import LogFolder
from phonofilm.landing.segment_store import SegmentStore

FORMAT = 1
_MARKER = "phonofilm.json"
_ORIGINS = {"live": "the live services", "sandbox": "a sandbox"}


class Workspace:
    """The paths of one data folder.

    `database` is the URL of a PostgreSQL as its warehouse, in place of the DuckDB in the folder;
    `landing_url` that of an object store for its segments, fixed when the folder is created.
    `create` makes a bucket that is missing.
    """

    def __init__(
        self, root: Path, database: str = "", landing_url: str = "", create: bool = False
    ) -> None:
        self.root = root = expanded(root)
        self.database = database
        self._landing_url, self._create = landing_url.rstrip("/"), create
        self.landing = root / "landing"
        self.logs = root / "landing" / "log"
        self.frontier = root / "frontier"
        self.warehouse = root / "warehouse"

    @property
    def _marker(self) -> Path:
        return self.root / _MARKER

    def open(self) -> Workspace:
        """Create the folder, or check that this version may write to it.

        StoreError when it cannot be written, OriginError when it lands elsewhere than was named.
        """
        try:
            for folder in (self.root, self.logs, self.frontier, self.warehouse):
                folder.mkdir(parents=True, exist_ok=True)
            if not self._marker.exists():
                self._write_marker()
        except OSError as error:
            raise StoreError(
                f"{self.root} cannot be written: {error}.", next_step="Name another folder: --data."
            ) from error
        self.check()
        self._check_landing()
        return self

    def _write_marker(self) -> None:
        """Write the marker; a folder is created only when its object store can be read."""
        marker: dict[str, object] = {"format": FORMAT, "by": __version__}
        if self._landing_url:
            from phonofilm.landing.object_store import open_objects  # noqa: PLC0415 - an extra

            open_objects(self._landing_url).check(self._create)
            marker["landing"] = self._landing_url
        atomic_write(self._marker, json.dumps(marker) + "\n")

    def _check_landing(self) -> None:
        stored_url = self.objects_url
        if self._landing_url and stored_url != self._landing_url:
            where = f"in {stored_url}" if stored_url else "beside itself"
            raise OriginError(
                f"{self.root} lands {where}, not in {self._landing_url}.",
                expected=stored_url,
                actual=self._landing_url,
                saved="Nothing was touched.",
                next_step="Name another folder with --data, or leave --landing out.",
            )

    @property
    def objects_url(self) -> str:
        """The URL of the object store of this folder's segments; empty when they stay in it."""
        return str(self._marked().get("landing", ""))

    @property
    def origin(self) -> str:
        """`live` or `sandbox`, where the responses come from; empty before the first ones."""
        return str(self._marked().get("origin", ""))

    def bind_origin(self, origin: str) -> None:
        """Bind the folder to `live` or `sandbox`; OriginError when it holds the other.

        A simulated artist beside a real one would look as real.
        """
        if self.origin == origin:
            return
        if self.origin:
            raise OriginError(
                f"{self.root} holds data from {_ORIGINS[self.origin]},"
                f" not from {_ORIGINS[origin]}.",
                expected=self.origin,
                actual=origin,
                saved="Nothing was touched.",
                next_step="Name another folder with --data.",
            )
        self._mark("origin", origin)

    @property
    def key_fingerprint(self) -> str:
        """The fingerprint of the key that names are hashed with; empty before the first name."""
        return str(self._marked().get("names_key", ""))

    def bind_key(self, fingerprint: str) -> None:
        """Remember the key that names are hashed with, by its fingerprint."""
        if self.key_fingerprint != fingerprint:
            self._mark("names_key", fingerprint)

    def _mark(self, name: str, value: str) -> None:
        atomic_write(self._marker, json.dumps(self._marked() | {name: value}) + "\n")

    def _marked(self) -> dict[str, object]:
        """Return what the marker says; nothing where it is missing or damaged."""
        try:
            marked = json.loads(self._marker.read_text())
        except (OSError, ValueError):
            return {}
        return marked if isinstance(marked, dict) else {}

    def segments(self) -> SegmentStore:
        """Open the segments of this folder, with their object store where there is one."""
        url = self.objects_url
        if not url:
            return SegmentStore(self.root)
        from phonofilm.landing.object_store import open_objects  # noqa: PLC0415 - an extra

        return SegmentStore(self.root, open_objects(url))

    def seal_logs(self) -> None:
        """Seal all logs that wait in the landing, without the frontiers of their crawls."""
        LogFolder(self.landing).seal_all(
            lambda source: (self.frontier / f"{source}.sqlite").exists()
        )

    def must_exist(self) -> Workspace:
        """Open a folder that was created before; UsageError for any other.

        A mistyped --data should not succeed.
        """
        if not self._marker.exists():
            raise UsageError(
                f"{self.root} holds nothing yet.",
                next_step="Begin with: phonofilm crawl deezer -n 100",
            )
        return self.open()

    def check(self) -> None:
        """Check that no newer version wrote this folder; a missing one is fine.

        NewerDataError when one did, StoreError when the marker is damaged.
        """
        if not self._marker.exists():
            return
        try:
            written = int(json.loads(self._marker.read_text())["format"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{self._marker} is damaged ({error}).",
                saved="The data beside it is untouched.",
                next_step=f'Write {{"format": {FORMAT}}} into it if this version made the folder.',
            ) from error
        if written > FORMAT:
            raise NewerDataError(
                f"{self.root} was written by a newer phonofilm (format {written}).",
                written=written,
                saved="Nothing was touched.",
                next_step="Update phonofilm, or name another folder with --data.",
            )


LANDING, WAREHOUSE = "landing", "warehouse"
"""The parts of a data folder that are locked. The warehouse is with it the dumps, which an import
replaces while a load would read them."""
# The names of the lock of the landing are those of versions that locked the folder as a whole.
_LOCK_FILES = {LANDING: (".writing", ".writer"), WAREHOUSE: (".loading", ".loader")}


class FolderLock:
    """The right to write to parts of a data folder, for one process at a time.

    Without parts it is the right to all of them. The operating system releases it when the process
    ends, however it ends. LockedError on entering while another process has a part.
    """

    def __init__(self, workspace: Workspace, purpose: str, *parts: str) -> None:
        self._locks = [
            _PartLock(workspace.root, *_LOCK_FILES[part], purpose) for part in parts or _LOCK_FILES
        ]

    def __enter__(self) -> FolderLock:
        with ExitStack() as entered:
            for lock in self._locks:
                entered.enter_context(lock)
            self._entered = entered.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._entered.close()


class _PartLock:
    """The lock of one part, and the file that says who has it."""

    def __init__(self, root: Path, lock_name: str, holder_name: str, purpose: str) -> None:
        self._root, self._purpose = root, purpose
        # No soft lock where the file system has none: a killed process would leave it behind.
        self._lock = FileLock(root / lock_name, thread_local=False, fallback_to_soft=False)
        # A separate file, because on Windows a locked file cannot be read.
        self._holder = root / holder_name

    def __enter__(self) -> None:
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise self._locked_error() from None
        except (OSError, NotImplementedError) as error:
            raise _lock_failure(self._root, error) from error
        try:
            self._write_holder()
        except OSError as error:
            self._lock.release()
            raise StoreError(f"{self._holder} cannot be written: {error}.") from error

    def _write_holder(self) -> None:
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        process = f"process {os.getpid()} on {socket.gethostname()}"
        atomic_write(self._holder, f"{self._purpose} by {process} since {since}", locked=True)

    def _locked_error(self) -> LockedError:
        try:
            holder = self._holder.read_text("utf-8").strip()
        except OSError:
            holder = ""
        holder = holder or "another process"
        return LockedError(
            f"{self._root} is in use: {holder}.",
            holder=holder,
            saved="Nothing was touched.",
            next_step="Wait for it to end, or name another folder with --data.",
        )

    def __exit__(self, *_: object) -> None:
        self._holder.unlink(missing_ok=True)
        self._lock.release()


# What the calls of a lock answer on file systems that know none, such as some network mounts.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def _lock_failure(root: Path, error: Exception) -> StoreError:
    """Describe why a folder cannot be locked by anybody."""
    if isinstance(error, NotImplementedError) or getattr(error, "errno", None) in _NO_LOCKS:
        return StoreError(
            f"Cannot lock {root}: its file system has no locks.",
            saved="Nothing was touched.",
            next_step="Put the folder on a local disk and name it: --data FOLDER",
        )
    reason = getattr(error, "strerror", None) or error
    return StoreError(f"Cannot lock {root}: {reason}.", saved="Nothing was touched.")
