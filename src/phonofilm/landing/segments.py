"""Segments: ranges of answers as Parquet, readable by any engine without us."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb

from phonofilm.errors import StoreError, storage_error
from phonofilm.landing.envelope import COLUMNS, Envelope

# Twice this is allocated per thread; longer lines are rare and read with a larger one.
_BUFFER_BYTES = 4 * 1024 * 1024


def _connect(threads: int = 2) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}; SET memory_limit = '1GB'")
    return connection


def seal_log(log: Path, landing: Path, threads: int = 2) -> list[Path]:
    """Turns a log into segments under `source=/endpoint=/date=`; names follow from the answers.

    Beside a running crawl one thread is enough: two would take the crawl's own core.

    A seal that was cut off is simply done again: the same answers give the same names, and a file
    appears under its name only when it is whole.
    """
    with _connect(threads) as connection:
        try:
            try:
                return _seal(connection, log, landing, _BUFFER_BYTES)
            except duckdb.InvalidInputException:  # a line longer than the buffer
                return _seal(connection, log, landing, _longest_line(log))
        except duckdb.Error as error:
            raise storage_error(landing, error) from error


def _seal(
    connection: duckdb.DuckDBPyConnection, log: Path, landing: Path, line_bytes: int
) -> list[Path]:
    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW log AS
        SELECT *, strftime(make_timestamp(fetched_at), '%Y-%m-%d') AS day
        FROM read_json({_literal(log)}, format = 'newline_delimited', columns = {columns},
        maximum_object_size = {line_bytes})"""
    )
    parts = connection.execute(
        """SELECT source, endpoint, day, min(seq), max(seq),
        md5(string_agg(run || ' ' || seq, ',' ORDER BY seq))[:8]
        FROM log GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    if len(parts) > 1:  # read once; for one part, copying all bodies would cost more than that
        connection.execute("CREATE OR REPLACE TEMP TABLE read_log AS FROM log")
        connection.execute("CREATE OR REPLACE TEMP VIEW log AS FROM read_log")
    return [_write(connection, landing, *part) for part in parts]


def _longest_line(log: Path) -> int:
    """Bytes the reader must hold at once; it allocates them per thread, so no more than needed."""
    with log.open("rb") as file:
        longest = max((len(line) for line in file), default=0)
    return longest + 1024


def _write(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    source: str,
    endpoint: str,
    day: str,
    first: int,
    last: int,
    digest: str,
) -> Path:
    folder = landing / f"source={source}" / f"endpoint={quote(endpoint)}" / f"date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{first:010d}-{last:010d}-{digest}.parquet"
    growing = target.with_suffix(".growing")
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    connection.execute(
        f"""COPY (SELECT {names} FROM log WHERE source = {_literal(source)}
        AND endpoint = {_literal(endpoint)} AND day = {_literal(day)})
        TO {_literal(growing)}
        (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 4096)"""
    )
    growing.replace(target)
    return target


def answers(paths: Iterable[Path]) -> Iterator[Envelope]:
    """The answers of segments, file by file, in the order they were sealed."""
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for path in paths:
            rows = connection.execute(
                f"SELECT {names} FROM read_parquet({_literal(path)}, hive_partitioning = false)"
            )
            while batch := rows.fetchmany(512):
                for row in batch:
                    yield Envelope(*row)


def segments(landing: Path, source: str = "*") -> list[Path]:
    """All segments of a landing, in a stable order."""
    return sorted(landing.glob(f"source={source}/endpoint=*/date=*/*.parquet"))


def hashes(paths: Iterable[Path]) -> set[str]:
    """The hashes of all bodies in segments."""
    with duckdb.connect() as connection:
        return {
            row[0]
            for path in paths
            for row in connection.execute(
                f"SELECT sha256 FROM read_parquet({_literal(path)})"
            ).fetchall()
        }


def drop_from(path: Path, limit: int) -> int:
    """Removes answers fetched before an instant (Unix microseconds): rows, or the whole file."""
    with _connect() as connection:
        table = f"read_parquet({_literal(path)}, hive_partitioning = false)"
        row = connection.execute(
            f"SELECT count(*), count(*) FILTER (fetched_at < {limit}) FROM {table}"
        ).fetchone()
        total, old = row or (0, 0)
        if 0 < old < total:
            growing = path.with_suffix(".growing")
            connection.execute(
                f"COPY (SELECT * FROM {table} WHERE fetched_at >= {limit}) TO {_literal(growing)}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
            growing.replace(path)
        elif old:
            path.unlink()
    return int(old)


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def free_bytes(folder: Path) -> int:
    """Room left on the disk of a folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {error}.") from error
