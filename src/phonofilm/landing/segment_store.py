"""The segments of a data folder: in it, or in an object store with the folder as its outbox.

Segments are always written here first. With an object store they are then put there under the same
names and removed here. While the store fails they wait, and the next run ships them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from phonofilm.errors import StoreError
from phonofilm.files import PARTIAL_SUFFIX
from phonofilm.landing.dumps import NOTE_FILE, Dumps, Generation
from phonofilm.landing.hashing import file_sha256
from phonofilm.landing.segments import delete_before, remove_partials, segment_paths

if TYPE_CHECKING:
    from phonofilm.landing.object_store import ObjectStore

_FETCHED = "fetched"


class SegmentStore:
    """The segments of a data folder, wherever they are; names are paths under `root`.

    `objects` is the object store of the folder, or None when segments stay in it.
    """

    def __init__(self, root: Path, objects: ObjectStore | None = None) -> None:
        self._root, self._landing = root, root / "landing"
        self.objects = objects
        self._remote_names: set[str] | None = None

    def check(self) -> None:
        """Check that the object store, where there is one, can be read; StoreError otherwise."""
        if self.objects is not None:
            self.objects.check()

    def names(self, source: str = "*") -> list[str]:
        """Return the names of all segments of a source, sorted.

        The object store is listed once in the life of this instance.
        """
        names = {str(p.relative_to(self._root)) for p in segment_paths(self._landing, source)}
        if self.objects is not None:
            if self._remote_names is None:
                self._remote_names = set(self.objects.names("landing"))
            prefix = "landing/source=" + ("" if source == "*" else f"{source}/")
            names |= {
                name
                for name in self._remote_names
                if name.startswith(prefix) and name.endswith(".parquet")
            }
        return sorted(names)

    def path(self, name: str) -> Path:
        """Return a segment, or any other file, as a local one; fetch it when it is not here."""
        local = self._root / name
        if local.exists() or self.objects is None:
            return local
        return self.objects.fetch(name, self._landing / _FETCHED / Path(name).name)

    def paths(self, source: str = "*") -> Iterator[Path]:
        """Yield all segments of a source as local files."""
        return (self.path(name) for name in self.names(source))

    def rewrite(self, name: str, change: Callable[[Path], int]) -> int:
        """Apply a change to a segment, wherever it lies, and return the responses it touched."""
        path = self.path(name)
        touched = change(path)
        if touched and self.objects is not None and name in (self._remote_names or ()):
            if path.exists():
                self.objects.replace(name, path)
            else:
                self.objects.delete(name)
        return touched

    def delete_before(self, source: str, instant: datetime) -> int:
        """Delete responses of a source fetched before an instant (UTC); return their number."""
        limit_us = int(instant.astimezone(UTC).timestamp() * 1_000_000)
        deleted = sum(
            self.rewrite(name, lambda path: delete_before(path, limit_us))
            for name in self.names(source)
        )
        self.remove_fetched()
        return deleted

    def remove_partials(self) -> None:
        """Remove segments that a killed process left half written; the caller holds the lock."""
        remove_partials(self._landing)

    def remove_fetched(self) -> None:
        """Remove files that were only fetched to be read."""
        shutil.rmtree(self._landing / _FETCHED, ignore_errors=True)

    def ship(self) -> int:
        """Move waiting segments, media and dumps to the store; return the number of files.

        StoreError says how many files still wait.
        """
        if self.objects is None:
            return 0
        waiting = segment_paths(self._landing)
        shipped = 0
        try:
            for path in waiting:
                self.objects.put(str(path.relative_to(self._root)), path)
                path.unlink()
                shipped += 1
            shipped += self._ship_media(self.objects)
            shipped += self._ship_dumps(self.objects)
        except StoreError as error:
            remaining = max(0, len(waiting) - shipped)
            error.with_saved(
                f"{shipped} files are in the store; {remaining} wait in {self._landing}."
            )
            raise
        return shipped

    def _ship_media(self, objects: ObjectStore) -> int:
        """Ship media files; they are named by their content, so equal names are equal files."""
        shipped = 0
        for path in sorted((self._root / "media").glob("[0-9a-f][0-9a-f]/[0-9a-f]*.*")):
            if path.suffix != PARTIAL_SUFFIX:
                objects.put(str(path.relative_to(self._root)), path)
                path.unlink()
                shipped += 1
        return shipped

    def _ship_dumps(self, objects: ObjectStore) -> int:
        """Ship the newest generation of each dump; its note is put last, when all else is there."""
        shipped = 0
        for dumps in self._all_dumps():
            generation = dumps.newest()
            if generation is None:
                continue
            prefix = f"landing/dumps/{generation.source}/{generation.run}"
            if f"{prefix}/{NOTE_FILE}" in objects.names(prefix):
                continue
            folder = dumps.folder(generation.number)
            for path in sorted(folder.iterdir(), key=lambda path: path.name == NOTE_FILE):
                shipped += objects.put(f"{prefix}/{path.name}", path)
        return shipped

    def _all_dumps(self) -> list[Dumps]:
        roots = sorted((self._landing / "dumps").glob("*"))
        return [Dumps(self._landing, root.name) for root in roots]

    def pull_dumps(self) -> None:
        """Fetch the newest generation of each dump that the store has and this folder has not."""
        if self.objects is None:
            return
        newest: dict[str, tuple[str, str]] = {}
        for name in self.objects.names("landing/dumps"):
            if name.endswith(NOTE_FILE):  # runs begin with their instant: the last is the newest
                source, run = name.split("/")[2:4]
                newest[source] = run, name.removesuffix(NOTE_FILE)
        for source, (run, prefix) in newest.items():
            dumps = Dumps(self._landing, source)
            local = dumps.newest()
            if local is None or local.run < run:
                self._pull_generation(self.objects, dumps, prefix, local.number if local else 0)

    def _pull_generation(
        self, objects: ObjectStore, dumps: Dumps, prefix: str, local_number: int
    ) -> None:
        """Fetch one generation, check its hashes and swap it in."""
        incoming = dumps.open_incoming()
        for name in objects.names(prefix.rstrip("/")):
            objects.fetch(name, incoming / name.removeprefix(prefix))
        generation = msgspec.json.decode((incoming / NOTE_FILE).read_bytes(), type=Generation)
        for file in generation.files.values():
            if file_sha256(incoming / file.name) != file.sha256:
                shutil.rmtree(incoming)
                raise StoreError(
                    f"{objects.url}/{prefix}{file.name} is damaged.",
                    saved="Nothing was changed here.",
                    next_step="Import it again where it came from.",
                )
        generation.number = local_number + 1
        dumps.swap_in(generation)
