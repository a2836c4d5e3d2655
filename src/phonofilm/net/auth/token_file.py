"""A token on disk, shared by all processes of a user: mode 0600, in the user's cache folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from phonofilm.errors import storage_error
from phonofilm.files import atomic_write


class StoredToken(msgspec.Struct, kw_only=True):
    """A token until `expires` (Unix seconds); `asked` are the seconds tokens were requested at."""

    token: str = ""
    expires: float = 0.0
    refresh: str = ""
    asked: list[float] = []

    def __repr__(self) -> str:
        return "StoredToken(...)"


class TokenFile:
    """The file of one client's token; without a cache folder nothing is read or written.

    `identity` names server and client; the file's name is a hash of it, so it shows neither.
    """

    def __init__(self, cache: Path | None, identity: str) -> None:
        digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._path = cache / f"token-{digest}.json" if cache else None

    def read(self) -> StoredToken | None:
        """Return the stored token; None where there is none that can be read."""
        try:
            if self._path is None:
                return None
            return msgspec.json.decode(self._path.read_bytes(), type=StoredToken)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def write(self, stored: StoredToken) -> None:
        """Replace the stored token."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._path, msgspec.json.encode(stored), mode=0o600)
        except OSError as error:
            raise storage_error(self._path, error) from error
