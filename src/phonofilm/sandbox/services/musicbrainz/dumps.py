"""MusicBrainz's JSON dumps over a world: one tar.xz an entity, one line a thing."""

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
    """The things of an entity; recordings stand in releases, so their own file is nearly empty."""
    objects = Objects(world)
    count = {"artist": "artists", "release": "albums"}.get(entity)
    build = {"artist": objects.artist, "release": objects.release}
    for index in range(world.counts[count]) if count else ():
        if objects.has(entity, index):
            yield build[entity](index, _ALL)


def archive(world: World, entity: str) -> bytes:
    """The archive as it lies at the source: some notes, then the lines, the last without an end."""
    body = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines(world, entity))
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, text in (
            ("TIMESTAMP", "2026-11-18 01:28:38+00\n"),
            ("COPYING", "CC0\n"),
            ("README", "-\n"),
            (f"mbdump/{entity}", body),
            ("JSON_DUMPS_SCHEMA_NUMBER", "1\n"),
        ):
            told = tarfile.TarInfo(name)
            told.size = len(raw := text.encode())
            tar.addfile(told, io.BytesIO(raw))
    return lzma.compress(held.getvalue(), preset=1)
