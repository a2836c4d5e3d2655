"""Recognise a file by its content, because names and headers promise anything.

Why no library (puremagic 2.2 of April 2026 is alive, filetype rests since 2022): they know hundreds
of types by longer or looser marks, where here eleven are accepted and all others refused; neither
tells JSON or a bare frame of MPEG sound, which are most of what is fetched.
"""

from __future__ import annotations

import msgspec

PICTURES = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp"))
SOUNDS = frozenset(("audio/mpeg", "audio/ogg", "audio/flac", "audio/wav", "audio/mp4", "audio/aac"))
SAMPLES = frozenset(("application/json",))
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "application/json": "json",
}
HEAD_BYTES = 16
# Mark, offset, type.
_MARKS = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"WAVE", 8, "audio/wav"),
    (b"OggS", 0, "audio/ogg"),
    (b"fLaC", 0, "audio/flac"),
    (b"ftyp", 4, "audio/mp4"),
    (b"ID3", 0, "audio/mpeg"),
)
_MEGABYTE = 1 << 20


class FileLimits(msgspec.Struct, frozen=True):
    """The types and the size that a file of a role may have."""

    types: frozenset[str]
    bytes_max: int


# By role. Chosen, not tuned.
LIMITS = {
    "artwork": FileLimits(PICTURES, 20 * _MEGABYTE),
    "profile": FileLimits(PICTURES, 20 * _MEGABYTE),
    "background": FileLimits(PICTURES, 20 * _MEGABYTE),
    "waveform": FileLimits(PICTURES, 5 * _MEGABYTE),
    "samples": FileLimits(SAMPLES, _MEGABYTE),
    "preview": FileLimits(SOUNDS, 16 * _MEGABYTE),
    "audio": FileLimits(SOUNDS, 1024 * _MEGABYTE),
}


def type_of(head: bytes) -> str:
    """Return the media type of a file by its first `HEAD_BYTES`; empty for an unknown one."""
    for mark, offset, content_type in _MARKS:
        if head[offset : offset + len(mark)] == mark:
            return content_type
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # A frame of MPEG sound; layer 0 is AAC in its own frames.
        return "audio/mpeg" if head[1] & 0x06 else "audio/aac"
    return "application/json" if head[:1] in (b"{", b"[") else ""


def describe(head: bytes) -> str:
    """Name a file of an unknown type as a person would."""
    start = head.lstrip()[:HEAD_BYTES].lower()
    return "a page (HTML)" if start.startswith((b"<!doctype", b"<html", b"<head")) else "unknown"
