"""Where a folder's segments lie: beside it, or in an object store with the folder as its outbox.

Segments are always made here first. With an object store they are then put there under the same
names and removed here; while the store fails they simply wait, and the next run brings them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from phonofilm.errors import StoreError
from phonofilm.landing.dumps import Dumps, Generation, sha256_of
from phonofilm.landing.segments import drop_from, segments
from phonofilm.workspace import Workspace

if TYPE_CHECKING:
    from phonofilm.landing.object_store import ObjectStore

_FETCHED = "fetched"


class SegmentStore:
    """The segments of a folder, wherever they are; names are paths under the folder."""

    def __init__(self, folder: Workspace) -> None:
        self._folder = folder
        self.objects = _objects(folder)
        self._there: set[str] | None = None

    def check(self) -> None:
        """StoreError unless the object store, where there is one, can be read."""
        if self.objects is not None:
            self.objects.check()

    def names(self, source: str = "*") -> list[str]:
        """The names of all segments of a source, sorted."""
        root = self._folder.root
        here = {str(p.relative_to(root)) for p in segments(self._folder.landing, source)}
        if self.objects is not None:
            if self._there is None:
                self._there = set(self.objects.names("landing"))
            own = "landing/source=" + ("" if source == "*" else f"{source}/")
            here |= {n for n in self._there if n.startswith(own) and n.endswith(".parquet")}
        return sorted(here)

    def path(self, name: str) -> Path:
        """A segment as a local file; fetched when it is not here."""
        here = self._folder.root / name
        if here.exists() or self.objects is None:
            return here
        return self.objects.fetch(name, self._folder.landing / _FETCHED / Path(name).name)

    def paths(self, source: str = "*") -> Iterator[Path]:
        """All segments as local files, one after the other."""
        return (self.path(name) for name in self.names(source))

    def drop(self, name: str, limit: int) -> int:
        """Removes answers of a segment fetched before an instant; how many."""
        return self.rewrite(name, lambda path: drop_from(path, limit))

    def rewrite(self, name: str, change: Callable[[Path], int]) -> int:
        """Changes a segment in place, wherever it lies; how many answers were touched."""
        path = self.path(name)
        touched = change(path)
        if touched and self.objects is not None and name in (self._there or ()):
            if path.exists():
                self.objects.replace(name, path)
            else:
                self.objects.delete(name)
        return touched

    def tidy(self) -> None:
        """Removes what was only fetched to be read."""
        shutil.rmtree(self._folder.landing / _FETCHED, ignore_errors=True)

    def ship(self) -> int:
        """Brings what waits here to the store; how many files. StoreError says what still waits."""
        if self.objects is None:
            return 0
        waiting = segments(self._folder.landing)
        shipped = 0
        try:
            for path in waiting:
                self.objects.put(str(path.relative_to(self._folder.root)), path)
                path.unlink()
                shipped += 1
            shipped += self._ship_media(self.objects)
            shipped += self._ship_dumps(self.objects)
        except StoreError as error:
            left = len(waiting) - shipped
            error.saved = (
                f"{shipped} files are in the store; {max(0, left)} wait in {self._folder.landing}."
            )
            raise
        return shipped

    def _ship_media(self, objects: ObjectStore) -> int:
        """Files called by their content: what is there under its name is the same."""
        shipped = 0
        for path in sorted((self._folder.root / "media").glob("[0-9a-f][0-9a-f]/[0-9a-f]*.*")):
            if path.suffix != ".growing":
                objects.put(str(path.relative_to(self._folder.root)), path)
                path.unlink()
                shipped += 1
        return shipped

    def _ship_dumps(self, objects: ObjectStore) -> int:
        """The newest generation of each dump; its note comes last, so that it is whole or not."""
        shipped = 0
        for root in sorted((self._folder.landing / "dumps").glob("*")):
            dumps = Dumps(self._folder.landing, root.name)
            generation = dumps.newest()
            if generation is None:
                continue
            folder = dumps.folder(generation.number)
            prefix = f"landing/dumps/{root.name}/{generation.run}"
            if f"{prefix}/generation.json" in objects.names(prefix):
                continue
            files = sorted(folder.iterdir(), key=lambda p: p.name == "generation.json")
            for path in files:
                shipped += objects.put(f"{prefix}/{path.name}", path)
        return shipped

    def pull_dumps(self) -> None:
        """Fetches the newest generation of each dump that the store has and this folder has not."""
        if self.objects is None:
            return
        notes = [n for n in self.objects.names("landing/dumps") if n.endswith("generation.json")]
        newest: dict[str, str] = {}
        for name in notes:  # runs begin with their instant: the last is the newest
            newest[name.split("/")[2]] = name
        for source, note in newest.items():
            dumps = Dumps(self._folder.landing, source)
            held = dumps.newest()
            if held is not None and held.run >= note.split("/")[3]:
                continue
            incoming = dumps.begin()
            prefix = note.removesuffix("generation.json")
            for name in self.objects.names(prefix.rstrip("/")):
                self.objects.fetch(name, incoming / name.removeprefix(prefix))
            told = msgspec.json.decode((incoming / "generation.json").read_bytes(), type=Generation)
            for file in told.files.values():
                if sha256_of(incoming / file.name) != file.sha256:
                    shutil.rmtree(incoming)
                    raise StoreError(
                        f"{self.objects.url}/{prefix}{file.name} is damaged.",
                        saved="Nothing was changed here.",
                        next_step="Import it again where it came from.",
                    )
            told.number = (held.number if held else 0) + 1
            dumps.swap_in(told)


def drop_older(shelf: SegmentStore, source: str, before: datetime) -> int:
    """Removes what was fetched before an instant (UTC): whole files, or rows of a mixed one.

    Returns how many answers were removed.
    """
    limit = int(before.astimezone(UTC).timestamp() * 1_000_000)
    removed = sum(shelf.drop(name, limit) for name in shelf.names(source))
    shelf.tidy()
    return removed


def _objects(folder: Workspace) -> ObjectStore | None:
    url = folder.objects_url
    if not url:
        return None
    from phonofilm.landing.object_store import open_objects  # noqa: PLC0415 - an extra

    return open_objects(url)
