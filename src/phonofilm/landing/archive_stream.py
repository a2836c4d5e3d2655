"""The lines of one member of a packed tar, read once as it comes, in pieces of whole lines."""

from __future__ import annotations

import contextlib
import lzma
import queue
import tarfile
import threading
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from phonofilm.errors import ConfigurationError, ShapeError
from phonofilm.landing.hashing import HashingReader
from phonofilm.sources.bulk.contract import DumpTable
from phonofilm.sources.bulk.tsv import TruncatedFile

PIECE_BYTES = 32 * 1024 * 1024  # chosen, not tuned
_READ_BYTES = 2 * 1024 * 1024
_LINE_BYTES_MAX = 128 * 1024 * 1024  # chosen, not tuned: hundreds of times the longest one seen
_PIECES_AHEAD_MAX = 2  # each is in memory; chosen, not tuned
_DAMAGED: tuple[type[Exception], ...] = (EOFError, lzma.LZMAError, tarfile.TarError)
_zstandard: Any = None
with contextlib.suppress(ImportError):
    import zstandard as _zstandard

    _DAMAGED = (*_DAMAGED, _zstandard.ZstdError)


class ArchiveStream:
    """The member of an archive that holds a table; `sha256` is that of the whole file, at the end.

    TruncatedFile when the archive ends early or is damaged, ShapeError when it has no such member
    or the member has other columns.
    """

    def __init__(self, path: Path, table: DumpTable) -> None:
        self._path, self._table = path, table
        self.sha256 = ""

    def pieces(self) -> Iterator[bytes]:
        """Yield the member's lines in pieces of whole lines, about `PIECE_BYTES` long."""
        has_member = False
        try:
            with self._path.open("rb") as file:
                packed = HashingReader(file)
                stream = _unpacked(self._path.name, packed)
                with tarfile.open(fileobj=stream, mode="r|", bufsize=_READ_BYTES) as archive:
                    for member in archive:
                        if not has_member and self._holds_table(member):
                            has_member = True
                            # Straight from the stream: a file object of its own copies twice more.
                            yield from _whole_lines(
                                archive.fileobj,  # type: ignore[arg-type]
                                member.size,
                                self._table,
                            )
                while packed.read(_READ_BYTES):  # its hash is of all of it
                    pass
                self.sha256 = packed.sha256()
        except _DAMAGED as error:
            raise TruncatedFile(f"its archive is damaged ({error})") from None
        if not has_member:
            raise ShapeError(
                f"{self._path.name} holds no {self._table.name}.",
                table=self._table.name,
                saved="The last import stays as it was.",
            )

    def _holds_table(self, member: tarfile.TarInfo) -> bool:
        name, table = member.name.rsplit("/", 1)[-1], self._table.name
        stem = name.removesuffix(".csv").removesuffix(".json")
        return member.isfile() and (stem == table or stem.endswith(f"-{table}"))


def _unpacked(file_name: str, packed: HashingReader) -> Any:
    """Return a reader of the unpacked bytes, chosen by the file's name."""
    if file_name.endswith((".xz", ".txz")):
        return lzma.LZMAFile(packed)  # type: ignore[arg-type]
    if file_name.endswith(".zst"):
        if _zstandard is None:
            raise ConfigurationError(
                f"{file_name} is packed with Zstandard.",
                next_step="Install what unpacks it: pip install 'phonofilm[dumps]'",
            )
        # Parallel packers write several frames one after the other.
        return _zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
    return packed


def _whole_lines(lines: IO[bytes], size: int, table: DumpTable) -> Iterator[bytes]:
    """Yield a member's lines in pieces; `lines` is read no further than its `size`.

    EOFError when bytes are missing.
    """
    remaining = size

    def read() -> bytes:
        nonlocal remaining
        chunk = lines.read(min(remaining, _READ_BYTES))
        if not chunk and remaining:
            raise EOFError(f"{remaining:,} bytes are missing")
        remaining -= len(chunk)
        return chunk

    chunks = [read()] if remaining else []
    if table.packing.startswith("csv"):
        header, _, chunks[0] = chunks[0].removeprefix(BOM_UTF8).partition(b"\n")
        _check_header(header.decode("utf-8", "replace").rstrip("\r").split(","), table)
    piece_bytes = sum(map(len, chunks))
    while remaining:
        chunk = read()
        line_end = chunk.rfind(b"\n") + 1
        piece_bytes += len(chunk)
        if piece_bytes > _LINE_BYTES_MAX and not line_end:
            raise ShapeError(
                f"{table.name} has a line of more than {_LINE_BYTES_MAX >> 20} MiB.",
                table=table.name,
                saved="The last import stays as it was.",
            )
        if piece_bytes >= PIECE_BYTES and line_end:  # else one line longer than a piece: it goes on
            yield b"".join((*chunks, chunk[:line_end]))
            chunk = chunk[line_end:]
            chunks, piece_bytes = [], len(chunk)
        chunks.append(chunk)
    if piece_bytes:
        yield b"".join(chunks)


def _check_header(header: list[str], table: DumpTable) -> None:
    """Check that a CSV has the columns of the table; ShapeError otherwise."""
    if tuple(header) != table.columns:
        raise ShapeError(
            f"{table.name} has other columns: {', '.join(header)[:200]}.",
            table=table.name,
            saved="The last import stays as it was.",
        )


def read_ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same pieces, produced by a thread that is at most two ahead.

    An error of the thread is raised where the next piece is read.
    """
    ready: queue.Queue[bytes | BaseException | None] = queue.Queue(_PIECES_AHEAD_MAX)
    stopped = threading.Event()

    def put(item: bytes | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def produce() -> None:
        try:
            for piece in pieces:
                put(piece)
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:  # raised again by the consumer
            put(error)

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
