"""A load into PostgreSQL against a bare COPY of the same rows, and against the load into DuckDB.

python -m benchmarks.postgres [TITLES] [ROUNDS]

The bare COPY fills the same keyed tables, observations included, from CSV files that PostgreSQL
itself wrote.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from tests.servers import Postgres, postgres

from benchmarks.tables import table
from phonofilm.config import Settings
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.records import RECORDS
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.schema.dialect import POSTGRES
from phonofilm.warehouse.schema.tables import definitions
from phonofilm.workspace import Workspace

TABLES = (*(cls.kind for cls in RECORDS), "observation", "segment", "run")


def written(url: str, where: Path) -> dict[str, Path]:
    """All rows of a loaded database as CSV, one file a table."""
    files = {}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name in TABLES:
            files[name] = where / f"{name}.csv"
            with (
                files[name].open("wb") as file,
                cursor.copy(f"COPY store.{name} TO STDOUT (FORMAT csv)") as copy,
            ):
                for held in copy:
                    file.write(held)
    return files


def bare(server: Postgres, files: dict[str, Path]) -> float:
    with psycopg.connect(server.database()) as connection:
        for definition in definitions(POSTGRES):
            connection.execute(definition.statement)
        connection.commit()
        began = time.perf_counter()
        with connection.cursor() as cursor:
            for name, path in files.items():
                statement = f"COPY store.{name} FROM STDIN (FORMAT csv)"
                with path.open("rb") as file, cursor.copy(statement) as copy:
                    while held := file.read(256 * 1024):
                        copy.write(held)
        connection.commit()
        return time.perf_counter() - began


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    titles = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    ours, theirs, duck = [], [], []
    with postgres() as server, tempfile.TemporaryDirectory() as held:
        where = Path(held)
        write(FilmWorld(titles), where / "dumps")
        data = Workspace(where / "data")
        options = ImportOptions("imdb", str(where / "dumps"))
        asyncio.run(import_dumps(data, Settings(), options))
        for number in range(rounds):
            url = server.database()
            ours.append(timed(lambda url=url: load(Workspace(where / "data", url))))
            files = written(url, where)
            theirs.append(bare(server, files))
            (where / f"duck{number}").mkdir()
            (where / f"duck{number}" / "phonofilm.json").write_text('{"format": 1}')
            (where / f"duck{number}" / "landing").symlink_to(where / "data" / "landing")
            duck.append(timed(lambda n=number: load(Workspace(where / f"duck{n}"))))
        rows = sum(path.read_bytes().count(b"\n") for path in files.values())
    ratio = statistics.median(b / o for b, o in zip(theirs, ours, strict=True))
    table(
        f"{rows:,} rows into PostgreSQL, {rounds} rounds",
        ("", "seconds (median)", "rate, of a bare COPY"),
        [
            ("bare COPY of the same rows", f"{statistics.median(theirs):.1f}", "1.00"),
            ("load into PostgreSQL", f"{statistics.median(ours):.1f}", f"{ratio:.2f}"),
            ("load into DuckDB", f"{statistics.median(duck):.1f}", ""),
        ],
    )


if __name__ == "__main__":
    main()
