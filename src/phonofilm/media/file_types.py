"""What a file is, told by its content: names and headers promise anything."""

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


class Bound(msgspec.Struct, frozen=True):
    """What a file of a role may be, and how many bytes at most."""

    types: frozenset[str]
    most: int


BOUNDS = {
    "artwork": Bound(PICTURES, 20 * _MEGABYTE),
    "profile": Bound(PICTURES, 20 * _MEGABYTE),
    "background": Bound(PICTURES, 20 * _MEGABYTE),
    "waveform": Bound(PICTURES, 5 * _MEGABYTE),
    "samples": Bound(SAMPLES, _MEGABYTE),
    "preview": Bound(SOUNDS, 16 * _MEGABYTE),
    "audio": Bound(SOUNDS, 1024 * _MEGABYTE),
}


def type_of(head: bytes) -> str:
    """The type of a file by its first bytes; empty for anything unknown."""
    for mark, at, kind in _MARKS:
        if head[at : at + len(mark)] == mark:
            return kind
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # A frame of MPEG sound; layer 0 is AAC in its own frames.
        return "audio/mpeg" if head[1] & 0x06 else "audio/aac"
    return "application/json" if head[:1] in (b"{", b"[") else ""


def words_for(head: bytes) -> str:
    """What something is that is none of these, as a person would say."""
    start = head.lstrip()[:HEAD_BYTES].lower()
    return "a page (HTML)" if start.startswith((b"<!doctype", b"<html", b"<head")) else "unknown"
