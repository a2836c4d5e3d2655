"""Archives of hundreds of gigabytes, read once as they come: a few columns of them as Parquet.

One thread unpacks, the database reads pieces beside it. A part that was made stays made: who is
interrupted unpacks again, but parses only what is missing.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import lzma
import queue
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import duckdb
import msgspec

from phonofilm.errors import ConfigurationError, ShapeError, storage_error
from phonofilm.landing.dumps import Checked, part_name, sha256_of
from phonofilm.sources.bulk.contract import DumpTable
from phonofilm.sources.bulk.tsv import TruncatedFile

PIECE_BYTES = 32 * 1024 * 1024
_READ_BYTES = 2 * 1024 * 1024
_ODD_SHARE = 0.02
_DAMAGED: tuple[type[Exception], ...] = (EOFError, lzma.LZMAError, tarfile.TarError)
_zstandard: Any = None
with contextlib.suppress(ImportError):
    import zstandard as _zstandard

    _DAMAGED = (*_DAMAGED, _zstandard.ZstdError)
_LONG_LINE, _LONGEST_LINE = 16 * 1024 * 1024, 256 * 1024 * 1024


class _Made(msgspec.Struct):
    """What was made of which file: a digest of its beginning and its size tell it."""

    digest: str
    rows: list[int]


def project(path: Path, table: DumpTable, folder: Path) -> Checked:
    """Makes the parts of a table. CutShort when the archive ends before its end."""
    if table.packing == "csv":
        return _plain_csv(path, table, folder)
    note = folder / f"{table.name}.parts.json"
    made = _resumed(note, _digest(path))
    # The other core unpacks.
    connection = duckdb.connect(config={"threads": 1, "preserve_insertion_order": False})
    hashing = hashlib.sha256()
    try:
        number = 0
        for number, piece in enumerate(_ahead(_pieces(path, table, hashing)), 1):
            if number > len(made.rows):
                target = folder / part_name(table.name, number - 1)
                made.rows.append(_part(connection, piece, table, target))
                note.write_bytes(msgspec.json.encode(made))
    except OSError as error:
        raise storage_error(folder, error) from error
    finally:
        connection.close()
    note.unlink(missing_ok=True)
    rows = sum(made.rows[:number])
    return Checked(list(table.columns), rows, hashing.hexdigest(), True, b"", number)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(_READ_BYTES)).hexdigest() + str(path.stat().st_size)


def _resumed(note: Path, digest: str) -> _Made:
    try:
        made = msgspec.json.decode(note.read_bytes(), type=_Made)
    except (OSError, msgspec.DecodeError):
        return _Made(digest, [])
    return made if made.digest == digest else _Made(digest, [])


def _ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, made by a thread that is at most two ahead."""
    held: queue.Queue[bytes | BaseException | None] = queue.Queue(2)
    stopped = threading.Event()

    def put(item: bytes | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                held.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for piece in pieces:
                put(piece)
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:  # told where the pieces are wanted
            put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := held.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


def _pieces(path: Path, table: DumpTable, hashing: Any) -> Iterator[bytes]:
    """The lines of the one member that matters, in pieces of whole lines."""
    try:
        with path.open("rb") as packed:
            stream = _unpacked(path, _Hashed(packed, hashing))
            with tarfile.open(fileobj=stream, mode="r|", bufsize=_READ_BYTES) as archive:
                found = False
                for member in archive:
                    if not found and _is_it(member, table):
                        found = True
                        # Straight from the stream: a file object of its own copies twice more.
                        yield from _whole_lines(archive.fileobj, member.size, table)  # type: ignore[arg-type]
            while packed.read(_READ_BYTES):  # its hash is of all of it
                pass
    except _DAMAGED as error:
        raise TruncatedFile(f"its archive is damaged ({error})") from None
    if not found:
        raise ShapeError(
            f"{path.name} holds no {table.name}.", saved="The last import stays as it was."
        )


def _is_it(member: tarfile.TarInfo, table: DumpTable) -> bool:
    stem = member.name.rsplit("/", 1)[-1]
    return member.isfile() and stem in (table.name, f"{table.name}.csv", f"{table.name}.json")


class _Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes], hashing: Any) -> None:
        self._file, self._hashing = file, hashing

    def read(self, size: int = -1) -> bytes:
        held = self._file.read(size)
        self._hashing.update(held)
        return held


def _unpacked(path: Path, packed: _Hashed) -> Any:
    """What unpacks a file, by its name."""
    name = path.name
    if name.endswith((".xz", ".txz")):
        return lzma.LZMAFile(packed)  # type: ignore[arg-type]
    if name.endswith(".zst"):
        if _zstandard is None:
            raise ConfigurationError(
                f"{name} is packed with Zstandard.",
                next_step="Install what unpacks it: pip install 'phonofilm[dumps]'",
            )
        return _zstandard.ZstdDecompressor().stream_reader(packed)
    return packed


def _whole_lines(lines: IO[bytes], size: int, table: DumpTable) -> Iterator[bytes]:
    """A member's lines; `lines` is read no further than its `size`."""
    left = size

    def read() -> bytes:
        nonlocal left
        held = lines.read(min(left, _READ_BYTES))
        if not held and left:
            raise EOFError(f"{left:,} bytes are missing")
        left -= len(held)
        return held

    chunks = [read()] if left else []
    if table.packing.startswith("csv"):
        head, _, chunks[0] = chunks[0].partition(b"\n")
        _check_header(head.decode("utf-8", "replace").rstrip("\r").split(","), table)
    held = sum(map(len, chunks))
    while left:
        chunk = read()
        cut = chunk.rfind(b"\n") + 1
        held += len(chunk)
        if held >= PIECE_BYTES and cut:  # else one line longer than a piece: it goes on
            yield b"".join((*chunks, chunk[:cut]))
            chunk = chunk[cut:]
            chunks, held = [], len(chunk)
        chunks.append(chunk)
    if held:
        yield b"".join(chunks)


def _check_header(found: list[str], table: DumpTable) -> None:
    if tuple(found) != table.columns:
        raise ShapeError(
            f"{table.name} has other columns: {', '.join(found)[:200]}.",
            saved="The last import stays as it was.",
        )


def _part(
    connection: duckdb.DuckDBPyConnection, piece: bytes, table: DumpTable, target: Path
) -> int:
    """Writes one part; a line that does not fit costs itself. How many rows."""
    lines = target.with_suffix(".lines")
    lines.write_bytes(piece)
    try:
        try:
            return _copy(connection, lines, table, target, _LONG_LINE)
        except duckdb.Error:
            every = [line for line in piece.split(b"\n") if line.strip()]
            good = list(_fitting(connection, every, lines, table))
            _judge(table, len(every), len(good))
            lines.write_bytes(b"\n".join(good) + b"\n")
            return _copy(connection, lines, table, target, _LONGEST_LINE)
    finally:
        lines.unlink(missing_ok=True)


def _fitting(
    connection: duckdb.DuckDBPyConnection, held: list[bytes], lines: Path, table: DumpTable
) -> Iterator[bytes]:
    """The lines that the database takes: halves of halves, until the odd ones are alone."""
    if not held:
        return
    lines.write_bytes(b"\n".join(held) + b"\n")
    try:
        read = _read(lines, table, _LONGEST_LINE)
        counted = connection.execute(f"SELECT max(hash(t)) FROM {read} t").fetchone()
    except duckdb.Error:
        counted = None
    if counted:
        yield from held
    elif len(held) > 1:
        middle = len(held) // 2
        yield from _fitting(connection, held[:middle], lines, table)
        yield from _fitting(connection, held[middle:], lines, table)


def _judge(table: DumpTable, lines: int, good: int) -> None:
    """ShapeError when so many lines do not fit that it is no accident."""
    if lines - good > max(100, _ODD_SHARE * lines):
        raise ShapeError(
            f"{lines - good:,} of {lines:,} lines of {table.name} do not fit.",
            saved="The last import stays as it was.",
        )


def _copy(
    connection: duckdb.DuckDBPyConnection, lines: Path, table: DumpTable, target: Path, longest: int
) -> int:
    row = connection.execute(
        f"COPY (SELECT * FROM {_read(lines, table, longest)}) TO {_literal(target)}"
        " (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    return int(row[0]) if row else 0


def _read(lines: Path, table: DumpTable, longest: int) -> str:
    """SQL: lines as rows of the wanted columns."""
    columns = ", ".join(f"'{name}': '{table.type_of(name)}'" for name in table.columns)
    if table.packing.startswith("json"):
        return (
            f"read_json({_literal(lines)}, format = 'newline_delimited', columns = {{{columns}}},"
            f" maximum_object_size = {longest})"
        )
    return f"read_csv({_literal(lines)}, header = false, columns = {{{columns}}})"


def _plain_csv(path: Path, table: DumpTable, folder: Path) -> Checked:
    """A CSV as it is, quoted fields over several lines included; columns are found by name."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heads = [row for row, _ in zip(csv.reader(file), range(table.header), strict=False)]
    except (UnicodeError, csv.Error) as error:
        raise ShapeError(
            f"{path.name} is no such CSV: {str(error)[:200]}.",
            saved="The last import stays as it was.",
        ) from None
    names = _joined(heads)
    missing = [name for name in table.key if name not in names]
    if missing:
        told = ", ".join(names)[:200]
        raise ShapeError(
            f"{path.name} has no column {', '.join(missing)}: {told}.",
            saved="The last import stays as it was.",
        )
    columns = json.dumps(dict.fromkeys(names, "VARCHAR"))
    wanted = ", ".join(
        f'"{name}"' if name in names else f'NULL::VARCHAR AS "{name}"' for name in table.columns
    )
    target = folder / part_name(table.name, 0)
    with duckdb.connect() as connection:
        try:
            row = connection.execute(
                f"""COPY (SELECT {wanted} FROM read_csv({_literal(path)}, header = false,
                skip = {table.header}, columns = {columns}, quote = '"', escape = '"',
                strict_mode = false, parallel = false, max_line_size = 16777216))
                TO {_literal(target)} (FORMAT parquet, COMPRESSION zstd)"""
            ).fetchone()
        except duckdb.Error as error:
            raise ShapeError(
                f"{path.name} is no such CSV: {str(error).splitlines()[0][:200]}",
                saved="The last import stays as it was.",
            ) from None
    return Checked(list(table.columns), int(row[0]) if row else 0, sha256_of(path), True, b"", 1)


def _joined(heads: list[list[str]]) -> list[str]:
    """Names in several lines, one above the other, joined by dots."""
    width = max(map(len, heads), default=0)
    columns = [[row[place] if place < len(row) else "" for row in heads] for place in range(width)]
    return [".".join(part for part in column if part) for column in columns]


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
