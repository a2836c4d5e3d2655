"""IMDb: what its dumps hold, and how its title pages are asked for where consent was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from phonofilm.sources.base import HttpSource
from phonofilm.sources.dumps import DumpTable, Reading, Rule
from phonofilm.sources.imdb import parts
from phonofilm.sources.imdb.tables import READINGS, TABLES
from phonofilm.sources.manifest import load_manifest


class Imdb(HttpSource):
    """Dumps, and title pages."""

    tables: Mapping[str, DumpTable] = TABLES
    readings: Sequence[Reading] = READINGS
    narrowed = parts.NARROWED
    credited = parts.CREDITED

    def rules(self, only: str, id_map: bool) -> list[Rule]:
        """The rules of a partial import."""
        return parts.rules(only, id_map)

    def needs(self, only: str) -> tuple[str, ...]:
        """The tables that the rules look at."""
        return parts.needs(only)


SOURCE = Imdb(load_manifest("imdb"))
