"""ReccoBeats: which addresses it knows."""

from __future__ import annotations

from phonofilm.records.values.codes import isrc
from phonofilm.sources.contract import Link
from phonofilm.sources.http import HttpSource
from phonofilm.sources.links import stripped
from phonofilm.sources.manifest import load_manifest
from phonofilm.sources.reccobeats.parse import PARSERS


class ReccoBeats(HttpSource):
    """The free API; 429 carries Retry-After."""

    parsers = PARSERS

    def parse_link(self, text: str) -> Link | None:
        """Parse an ISRC as people write it, with hyphens and small letters, or a link."""
        return super().parse_link(isrc(stripped(text)) or text)

    def seeds(self, access: str) -> list[Link]:
        """Return no seeds, because every request needs an id of another source."""
        return []


SOURCE = ReccoBeats(load_manifest(__package__))
