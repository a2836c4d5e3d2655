"""Which record a page of SoundCloud is about."""

from __future__ import annotations

import re
from functools import cached_property

from phonofilm.sandbox.services.soundcloud.objects import IDS, Objects

_PAGE = re.compile(r"soundcloud\.com/([^/?#]+)(?:/([^/?#]+))?(?:/([^/?#]+))?")


class Links:
    """Addresses of pages, read."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    @cached_property
    def _by_handle(self) -> dict[str, int]:
        artists = range(self._objects.world.counts["artists"])
        return {self._objects.handle(artist): artist for artist in artists}

    def target(self, url: str) -> tuple[str, int] | None:
        """Return plural kind and number of the record behind an address, or None."""
        match = _PAGE.search(url)
        artist = self._by_handle.get(match[1]) if match else None
        if match is None or artist is None:
            return None
        if not match[2]:
            return "users", artist
        if match[2] == "sets":
            return ("playlists", artist * 2 + int(match[3])) if match[3] in ("0", "1") else None
        upload = IDS.index_of("tracks", match[2].removeprefix("track-"))
        listening = self._objects.listening
        there = upload is not None and upload < listening.uploads and listening.exists(upload)
        return ("tracks", upload) if there and upload is not None else None
