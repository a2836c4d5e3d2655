"""The append log: where an answer is safe first, one JSON line each."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import msgspec

from phonofilm.errors import StoreError
from phonofilm.landing.envelope import Envelope

SEAL_AT_BYTES = 64 * 1024 * 1024


class AppendLog:
    """One log file, open for appending; `offset` is where the next line will begin."""

    def __init__(self, path: Path, committed: int = 0) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab", buffering=0)
        # What was written after the last commit belongs to calls that will be made again.
        self.offset = min(committed, self._file.seek(0, 2))
        self._file.truncate(self.offset)
        self._file.seek(self.offset)
        self._encoder = msgspec.json.Encoder()
        self._lines = bytearray()

    def add(self, envelope: Envelope) -> int:
        """Queues an answer and returns where its line begins; `write` puts it on disk."""
        start = self.offset + len(self._lines)
        self._lines += self._encoder.encode(envelope)
        self._lines += b"\n"
        return start

    def write(self) -> int:
        """Appends what was queued; returns the new offset. StoreError when the disk fails."""
        lines, self._lines = bytes(self._lines), bytearray()
        try:
            written = self._file.write(lines)
        except OSError as error:
            raise disk_failed(self.path, error) from error
        if written != len(lines):
            raise disk_failed(self.path, OSError("only a part could be written"))
        self.offset += written
        return self.offset

    def close(self) -> None:
        """Closes the file; nothing is lost that was written."""
        self._file.close()


def disk_failed(path: Path, error: Exception) -> StoreError:
    """What a person is told when a disk fails."""
    return StoreError(
        f"The disk of {path.parent} fails: {error}.",
        saved="Every answer up to the last commit is safe; only the calls in flight are lost.",
        next_step="Make room (or repair the disk) and run the same command again.",
    )
