"""SHA-256 of files, at once or while they are read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO


class HashingReader:
    """A binary file whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read and hash at most `size` bytes; all of them when it is negative."""
        chunk = self._file.read(size)
        self._digest.update(chunk)
        return chunk

    def sha256(self) -> str:
        """Return the hash of the bytes read so far, in hexadecimal."""
        return self._digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the hash of a file in hexadecimal; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
