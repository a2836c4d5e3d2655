"""Segments: ranges of landed responses as Parquet, readable by any engine without us."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import duckdb
import msgspec

from phonofilm.errors import StoreError, storage_error
from phonofilm.files import PARTIAL_SUFFIX, atomic_path
from phonofilm.landing.envelope import COLUMNS, Envelope
from phonofilm.sql import identifier, literal

# DuckDB allocates twice this per thread for a line of JSON. Longer lines are rare and read with a
# larger buffer. Chosen, not tuned.
_LINE_BYTES = 4 * 1024 * 1024
_ROWS_PER_FETCH = 512  # of a segment at once; chosen, not tuned
_COLUMN_NAMES = ", ".join(map(identifier, COLUMNS))
_COLUMN_TYPES = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"

Change = Callable[[Envelope], Envelope | None]
Select = Callable[[str, list[str]], bool]
"""Accept or refuse a response by its endpoint and the ids of its request."""


class _Partition(NamedTuple):
    """The rows of a log that become one segment: their place, first and last number, a digest."""

    source: str
    endpoint: str
    day: str
    first: int
    last: int
    digest: str

    def path(self, landing: Path) -> Path:
        folder = f"source={self.source}/endpoint={quote(self.endpoint)}/date={self.day}"
        return landing / folder / f"{self.first:010d}-{self.last:010d}-{self.digest}.parquet"


def _connect(threads: int = 2) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}; SET memory_limit = '1GB'")
    return connection


def seal_log(log: Path, landing: Path, threads: int = 2) -> list[Path]:
    """Convert a log to segments under `source=/endpoint=/date=` and return their paths.

    During a crawl one thread is enough, because two would take the crawl's own core.

    A seal that was interrupted is simply repeated: names follow from the responses, and a file
    appears under its name only when it is whole. StoreError when the disk fails.
    """
    with _connect(threads) as connection:
        try:
            try:
                return _seal(connection, log, landing, _LINE_BYTES)
            except duckdb.InvalidInputException:  # a line longer than the buffer
                return _seal(connection, log, landing, _longest_line_bytes(log))
        except (OSError, duckdb.Error) as error:
            raise storage_error(landing, error) from error


def _seal(
    connection: duckdb.DuckDBPyConnection, log: Path, landing: Path, line_bytes: int
) -> list[Path]:
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW log AS
        SELECT *, strftime(make_timestamp(fetched_at), '%Y-%m-%d') AS day
        FROM {_read_lines(log, line_bytes)}"""
    )
    rows = connection.execute(
        """SELECT source, endpoint, day, min(seq), max(seq),
        md5(string_agg(run || ' ' || seq, ',' ORDER BY seq))[:8]
        FROM log GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    if len(rows) > 1:  # read once; for one part, copying all bodies would cost more than that
        connection.execute("CREATE OR REPLACE TEMP TABLE read_log AS FROM log")
        connection.execute("CREATE OR REPLACE TEMP VIEW log AS FROM read_log")
    return [_write_partition(connection, landing, _Partition(*row)) for row in rows]


def _read_lines(path: Path, line_bytes: int) -> str:
    """Return the SQL of a table function that reads envelopes from JSON lines."""
    return (
        f"read_json({literal(path)}, format = 'newline_delimited', columns = {_COLUMN_TYPES},"
        f" maximum_object_size = {line_bytes})"
    )


def _read_parquet(path: Path) -> str:
    """Return the SQL of a table function that reads a segment."""
    return f"read_parquet({literal(path)}, hive_partitioning = false)"


def _longest_line_bytes(log: Path) -> int:
    """Return the buffer for the longest line; the reader allocates it per thread."""
    with log.open("rb") as file:
        longest = max((len(line) for line in file), default=0)
    return longest + 1024


def _write_partition(
    connection: duckdb.DuckDBPyConnection, landing: Path, partition: _Partition
) -> Path:
    target = partition.path(landing)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target, locked=True) as partial:
        connection.execute(
            f"""COPY (SELECT {_COLUMN_NAMES} FROM log WHERE source = {literal(partition.source)}
            AND endpoint = {literal(partition.endpoint)} AND day = {literal(partition.day)})
            TO {literal(partial)}
            (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 4096)"""
        )
    return target


def read_segments(paths: Iterable[Path], select: Select | None = None) -> Iterator[Envelope]:
    """Yield the landed responses of segments, file by file, in the order they were sealed.

    With `select`, only those whose endpoint and ids it accepts; the bodies of others are not read.
    """
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for path in paths:
            where = "" if select is None else _where_selected(connection, path, select)
            rows = connection.execute(f"SELECT {_COLUMN_NAMES} FROM {_read_parquet(path)}{where}")
            while batch := rows.fetchmany(_ROWS_PER_FETCH):
                for row in batch:
                    yield Envelope(*row)  # the columns are its fields in their order


def _where_selected(connection: duckdb.DuckDBPyConnection, path: Path, select: Select) -> str:
    """Return the condition for the selected rows of a segment; they are found without bodies."""
    rows = connection.execute(f"SELECT seq, endpoint, ids FROM {_read_parquet(path)}").fetchall()
    numbers = [seq for seq, endpoint, ids in rows if select(endpoint, ids)]
    return f" WHERE seq IN ({', '.join(map(str, numbers)) or 'NULL'})"


def read_log(path: Path, size: int, select: Select | None = None) -> Iterator[Envelope]:
    """Yield the responses in the first `size` bytes of a log that is not sealed."""
    with path.open("rb") as file:
        while file.tell() < size:
            envelope = msgspec.json.decode(file.readline(), type=Envelope)
            if select is None or select(envelope.endpoint, envelope.ids):
                yield envelope


def segment_paths(landing: Path, source: str = "*") -> list[Path]:
    """Return all segments of a landing, in a stable order."""
    return sorted(landing.glob(f"source={source}/endpoint=*/date=*/*.parquet"))


def remove_partials(landing: Path) -> None:
    """Remove segments that a killed process left half written; the caller holds the lock."""
    for path in landing.glob(f"source=*/endpoint=*/date=*/*{PARTIAL_SUFFIX}"):
        path.unlink(missing_ok=True)


def body_hashes(paths: Iterable[Path]) -> set[str]:
    """Return the hashes of all bodies in segments."""
    with duckdb.connect() as connection:
        return {
            row[0]
            for path in paths
            for row in connection.execute(f"SELECT sha256 FROM {_read_parquet(path)}").fetchall()
        }


def delete_before(path: Path, limit_us: int) -> int:
    """Delete responses fetched before an instant (Unix microseconds) and return their number.

    Rewrites the segment, or removes the file when nothing of it stays.
    """
    table = _read_parquet(path)
    with _connect() as connection:
        row = connection.execute(
            f"SELECT count(*), count(*) FILTER (fetched_at < {limit_us}) FROM {table}"
        ).fetchone()
        total, expired = row or (0, 0)
        if 0 < expired < total:
            with atomic_path(path, locked=True) as partial:
                connection.execute(
                    f"COPY (SELECT * FROM {table} WHERE fetched_at >= {limit_us})"
                    f" TO {literal(partial)} (FORMAT parquet, COMPRESSION zstd)"
                )
        elif expired:
            path.unlink()
    return int(expired)


def rewrite_segment(path: Path, change: Change) -> int:
    """Rewrite the responses that a change touches and return their number.

    `change` returns the same envelope to leave it alone, another one to replace it, None to drop
    it. A segment without responses is removed. StoreError when the disk fails.
    """
    remaining: list[Envelope] = []
    touched = 0
    for envelope in read_segments([path]):
        changed = change(envelope)
        touched += changed is not envelope
        if changed is not None:
            remaining.append(changed)
    if not touched:
        return 0
    try:
        if remaining:
            _replace_segment(path, remaining)
        else:
            path.unlink()
    except (OSError, duckdb.Error) as error:
        raise storage_error(path, error) from error
    return touched


def _replace_segment(path: Path, envelopes: list[Envelope]) -> None:
    """Write a segment anew, by way of a temporary file of JSON lines."""
    encoded = [msgspec.json.encode(envelope) for envelope in envelopes]
    line_bytes = max(_LINE_BYTES, max(map(len, encoded)) + 1024)
    lines = path.with_suffix(f".lines{PARTIAL_SUFFIX}")
    try:
        lines.write_bytes(b"\n".join(encoded) + b"\n")
        with duckdb.connect() as connection, atomic_path(path, locked=True) as partial:
            connection.execute(
                f"COPY (SELECT * FROM {_read_lines(lines, line_bytes)})"
                f" TO {literal(partial)} (FORMAT parquet, COMPRESSION zstd)"
            )
    finally:
        lines.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    """Return the room left on the disk of a folder; StoreError when it cannot be read."""
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {error}.") from error
