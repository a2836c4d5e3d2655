"""ReccoBeats: which addresses it knows."""

from __future__ import annotations

from phonofilm.sources.contract import Link
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.reccobeats.parse import PARSERS


class ReccoBeats(HttpSource):
    """The free API; 429 carries Retry-After."""

    parsers = PARSERS

    def parse_link(self, text: str) -> Link | None:
        """Return an ISRC, or Spotify's id or address of a track."""
        code = text.strip().rsplit("/", 1)[-1].rsplit(":", 1)[-1].partition("?")[0]
        known = code.isascii() and code.isalnum() and len(code) in (12, 22)
        return Link("track_code", code) if known else None

    def seeds(self, access: str) -> list[Link]:
        """There are no lists: everything is asked for by ids of others."""
        return []


SOURCE = ReccoBeats(load_manifest("reccobeats"))
