"""Small files that are what they say they are: pictures, waveforms, sound of silence."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import msgspec

from phonofilm.sandbox.worlds.hashing import mix, share
from phonofilm.sandbox.worlds.listening import PARTS

_SILENCE = b"\xff\xfb\x90\x00" + bytes(413)  # one frame of MPEG-1 layer III, 128 kbit/s, 44.1 kHz
_SECOND = 38
_LOUDNESS = (0.3, 0.5, 0.65, 1.0, 0.4, 0.95, 0.25)


@lru_cache(maxsize=256)
def png(salt: int, width: int = 40, height: int = 40) -> bytes:
    """Return a picture of one colour with a stripe."""
    colour = mix(salt, 1).to_bytes(8, "big")[:3]
    other = mix(salt, 2).to_bytes(8, "big")[:3]
    stripe = mix(salt, 3) % height
    rows = b"".join(b"\0" + (other if y == stripe else colour) * width for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(rows, 6)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def mp3(seconds: int) -> bytes:
    """Return so many seconds of silence."""
    return _SILENCE * (_SECOND * seconds)


def waveform(salt: int) -> bytes:
    """Return 1,800 samples of 0 to 140 that follow the loudness of a track's parts."""
    samples = []
    for column in range(1800):
        level = next(
            loud for loud, part in zip(_LOUDNESS, PARTS, strict=True) if column < 1800 * part[1]
        )
        samples.append(int(140 * level * (0.7 + 0.3 * share(salt, column))))
    return msgspec.json.encode({"width": 1800, "height": 140, "samples": samples})
