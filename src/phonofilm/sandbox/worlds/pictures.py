"""Small files that are what they say they are: pictures, waveforms, sound of silence."""

from __future__ import annotations

import base64
import struct
import zlib
from functools import lru_cache

import msgspec

from phonofilm.sandbox.worlds.hashing import mix, share
from phonofilm.sandbox.worlds.listening import PARTS

_SILENCE = b"\xff\xfb\x90\x00" + bytes(413)  # one frame of MPEG-1 layer III, 128 kbit/s, 44.1 kHz
_SECOND = 38
# Grey, 8 by 8 pixels (Pillow, quality 10); a second of silence, AAC in MP4, packed (FFmpeg).
_JPEG = (
    b"|JeWF01!$>Nk#wx0RR9200961|JwjV08lqPMm#c5MnOheRZw4e$bxuoZg};txsk~K|NsC0|NsC0|NsC0|NsC"
    b"0|NsC0|NsC0|NsC0|NsC0|NsC0|Np=M3kU!R00;pA5di<h02BZL00000000000000000000|HJ?k5CH%H000"
    b"0000000000000095m00;pA002J#KmXY"
)
_M4A = (
    b"c-pm5y-or_5S~3iDJV$%!I(=t36wSl?M$$vu`*H+o5R_IlU?p|yO3x_=}Y)5Ha>%I;B(;Ya^w~<CKhgXGQa!"
    b"Helq~zNBSwf>0Ac@9vB^~M3S77{~?oP4gf;V#|Rsz-?YNO+~Tm!s_%Xmemx%Dw$8!{+4p*4dzQA*Oz$Gb{@%"
    b"C6Q7h6u7fKf|3~o7p%U&hMAsK<hpSTa2ckk9Y8>7h98I{bYZsjfc*bAp9xT#@18BZfJ>Pl{awr~~qG2@X#p*"
    b"G7zu(DZA>7gL|QE7!v%|ND|aEmsBx-+UvuFw#M(qge_Q?g9D(LJ!q6Pk|qR-s5`@1_3<J7h7>P*>WHDPIj7+"
    b"VR*fp279$Cl5|%BaK||Q|>v>mGd~o9+INIWH67_C`I!iON7Y#u;tRC4@W5!85jL(hT3qxkX*01pSp{n<z-=-"
    b"3U?XRc(v_nlyOcPC5D<E1-t(xUlNXEqW"
)
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


def jpeg(salt: int) -> bytes:
    """Return a grey picture whose comment is a number, so that no two are the same file."""
    plain, comment = base64.b85decode(_JPEG), f"{salt:020d}".encode()
    return plain[:2] + struct.pack(">BBH", 0xFF, 0xFE, len(comment) + 2) + comment + plain[2:]


def m4a() -> bytes:
    """Return one second of silence as stores send previews."""
    return zlib.decompress(base64.b85decode(_M4A))


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
