"""Landing to DuckDB, parsed and merged, against dlt's merge of the same bodies, in one run.

python -m benchmarks.loading [PAGES] [ROUNDS]
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.static_server import ARTISTS, page
from benchmarks.tables import table
from phonofilm.landing.envelope import RunInfo, wrap
from phonofilm.landing.journal import Journal
from phonofilm.landing.segments import seal_log
from phonofilm.sources.contract import Request, Response
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace


def landed(folder: Path, bodies: list[bytes]) -> Workspace:
    data = Workspace(folder).open()
    log = Journal(folder / "landing" / "log" / "bench.ndjson")
    stamp = RunInfo("spotify", "extended-legacy", "terms", "bench")
    for number, body in enumerate(bodies):
        response = Response(200, {}, body, "http://127.0.0.1/v1/search")
        at = 1_780_000_000_000_000 + number * 1000
        log.add(wrap(stamp, number, Request("genre_artists", (f"page-{number}",)), response, at))
    log.write()
    log.close()
    seal_log(log.path, data.landing)
    log.path.unlink()
    return data


def ours(folder: Path, bodies: list[bytes]) -> float:
    data = landed(folder / "ours", bodies)
    began = time.perf_counter()
    result = load(data)
    seconds = time.perf_counter() - began
    assert result.inserted["artists"] == len(bodies) * ARTISTS, result
    return seconds


def theirs(folder: Path, bodies: list[bytes]) -> float:
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder / "dlt")}
    import dlt  # noqa: PLC0415 - it reads its settings when it is imported

    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(folder / "pipelines"),
        dataset_name="music",
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
    )

    @dlt.resource(name="artists", primary_key="id", write_disposition="merge")
    def artists():
        for body in bodies:
            yield msgspec.json.decode(body)["artists"]["items"]

    began = time.perf_counter()
    pipeline.run(artists())
    return time.perf_counter() - began


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    rates: dict[str, list[float]] = {"ours": [], "dlt": []}
    for _ in range(rounds):
        bodies = [page(number) for number in range(pages)]
        folder = Path(tempfile.mkdtemp())
        rates["ours"].append(pages * ARTISTS / ours(folder, bodies))
        rates["dlt"].append(pages * ARTISTS / theirs(folder, bodies))
        shutil.rmtree(folder)
    rows = []
    for name, held in rates.items():
        ratio = statistics.median(o / h for o, h in zip(rates["ours"], held, strict=True))
        rows.append(
            (
                name,
                f"{statistics.median(held):,.0f}",
                f"{min(held):,.0f}-{max(held):,.0f}",
                f"{ratio:.1f}",
            )
        )
    table(
        f"Landing to DuckDB, {pages} pages of {ARTISTS} artists, {rounds} rounds",
        ("", "artists/s (median)", "range", "ours / this"),
        rows,
    )


if __name__ == "__main__":
    main()
