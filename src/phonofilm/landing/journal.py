"""The append log: where an answer is safe first, one JSON line each."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from phonofilm.errors import storage_error
from phonofilm.landing.envelope import Envelope

_MOST_BUFFERS = 512  # of one writev, half of what Linux allows
_LOOK_BACK_BYTES = 65_536
SEAL_AT_BYTES = 64 * 1024 * 1024


class Journal:
    """One log file, open for appending; `offset` is where the next line will begin."""

    def __init__(self, path: Path, committed: int = 0) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        # What was written after the last commit belongs to calls that will be made again.
        self.offset = min(committed, self._file.seek(0, 2))
        self._file.truncate(self.offset)
        self._file.seek(self.offset)
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._queued = 0

    def add(self, envelope: Envelope) -> int:
        """Queues an answer and returns where its line begins; `write` puts it on disk."""
        start = self.offset + self._queued
        line = self._encode(envelope)
        self._lines += (line, b"\n")
        self._queued += len(line) + 1
        return start

    def write(self) -> int:
        """Appends what was queued; returns the new offset. StoreError when the disk fails."""
        lines, self._lines, queued, self._queued = self._lines, [], self._queued, 0
        written = 0
        try:
            for start in range(0, len(lines), _MOST_BUFFERS):
                written += os.writev(self._file.fileno(), lines[start : start + _MOST_BUFFERS])
            if written != queued:
                raise OSError("only a part could be written")
        except OSError as error:
            self._file.truncate(self.offset)  # half an answer is none
            raise storage_error(self.path, error) from error
        self.offset += written
        return self.offset

    def close(self) -> None:
        """Closes the file; nothing is lost that was written."""
        self._file.close()


def whole_lines(path: Path, committed: int) -> int:
    """How much of a log can be read: up to the last whole line of what was committed.

    A power cut may leave less than was committed, and end within a line.
    """
    size = min(committed, path.stat().st_size)
    with path.open("rb") as file:
        for start in range(size - _LOOK_BACK_BYTES, -_LOOK_BACK_BYTES, -_LOOK_BACK_BYTES):
            file.seek(max(0, start))
            found = file.read(min(_LOOK_BACK_BYTES, size - max(0, start))).rfind(b"\n")
            if found >= 0:
                return max(0, start) + found + 1
    return 0
