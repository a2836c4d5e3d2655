"""Import and load of all seven dumps, against DuckDB alone and against cinemagoer's importer.

python -m benchmarks.dumps [TITLES] [ROUNDS] [--cinemagoer]

A tenth of IMDb is 1,300,000 titles. Every program is a process of its own, on the same files;
memory is the most that the process held.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import table
from phonofilm.sandbox.services.imdb.dumps import COLUMNS, write
from phonofilm.sandbox.worlds.film import FilmWorld

_PEER = """
import duckdb, sys, pathlib
source, target = map(pathlib.Path, sys.argv[1:3])
connection = duckdb.connect()
for path in sorted(source.glob("*.gz")):
    connection.execute(f\"\"\"COPY (SELECT * FROM read_csv('{path}', delim='\\t', quote='',
        escape='', header=true, nullstr='\\\\N', all_varchar=true))
        TO '{target / path.stem}.parquet' (FORMAT parquet)\"\"\")
"""
_OURS = """
import asyncio, sys, pathlib
from phonofilm.config import Settings
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.workspace import Workspace
from phonofilm.warehouse.load.load import load
folder = Workspace(pathlib.Path(sys.argv[2]) / "data")
asyncio.run(import_dumps(folder, Settings(), ImportOptions("imdb", sys.argv[1])))
load(folder)
"""


def made(titles: int, where: Path) -> Path:
    """The dumps, written by two processes."""
    tables = ["title.principals", "title.ratings", "title.crew"]
    halves = [tables, [name for name in COLUMNS if name not in tables]]
    script = (
        "import sys, pathlib; from benchmarks.dumps import half;"
        " half(int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(titles), str(where), *names])
        for names in halves
    ]
    if any(writer.wait() for writer in writers):
        raise SystemExit("the dumps could not be written")
    return where


def half(titles: int, where: Path, names: list[str]) -> None:
    write(FilmWorld(titles), where, names)


def timed(script: str, source: Path) -> tuple[float, float]:
    """Seconds and GB of a script over the dumps; what it wrote is removed."""
    with tempfile.TemporaryDirectory() as target:
        watched = (
            "import resource, subprocess, sys, time; began = time.perf_counter();"
            "subprocess.run([sys.executable, '-W', 'ignore', '-c', *sys.argv[1:]], check=True,"
            " capture_output=True);"
            "print(time.perf_counter() - began,"
            " resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        told = subprocess.run(
            [sys.executable, "-c", watched, script, str(source), target],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
    return float(told[0]), float(told[1]) / 1e6


def cinemagoer(source: Path) -> float:
    """Seconds of its own importer into SQLite."""
    script = Path(sys.executable).parent / "s32cinemagoer.py"
    with tempfile.TemporaryDirectory() as target:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-W", "ignore", script, source, f"sqlite:///{target}/c.db"],
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - began


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    titles = int(words[0]) if words else 1_300_000
    rounds = int(words[1]) if len(words) > 1 else 3
    with tempfile.TemporaryDirectory() as where:
        source = made(titles, Path(where))
        size = sum(path.stat().st_size for path in source.iterdir()) / 1e6
        peer, ours = [], []
        for _ in range(rounds):
            peer.append(timed(_PEER, source))
            ours.append(timed(_OURS, source))
        rows = [_row("DuckDB alone, to Parquet", peer, peer), _row("import and load", ours, peer)]
        if "--cinemagoer" in sys.argv:
            seconds = cinemagoer(source)
            ratio = seconds / statistics.median(s for s, _ in ours)
            rows.append(("cinemagoer's importer", f"{seconds:.1f}", "", f"{ratio:.1f} times ours"))
        table(
            f"Seven dumps of {titles:,} titles, {size:.0f} MB packed, {rounds} rounds",
            ("", "seconds (median)", "GB", "of DuckDB alone"),
            rows,
        )


def _row(
    name: str, held: list[tuple[float, float]], peer: list[tuple[float, float]]
) -> tuple[str, str, str, str]:
    ratio = statistics.median(a / b for (a, _), (b, _) in zip(held, peer, strict=True))
    seconds = statistics.median(s for s, _ in held)
    return name, f"{seconds:.1f}", f"{max(g for _, g in held):.2f}", f"{ratio:.2f}"


if __name__ == "__main__":
    main()
