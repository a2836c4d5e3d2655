"""Archives of hundreds of gigabytes, read once as they come: a few columns of them as Parquet.

One thread unpacks while the database reads pieces. A part that was written stays: an interrupted
import unpacks again, but parses only what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec

from phonofilm.errors import ShapeError, storage_error
from phonofilm.files import atomic_write
from phonofilm.landing.archive_stream import ArchiveStream, read_ahead
from phonofilm.landing.csv_table import convert_csv
from phonofilm.landing.dumps import CheckedFile, part_name
from phonofilm.sources.bulk.contract import DumpTable
from phonofilm.sql import literal

_START_BYTES = 2 * 1024 * 1024
BAD_LINES_REPORTED_MAX, _EXCERPT_BYTES = 1000, 400
# A piece with more bad lines than both of these is refused: so many are no accident. Chosen, not
# tuned.
_BAD_SHARE_MAX, _BAD_LINES_MAX = 0.02, 100
# DuckDB allocates a multiple of the limit per thread: the larger one is for pieces that need it.
_LINE_BYTES, _LINE_BYTES_MAX = 16 * 1024 * 1024, 256 * 1024 * 1024


class _Progress(msgspec.Struct):
    """The rows of each part written so far, of the file with this digest of beginning and size.

    `bad_lines` are the beginnings of lines that were left out.
    """

    digest: str
    rows: list[int]
    bad_lines: list[str] = []


def convert(path: Path, table: DumpTable, folder: Path) -> CheckedFile:
    """Write the wanted columns of a table to Parquet parts in a folder.

    Goes on after an interruption. TruncatedFile when the archive ends early, ShapeError when it
    holds something else.
    """
    if table.packing == "csv":
        return convert_csv(path, table, folder)
    note = folder / f"{table.name}.parts.json"
    progress = _read_progress(note, _digest(path))
    # One thread for the database, because the other core unpacks.
    connection = duckdb.connect(config={"threads": 1, "preserve_insertion_order": False})
    stream = ArchiveStream(path, table)
    try:
        parts = 0
        for parts, piece in enumerate(read_ahead(stream.pieces()), 1):
            if parts > len(progress.rows):
                target = folder / part_name(table.name, parts - 1)
                rows, bad_lines = _write_part(connection, piece, table, target)
                progress.rows.append(rows)
                progress.bad_lines += bad_lines
                atomic_write(note, msgspec.json.encode(progress), locked=True)
    except OSError as error:
        raise storage_error(folder, error) from error
    finally:
        connection.close()
    note.unlink(missing_ok=True)
    return CheckedFile(
        header=list(table.columns),
        rows=sum(progress.rows[:parts]),
        sha256=stream.sha256,
        regular=True,
        parts=parts,
        bad_lines=progress.bad_lines[:BAD_LINES_REPORTED_MAX],
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(_START_BYTES)).hexdigest() + str(path.stat().st_size)


def _read_progress(note: Path, digest: str) -> _Progress:
    """Return what an interrupted import of the same file wrote; empty for any other."""
    try:
        progress = msgspec.json.decode(note.read_bytes(), type=_Progress)
    except (OSError, msgspec.DecodeError):
        return _Progress(digest, [], [])
    return progress if progress.digest == digest else _Progress(digest, [], [])


def _write_part(
    connection: duckdb.DuckDBPyConnection, piece: bytes, table: DumpTable, target: Path
) -> tuple[int, list[str]]:
    """Write one part; return its rows, and the beginnings of lines that do not fit."""
    scratch = target.with_suffix(".lines")
    scratch.write_bytes(piece)
    try:
        try:
            return _copy(connection, scratch, table, target, _LINE_BYTES), []
        except duckdb.Error:
            lines = [line for line in piece.split(b"\n") if line.strip()]
            good = list(_good_lines(connection, lines, scratch, table))
            _check_share(table, len(lines), len(good))
            scratch.write_bytes(b"".join(line + b"\n" for line in good))
            bad = (line[:_EXCERPT_BYTES] for line in _without(lines, good))
            rows = _copy(connection, scratch, table, target, _LINE_BYTES_MAX)
            return rows, [line.decode("utf-8", "replace") for line in bad]
    finally:
        scratch.unlink(missing_ok=True)


def _good_lines(
    connection: duckdb.DuckDBPyConnection, lines: list[bytes], scratch: Path, table: DumpTable
) -> Iterator[bytes]:
    """Yield the lines that the database reads; halve until the bad ones are alone."""
    if not lines:
        return
    scratch.write_bytes(b"\n".join(lines) + b"\n")
    try:
        relation = _read_lines(scratch, table, _LINE_BYTES_MAX)
        row = connection.execute(f"SELECT max(hash(t)) FROM {relation} t").fetchone()
    except duckdb.Error:
        row = None
    if row:
        yield from lines
    elif len(lines) > 1:
        middle = len(lines) // 2
        yield from _good_lines(connection, lines[:middle], scratch, table)
        yield from _good_lines(connection, lines[middle:], scratch, table)


def _without(lines: list[bytes], good: list[bytes]) -> Iterator[bytes]:
    """Yield the lines that are not among the good ones, which have the same order."""
    rest = iter(good)
    following = next(rest, None)
    for line in lines:
        if line is following:
            following = next(rest, None)
        else:
            yield line


def _check_share(table: DumpTable, lines: int, good: int) -> None:
    """Check how many lines fit; ShapeError when it is no accident that they do not."""
    if lines - good > max(_BAD_LINES_MAX, _BAD_SHARE_MAX * lines):
        raise ShapeError(
            f"{lines - good:,} of {lines:,} lines of {table.name} do not fit.",
            table=table.name,
            saved="The last import stays as it was.",
        )


def _copy(
    connection: duckdb.DuckDBPyConnection,
    lines: Path,
    table: DumpTable,
    target: Path,
    line_bytes: int,
) -> int:
    """Copy lines to a Parquet file and return the number of rows."""
    row = connection.execute(
        f"COPY (SELECT * FROM {_read_lines(lines, table, line_bytes)}) TO {literal(target)}"
        " (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    return int(row[0]) if row else 0


def _read_lines(lines: Path, table: DumpTable, line_bytes: int) -> str:
    """Return the SQL that reads lines as rows of the wanted columns."""
    columns = ", ".join(f"'{name}': '{table.type_of(name)}'" for name in table.columns)
    if table.packing.startswith("json"):
        return (
            f"read_json({literal(lines)}, format = 'newline_delimited', columns = {{{columns}}},"
            f" maximum_object_size = {line_bytes})"
        )
    # Nothing is guessed: of a piece without a sound line DuckDB 1.5.5 guesses another separator.
    return (
        f"read_csv({literal(lines)}, header = false, auto_detect = false, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{columns}}})"
    )
