"""What can be asked of the world: one folder per source."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from phonofilm.errors import UsageError
from phonofilm.sources.bulk.contract import BulkSource
from phonofilm.sources.http import HttpSource

NAMES = (
    "deezer",
    "spotify",
    "musicbrainz",
    "listenbrainz",
    "reccobeats",
    "itunes",
    "jamendo",
    "soundcloud",
    "beatport",
    "acousticbrainz",
    "fma",
    "imdb",
    "wikidata",
    "tmdb",
)
BULK = ("imdb", "musicbrainz", "acousticbrainz", "fma")


@cache
def get(name: str) -> HttpSource:
    """The source of a name; UsageError names those there are."""
    if name not in NAMES:
        raise UsageError(
            f"There is no source called {name!r}.", next_step=f"Sources: {', '.join(NAMES)}."
        )
    source: HttpSource = import_module(f"phonofilm.sources.{name}.source").SOURCE
    return source


def get_bulk(name: str) -> BulkSource:
    """The source of a name that gives whole files; UsageError names those that do."""
    if name not in BULK:
        raise UsageError(
            f"{name!r} gives no whole files.", next_step=f"Such sources: {', '.join(BULK)}."
        )
    source: BulkSource = import_module(f"phonofilm.sources.{name}.source").SOURCE
    return source
