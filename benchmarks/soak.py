"""A long crawl with random faults and kills: it must end with the truth, and in flat memory.

python -m benchmarks.soak [ARTISTS]     5,500 artists take about 200,000 calls
"""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.tables import table
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sandbox.worlds.ids import Numbering

# Faults that cost a call and no data: what a source never says again cannot be had from it.
FAULTS = (
    ("http_500", 0.002),
    ("http_502_html", 0.002),
    ("reset", 0.001),
    ("cut_body", 0.001),
    ("gzip_broken", 0.001),
    ("duplicate_ids", 0.003),
    ("foreign_next", 0.003),
    ("drifting_totals", 0.003),
    ("floats_for_integers", 0.003),
)
WANTS = ("artists=all", "albums=all", "tracks=all", "features=all")


def sandbox(folder: Path, artists: int) -> tuple[subprocess.Popen[str], str]:
    """A Deezer stand-in with faults in a process of its own."""
    rules = folder / "faults.toml"
    rules.write_text(
        "\n".join(f'[[fault]]\nname = "{name}"\nshare = {share}' for name, share in FAULTS)
    )
    words = ["-m", "phonofilm", "sandbox", "deezer", "--artists", str(artists), "--rate", "none"]
    process = subprocess.Popen(
        [sys.executable, *words, "--faults", str(rules)], stdout=subprocess.PIPE, text=True
    )
    return process, json.loads(process.stdout.readline())["url"]


def told(url: str, page: str) -> Any:
    with urllib.request.urlopen(f"{url}/__sandbox__/{page}") as answer:
        return json.load(answer)


def memory_mb(process: subprocess.Popen[bytes]) -> float:
    """Largest resident set so far; 0 when it ended."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def live(folder: Path, url: str, seconds: float) -> tuple[int | None, float, bytes]:
    """One life of a crawl, killed after so many seconds; exit code, memory, what it printed."""
    wants = [word for want in WANTS for word in ("--want", want)]
    words = ["-q", "crawl", "deezer", *wants, "--at", url, "--data", str(folder / "data")]
    process = subprocess.Popen(
        [sys.executable, "-m", "phonofilm", *words, "-w", "8", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    end, most = time.monotonic() + seconds, 0.0
    while process.poll() is None:
        most = max(most, memory_mb(process))
        if time.monotonic() > end:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None, most, b""
        time.sleep(0.1)
    return process.returncode, most, process.stdout.record()


def truth(folder: Path, artists: int) -> dict[str, int]:
    """All that belongs to the artists that are known, counted in the world itself."""
    world = GeneratedWorld(artists, 7)
    frontier = open_frontier(folder / "data" / "frontier" / "deezer.sqlite")
    ids, nodes = Numbering("deezer"), frontier.index.by_kind["artist"]
    indices = (ids.index_of("artists", frontier.id_of(node)) for node in nodes)
    known = [index for index in indices if index is not None]
    frontier.close()
    albums = [album for artist in known for album in world.albums_of(artist)]
    tracks = sum(len(world.tracks_of(album)) for album in albums)
    return {"artists": len(known), "albums": len(albums), "tracks": tracks, "features": tracks}


def main() -> None:
    artists = int(sys.argv[1]) if len(sys.argv) > 1 else 5500
    folder, chance = Path(tempfile.mkdtemp()), random.Random(7)
    server, url = sandbox(folder, artists)
    kills, peaks, began = 0, [], time.monotonic()
    try:
        while True:
            code, most, printed = live(folder, url, chance.uniform(8, 30))
            peaks.append(most)
            if code is not None:
                break
            kills += 1
        result, stats = json.loads(printed), told(url, "stats")
        calls = sum(sum(c.values()) for c in stats["calls"].values())
        rows = [
            ("calls answered", f"{calls:,}"),
            ("kills", kills),
            ("faults played", f"{sum(stats['faults'].values()):,}"),
            ("ended", result["status"]),
            ("minutes", f"{(time.monotonic() - began) / 60:.1f}"),
            ("memory of each life, MB", ", ".join(f"{peak:.0f}" for peak in peaks)),
        ]
        whole = truth(folder, artists)
        for kind, number in whole.items():
            full = result["records"][kind]["full"]
            rows.append((f"{kind}, of those there are", f"{full:,} of {number:,}"))
        rows.append(("artists of the world", f"{artists:,}"))
        table("Soak", ("", ""), rows)
        assert code == 0, code
        held = {kind: result["records"][kind] for kind in whole}
        assert held == {kind: {"full": number, "mentioned": 0} for kind, number in whole.items()}
        assert whole["artists"] >= 0.98 * artists
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
