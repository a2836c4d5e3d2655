"""Numbers that depend on nothing but a seed and a place: the world is computed, not stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
MASK = (1 << 64) - 1
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ODD = 0x9E3779B97F4A7C15
_ODD_INVERSE = pow(_ODD, -1, 1 << 64)


def mix(a: int, b: int = 0, c: int = 0) -> int:
    """Return a 64-bit number that looks random and depends on its arguments alone (splitmix64)."""
    z = (a * 0x9E3779B97F4A7C15 + b * 0xBF58476D1CE4E5B9 + c * 0x94D049BB133111EB) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def share(a: int, b: int = 0, c: int = 0) -> float:
    """Return `mix` as a fraction in [0, 1)."""
    return (mix(a, b, c) >> 11) / (1 << 53)


def pick(items: Sequence[T], a: int, b: int = 0, c: int = 0) -> T:
    """Return one of the items."""
    return items[mix(a, b, c) % len(items)]


def around(a: int, b: int, c: int, centre: float, spread: float) -> float:
    """Return a fraction near `centre`: the mean of three draws is bell-shaped enough."""
    draws = share(a, b, c) + share(a, b, c + 7919) + share(a, b, c + 104_729)
    return min(1.0, max(0.0, centre + spread * (draws - 1.5)))


def base62(kind: int, index: int) -> str:
    """Return a 22-character id in Spotify's form; it encodes kind and index."""
    x = ((kind << 48 | index) * _ODD) & MASK
    x ^= x >> 32
    value = (mix(x, 62) << 64) | x
    digits = []
    for _ in range(22):
        value, digit = divmod(value, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def from_base62(text: str, kind: int) -> int | None:
    """Return the index behind an id of `base62`, or None for anything else."""
    if len(text) != 22 or not text.isascii() or not text.isalnum():
        return None
    value = 0
    for char in text:
        value = value * 62 + _ALPHABET.index(char)
    x = value & MASK
    if value >> 64 != mix(x, 62):
        return None
    x ^= x >> 32
    plain = (x * _ODD_INVERSE) & MASK
    return plain & ((1 << 48) - 1) if plain >> 48 == kind else None


def hash_of(text: str) -> int:
    """Return a number that depends on a text alone."""
    value = 0
    for char in text:
        value = mix(value, ord(char))
    return value


def uuid(kind: int, index: int) -> str:
    """Return a UUID as MusicBrainz writes them, from which kind and index can be read back."""
    x = ((kind << 48 | index) * _ODD) & MASK
    x ^= x >> 32
    text = f"{mix(x, 4122):016x}{x:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def from_uuid(text: str, kind: int) -> int | None:
    """Return the index behind an id of `uuid`, or None for anything else."""
    plain = text.replace("-", "").lower()
    if len(text) != 36 or len(plain) != 32 or any(c not in "0123456789abcdef" for c in plain):
        return None
    x = int(plain[16:], 16)
    if int(plain[:16], 16) != mix(x, 4122):
        return None
    x ^= x >> 32
    value = (x * _ODD_INVERSE) & MASK
    return value & ((1 << 48) - 1) if value >> 48 == kind else None
