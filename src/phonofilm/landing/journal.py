"""The journal: logs in which responses are safe first, one JSON line each.

`landing/log/SOURCE-NUMBER.ndjson` is a log; `SOURCE-NUMBER.offset` beside it says how many of its
bytes are committed. So logs can be sealed without the frontier of the crawl that wrote them. A
commit has three steps, in this order:

1. the lines are appended to the log (`Journal.write`);
2. one transaction of the frontier holds all that the responses mentioned, and the new offset;
3. the offset is written to the offset file (`Journal.confirm`).

A worker sends its next request after the third step. This is what a kill costs, by its moment:

- Before step 2 is done: the frontier does not know of the requests, so that they are sent again.
  Their lines lie past the offset and are cut when the log is sealed: each response lands once.
- Between 2 and 3: the frontier's offset is ahead of the file. The next crawl sets the file to it
  before it seals (`LogFolder.confirm`). Where `load` or `forget` sealed before that, they cut the
  lines past the offset and left the offset file with the sealed size; the next crawl reopens the
  requests of the lines that were cut. They are sent again, and land once.
- While a log is sealed: its size was written as final first, so that it is cut at the same byte
  when the seal is repeated. Names of segments follow from the responses, so that a repeated seal
  replaces its own files.

Where the frontier was deleted, every request is sent again, so that all whole lines are kept, also
those past the offset. A number that stands in the folder is never used again.

After a power cut a log may end before its offset, because nothing waits for the disk. Then its
whole lines count, and the frontier reopens the requests of the others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

import msgspec

from phonofilm.errors import NewerDataError, storage_error
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segments import seal_log

_BUFFERS_MAX = 512  # of one writev, half of what Linux allows
_READ_BACK_BYTES = 65_536  # longer than most lines; chosen, not tuned
SEAL_AT_BYTES = 64 * 1024 * 1024  # chosen, not tuned

_VERSION = 1
_OFFSET_LINE = b"%d %s %020d\n"
_OFFSET_PATTERN = re.compile(rb"(\d+) (open|done) (\d{20})\n")
_NAME = re.compile(r"([a-z0-9_]+)-(\d{6,})\.(?:ndjson|offset)")


class LogOffset(NamedTuple):
    """Committed bytes of a log; `final` once it is being sealed or is sealed."""

    committed: int
    final: bool


class OffsetFile:
    """The offset file of a log: one line of fixed length, replaced in place."""

    def __init__(self, log: Path) -> None:
        self.path = log.with_suffix(".offset")
        self._descriptor: int | None = None

    def read(self) -> LogOffset | None:
        """Return the offset; None where there is none, or none that can be read.

        NewerDataError when a newer version wrote it.
        """
        try:
            line = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(self.path, error) from error
        match = _OFFSET_PATTERN.fullmatch(line)
        if match is None:
            return None
        version = int(match[1])
        if version > _VERSION:
            raise NewerDataError(
                f"{self.path} was written by a newer phonofilm (version {version}).",
                written=version,
                saved="Nothing was touched.",
                next_step="Update phonofilm, or name another folder with --data.",
            )
        return LogOffset(int(match[3]), match[2] == b"done")

    def write(self, committed: int, final: bool = False) -> None:
        """Replace the offset; StoreError when the disk fails."""
        line = _OFFSET_LINE % (_VERSION, b"done" if final else b"open", committed)
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o666)
            os.pwrite(self._descriptor, line, 0)
        except OSError as error:
            raise storage_error(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)


class Journal:
    """A new log, open for appending; `offset` is where the next line will begin.

    StoreError when there is a log of that name: what lies in it is never overwritten.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise storage_error(path, error) from error
        self._offset_file = OffsetFile(path)
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._queued_bytes = 0

    def add(self, envelope: Envelope) -> int:
        """Queue a response and return where its line begins; `write` puts it on disk."""
        start = self.offset + self._queued_bytes
        line = self._encode(envelope)
        self._lines += (line, b"\n")
        self._queued_bytes += len(line) + 1
        return start

    def write(self) -> int:
        """Append the queued lines and return the new offset.

        StoreError when the disk fails; the file then ends where it ended before.
        """
        lines, self._lines = self._lines, []
        expected_bytes, self._queued_bytes = self._queued_bytes, 0
        written_bytes = 0
        try:
            for start in range(0, len(lines), _BUFFERS_MAX):
                written_bytes += os.writev(self._file.fileno(), lines[start : start + _BUFFERS_MAX])
            if written_bytes != expected_bytes:
                raise OSError("only a part could be written")
        except OSError as error:
            self._file.truncate(self.offset)  # half a line cannot be read
            self._file.seek(self.offset)
            raise storage_error(self.path, error) from error
        self.offset += written_bytes
        return self.offset

    def confirm(self) -> None:
        """Write the offset to the offset file: everything up to it is committed."""
        self._offset_file.write(self.offset)

    def close(self) -> None:
        """Close the files; queued lines are not written."""
        self._file.close()
        self._offset_file.close()


class LogFolder:
    """The logs of a landing that wait to be sealed into segments, by source and number."""

    def __init__(self, landing: Path) -> None:
        self._landing, self._folder = landing, landing / "log"

    def path(self, source: str, number: int) -> Path:
        """Return the path of a log."""
        return self._folder / f"{source}-{number:06d}.ndjson"

    def numbers(self, source: str) -> list[int]:
        """Return the numbers of a source that stand in the folder, sorted."""
        return sorted({number for name, number in self._names() if name == source})

    def _names(self) -> set[tuple[str, int]]:
        """Return source and number of all logs and offset files; other files are left out."""
        matches = (_NAME.fullmatch(path.name) for path in self._folder.glob("*"))
        return {(match[1], int(match[2])) for match in matches if match}

    def confirm(self, source: str, number: int, committed: int) -> None:
        """Set the offset of a log to that of its frontier, unless it is sealed already."""
        path = self.path(source, number)
        offset_file = OffsetFile(path)
        offset = offset_file.read()
        if path.exists() and not (offset and offset.final):
            offset_file.write(committed)
            offset_file.close()

    def seal(self, source: str, keep_whole: Collection[int] = ()) -> dict[int, int]:
        """Seal the logs of a source; return the bytes that landed of each, by its number.

        Logs are cut at their offset; those of `keep_whole`, and logs without an offset, at their
        last whole line. The offset files stay, for the frontier, until `remove_offsets`.
        """
        return {
            number: self.seal_one(source, number, keep_whole=number in keep_whole)
            for number in self.numbers(source)
        }

    def seal_one(
        self, source: str, number: int, *, keep_whole: bool = False, threads: int = 2
    ) -> int:
        """Seal a log as `seal` does; 0 when the log itself is gone and was never sealed."""
        path = self.path(source, number)
        offset_file = OffsetFile(path)
        offset = offset_file.read()
        if not path.exists():
            return offset.committed if offset and offset.final else 0
        cut = offset is not None and (offset.final or not keep_whole)
        size = whole_lines(path, offset.committed if cut and offset else path.stat().st_size)
        offset_file.write(size, final=True)
        offset_file.close()
        _truncate(path, size)
        if size:
            seal_log(path, self._landing, threads)
        path.unlink()
        return size

    def seal_all(self, has_frontier: Callable[[str], bool]) -> None:
        """Seal the logs of all sources, without their frontiers.

        Where a source has no frontier, nothing knows which requests to send again: all whole lines
        of its logs are kept.
        """
        for source in sorted({name for name, _ in self._names()}):
            if has_frontier(source):
                self.seal(source)
            else:
                self.seal(source, keep_whole=self.numbers(source))
                self.remove_offsets(source)

    def remove_offsets(self, source: str) -> None:
        """Delete the offset files of sealed logs."""
        for number in self.numbers(source):
            path = self.path(source, number)
            if not path.exists():
                OffsetFile(path).remove()


def _truncate(path: Path, size: int) -> None:
    try:
        os.truncate(path, size)
    except OSError as error:
        raise storage_error(path, error) from error


def whole_lines(path: Path, committed: int) -> int:
    """Return how many bytes of a log can be read: the whole lines of what was committed.

    A power cut may leave less than was committed, and end within a line.
    """
    size = min(committed, path.stat().st_size)
    with path.open("rb") as file:
        for start in range(size - _READ_BACK_BYTES, -_READ_BACK_BYTES, -_READ_BACK_BYTES):
            file.seek(max(0, start))
            line_end = file.read(min(_READ_BACK_BYTES, size - max(0, start))).rfind(b"\n")
            if line_end >= 0:
                return max(0, start) + line_end + 1
    return 0
