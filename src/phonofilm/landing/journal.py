"""The append log: responses are safe here first, one JSON line each."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from phonofilm.errors import storage_error
from phonofilm.landing.envelope import Envelope

_BUFFERS_MAX = 512  # of one writev, half of what Linux allows
_READ_BACK_BYTES = 65_536  # longer than most lines; chosen, not tuned
SEAL_AT_BYTES = 64 * 1024 * 1024  # chosen, not tuned


class Journal:
    """One log file, open for appending; `offset` is where the next line will begin.

    Opening cuts the file to `committed` bytes.
    """

    def __init__(self, path: Path, committed: int = 0) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        # What was written after the last commit belongs to requests that will be sent again.
        self.offset = min(committed, self._file.seek(0, 2))
        self._file.truncate(self.offset)
        self._file.seek(self.offset)
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
            raise storage_error(self.path, error) from error
        self.offset += written_bytes
        return self.offset

    def close(self) -> None:
        """Close the file; queued lines are not written."""
        self._file.close()


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
