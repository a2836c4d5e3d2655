"""Pictures and previews at the stand-in's own origin, by an address with a token in it."""

from __future__ import annotations

import re

from phonofilm.sandbox.kernel.service import HttpResponse
from phonofilm.sandbox.worlds.hashing import hash_of
from phonofilm.sandbox.worlds.pictures import jpeg, m4a, mp3, png

_NAME = re.compile(r"[0-9a-z]{12,44}(?:/[0-9a-z]+)?(?:\.LOFI)?(?:\.(\w+))?")
_PREVIEW_SECONDS = 30
TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp3": "audio/mpeg", "m4a": "audio/mp4"}


def media_file(name: str, ending: str = "") -> HttpResponse:
    """Return the file of a name; `ending` says what a name without one is. 404 for other names."""
    match = _NAME.fullmatch(name.replace("-", ""))
    ending = (match[1] if match else "") or ending
    if not match or ending not in TYPES:
        return HttpResponse("media", 404, b"", {"Content-Type": "text/plain"})
    salt = hash_of(name)
    if ending == "mp3":
        body = mp3(_PREVIEW_SECONDS)
    elif ending == "m4a":
        body = m4a()
    else:
        body = jpeg(salt) if ending == "jpg" else png(salt, 180, 14)
    return HttpResponse("media", 200, body, {"Content-Type": TYPES[ending]})
