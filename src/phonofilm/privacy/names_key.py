"""The key that people's names are hashed with: it belongs to a dataset, not to a machine.

A data folder remembers a fingerprint of its key, never the key, because folders are given away. A
second machine needs the key itself: with another one it would give each person a second hash, and
`forget` would miss half of a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from phonofilm.config import hash_key, other_hash_keys
from phonofilm.errors import ConfigurationError
from phonofilm.privacy.pseudonyms import PREFIX, pseudonymise
from phonofilm.workspace import Workspace


def names_key(workspace: Workspace) -> bytes:
    """Return the key of a data folder; the user's own for one without names so far.

    ConfigurationError when this user has no key with the fingerprint of the folder.
    """
    fingerprint = workspace.key_fingerprint
    own = hash_key()
    if not fingerprint or fingerprint == _fingerprint(own):
        return own
    for key in other_hash_keys():
        if fingerprint == _fingerprint(key):
            return key
    raise ConfigurationError(
        f"Cannot hash the names of people in {workspace.root}: they were hashed with another key.",
        next_step="Copy names.key from the user who made the folder (~/.config/phonofilm, on Linux)"
        " into yours, under a name of its own that ends with .key.",
    )


class NameHasher:
    """Replaces the names of people in responses; the first one binds the folder to its key."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._key = workspace, names_key(workspace)
        self._is_bound = False

    def hide(self, body: bytes, paths: Iterable[str], anywhere: bool = False) -> bytes:
        """Return a body with hashes in place of the names at some paths, as `pseudonymise`."""
        hidden = pseudonymise(body, paths, self._key, anywhere)
        if not self._is_bound and PREFIX.encode() in hidden:
            self._workspace.bind_key(_fingerprint(self._key))
            self._is_bound = True
        return hidden


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"phonofilm names.key " + key).hexdigest()[:16]
