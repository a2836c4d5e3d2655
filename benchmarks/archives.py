"""How fast MusicBrainz's dumps come in, against unpacking them and doing nothing else.

python -m benchmarks.archives [MEGABYTES]
"""

from __future__ import annotations

import json
import lzma
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from phonofilm.landing.archives import convert
from phonofilm.sandbox.services.musicbrainz import dumps
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sources.musicbrainz.tables import TABLES

_BYTES_A_RELEASE = 6500


def _lines(megabytes: int) -> Iterator[bytes]:
    """So many megabytes of releases, as the dump has them."""
    held = 0
    world = GeneratedWorld(megabytes * 2**20 // _BYTES_A_RELEASE // 4 + 100, 5)
    for line in dumps.lines(world, "release"):
        text = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        held += len(text)
        yield text
        if held > megabytes * 2**20:
            return


def build(path: Path, megabytes: int) -> int:
    """Writes the archive; its size unpacked."""
    plain = path.with_suffix(".lines")
    with plain.open("wb") as file:
        file.writelines(_lines(megabytes))
    with lzma.open(path, "wb", preset=6) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        tar.add(plain, "mbdump/release")
    size = plain.stat().st_size
    plain.unlink()
    return size


def unpack(path: Path) -> float:
    """Seconds to unpack it alone."""
    began = time.monotonic()
    with lzma.open(path) as packed:
        while packed.read(2**20):
            pass
    return time.monotonic() - began


def main(megabytes: int) -> None:
    """Prints both in turn, three times."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "release.tar.xz"
        size = build(path, megabytes)
        print(f"{size / 2**20:.0f} MB of releases, {path.stat().st_size / 2**20:.0f} MB packed")
        ratios = []
        for _ in range(3):
            alone = unpack(path)
            began = time.monotonic()
            seen = convert(path, TABLES["release"], Path(scratch))
            whole = time.monotonic() - began
            ratios.append(alone / whole)
            rates = [size / 2**20 / seconds for seconds in (alone, whole)]
            print(
                f"unpacked {rates[0]:.0f} MB/s, imported {rates[1]:.0f} MB/s"
                f" ({seen.rows:,} releases): {ratios[-1]:.2f}"
            )
        print(f"median {sorted(ratios)[1]:.2f} of the speed of unpacking alone")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
