"""MusicBrainz's JSON dumps over a world: one tar.xz per entity, one line per object."""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections.abc import Iterator
from typing import Any

from phonofilm.sandbox.services.musicbrainz.objects import Objects
from phonofilm.sandbox.worlds.world import World

ENTITIES = ("artist", "release", "recording")
_ALL = {
    "aliases",
    "artist-credits",
    "genres",
    "isrcs",
    "labels",
    "media",
    "recordings",
    "release-groups",
    "tags",
    "url-rels",
}


def lines(world: World, entity: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of an entity; most recordings stand in releases only."""
    objects = Objects(world)
    count = {"artist": "artists", "release": "albums"}.get(entity)
    build = {"artist": objects.artist, "release": objects.release}
    for index in range(world.counts[count]) if count else ():
        if objects.has(entity, index):
            yield build[entity](index, _ALL)


def archive(world: World, entity: str) -> bytes:
    """Return the archive as MusicBrainz publishes it: notes, then lines, the last unterminated."""
    body = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines(world, entity))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in (
            ("TIMESTAMP", "2026-11-18 01:28:38+00\n"),
            ("COPYING", "CC0\n"),
            ("README", "-\n"),
            (f"mbdump/{entity}", body),
            ("JSON_DUMPS_SCHEMA_NUMBER", "1\n"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(raw := text.encode())
            tar.addfile(member, io.BytesIO(raw))
    return lzma.compress(buffer.getvalue(), preset=1)
