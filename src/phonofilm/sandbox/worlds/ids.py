"""Ids of sources that number their records: one truth in the world, other ids at each source.

No id belongs to two sources, so a join on the wrong id finds nothing. Kinds of one source share
numbers, as real ones do (there is an artist 27 and an album 27), but never for one index.
"""

from __future__ import annotations

from phonofilm.sandbox.worlds.hashing import hash_of, mix

_PRIME = 2_147_483_647
# iTunes looks up an id without its kind, so its kinds share no id.
SPACES = (
    "deezer",
    "soundcloud",
    "beatport",
    "jamendo",
    "tmdb",
    "itunes artists",
    "itunes albums",
    "itunes tracks",
)
_KINDS = (
    "artists",
    "albums",
    "tracks",
    "playlists",
    "labels",
    "users",
    "pictures",
    "movie",
    "tv",
    "people",
)
_APART = 11


class Numbering:
    """The ids of one space; each is positive and below `len(SPACES) * 2**31`."""

    def __init__(self, space: str) -> None:
        self._slot = 1 + SPACES.index(space)
        self._step = 1 + mix(hash_of(space), 1) % (_PRIME - 1)
        self._shift = mix(hash_of(space), 2) % _PRIME
        self._inverse = pow(self._step, -1, _PRIME)

    def id_of(self, kind: str, index: int) -> int:
        """Return the id of a record; `kind` is one of `_KINDS`."""
        position = index + _APART * _KINDS.index(kind)
        return (position * self._step + self._shift) % _PRIME * len(SPACES) + self._slot

    def index_of(self, kind: str, text: str) -> int | None:
        """Return the index behind an id, or None when this space cannot have given it.

        The index may be past the end of the world, which the caller knows.
        """
        if not text.isascii() or not text.isdecimal() or len(text) > 11:
            return None
        number, slot = divmod(int(text) - self._slot, len(SPACES))
        if slot or not 0 <= number < _PRIME:
            return None
        position = (number - self._shift) * self._inverse % _PRIME
        index = position - _APART * _KINDS.index(kind)
        return index if index >= 0 else None
