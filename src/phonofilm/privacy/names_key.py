"""The key that people's names are hashed with: it belongs to a dataset, not to a machine.

A data folder remembers a fingerprint of its key, never the key, because folders are given away. A
second machine needs the key itself: with another one it would give each person a second hash, and
`forget` would miss half of a person.
"""

from __future__ import annotations

import hashlib

from phonofilm.config import hash_key, other_hash_keys
from phonofilm.errors import ConfigurationError
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


def bind_names_key(workspace: Workspace) -> bytes:
    """Return the key of a data folder, which remembers it from now on."""
    key = names_key(workspace)
    workspace.bind_key(_fingerprint(key))
    return key


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"phonofilm names.key " + key).hexdigest()[:16]
