"""Files of the SoundCloud stand-in: pictures, waveforms and sound."""

from __future__ import annotations

import re

from phonofilm.sandbox.kernel.service import HttpResponse
from phonofilm.sandbox.worlds.pictures import mp3, png, waveform


def file_of(path: str) -> HttpResponse:
    """Return the picture, waveform or sound that a path names; 404 for any other name."""
    name = path.rsplit("/", 1)[-1]
    match = re.fullmatch(r"(avatars-|artworks-|wave|previews-)(\d{9})(?:-\w+)?(?:_m)?\.(\w+)", name)
    if name == "download":
        return HttpResponse("media", 200, mp3(4), {"Content-Type": "audio/mpeg"})
    if not match:
        return HttpResponse("media", 404, b"", {})
    salt, ending = int(match[2]), match[3]
    if match[1] == "wave":
        body = waveform(salt) if ending == "json" else png(salt, 180, 14)
        kind = "application/json" if ending == "json" else "image/png"
    elif ending == "mp3":
        body, kind = mp3(3), "audio/mpeg"
    else:
        body, kind = png(salt), "image/png"
    return HttpResponse("media", 200, body, {"Content-Type": kind})
