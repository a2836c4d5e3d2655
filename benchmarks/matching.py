"""How fast a million records are matched, and ten thousand new ones beside them.

python -m benchmarks.matching [RECORDS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.records import add, folder_of
from phonofilm.identity.match import match
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sandbox.worlds.spelling import SourceSpelling

_TRACKS_AN_ARTIST = 32
_SOURCES = ("musicbrainz", "spotify", "deezer", "itunes", "jamendo")
_NEW = 10_000


def rows(world: GeneratedWorld, start: int, end: int) -> Iterator[tuple[Any, ...]]:
    """Five houses' records of the tracks of a world, from `start` to `end`."""
    for salt, source in enumerate(_SOURCES):
        house = SourceSpelling(world, 9000 + salt, slips=0.02, guests=bool(salt % 2))
        for index in range(start, end):
            row = world.track(index)
            people = [house.artist(world.artist(a)) for a in row.artists]
            album = world.album(row.album)
            yield (
                source,
                f"{index}",
                house.title(row),
                people,
                [str(a) for a in row.artists],
                album.name,
                house.duration_ms(row),
                house.isrc(row),
                album.release_date,
                row.track_number,
            )


def main(records: int) -> None:
    """Prints seconds and memory."""
    world = GeneratedWorld(int(records * 1.03 / len(_SOURCES) / _TRACKS_AN_ARTIST) + 20, 5)
    each, more = records // len(_SOURCES), _NEW // len(_SOURCES)
    more = min(more, world.counts["tracks"] - each)
    with tempfile.TemporaryDirectory() as scratch:
        folder = folder_of(Path(scratch) / "data", rows(world, 0, each))
        began = time.monotonic()
        told = match(folder).kinds["recording"]
        whole = time.monotonic() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{told['records']:,} records, {told['pairs']:,} pairs, {told['clusters']:,} things:"
            f" {whole:.1f} s, {peak:.1f} GB at most"
        )
        add(folder, rows(world, each, each + more))
        began = time.monotonic()
        told = match(folder).kinds["recording"]
        print(f"{told['new']:,} new ones beside them: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
