"""Whole files as they came: one folder per generation, swapped in when all of it is checked.

    landing/dumps/imdb/000002/title.basics.tsv.gz, ..., kept.parquet, generation.json
    landing/dumps/imdb/incoming/      what is being fetched; a cut download goes on there

The files stay byte for byte, with their validators and hashes, so that they can be read again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from phonofilm.errors import StoreError, storage_error
from phonofilm.landing.hashing import HashingReader
from phonofilm.sources.bulk import tsv

GENERATIONS_MAX = 2  # the newest, and the one before it to compare with
NOTE_FILE = "generation.json"
SUBSET_FILE = "kept.parquet"
_START_BYTES = 4096
_EXCERPT_BYTES = 400


class DumpFile(msgspec.Struct, kw_only=True):
    """One file of a generation; `fetched_at` is Unix microseconds, `rows` without the header.

    `regular` files read the same in every reader; others are read row by row. `parts` counts the
    Parquet files with the wanted columns of a file that is no table of text, and `bad_lines` are
    the beginnings of lines that did not fit there.
    """

    table: str
    name: str
    rows: int
    bytes: int
    sha256: str
    regular: bool
    fetched_at: int
    url: str
    etag: str = ""
    last_modified: str = ""
    parts: int = 0
    bad_lines: list[str] = []

    @property
    def part_names(self) -> list[str]:
        """The names of its Parquet files."""
        return [part_name(self.table, number) for number in range(self.parts)]


def part_name(table: str, number: int) -> str:
    """Return the file name of one part of a table."""
    return f"{table}.{number:06d}.parquet"


class Generation(msgspec.Struct, kw_only=True):
    """All files of one import.

    `only` names the part that was imported, or is empty; `title_counts` counts its titles by the
    rule that selected them; `id_map` is a digest of the ids that a map named.
    """

    source: str
    number: int
    run: str
    terms: str
    only: str
    origin: str
    files: dict[str, DumpFile]
    title_counts: dict[str, int] = msgspec.field(name="kept")
    id_map: str = ""

    @property
    def file_names(self) -> set[str]:
        """The names of all its files but the note."""
        files = self.files.values()
        parts = {name for file in files for name in file.part_names}
        return {file.name for file in files} | parts | {SUBSET_FILE}


class CheckedFile(msgspec.Struct, kw_only=True):
    """Facts of a file that was read to its end; `parts` Parquet files were written on the way.

    `start` are its first bytes, for a message when it is no dump; `bad_lines` are the beginnings of
    lines that were left out on the way.
    """

    header: list[str]
    rows: int
    sha256: str
    regular: bool
    start: bytes = b""
    parts: int = 0
    bad_lines: list[str] = []


class Dumps:
    """The dumps of one source in a data folder."""

    def __init__(self, landing: Path, source: str) -> None:
        self.root = landing / "dumps" / source
        self.incoming = self.root / "incoming"

    def numbers(self) -> list[int]:
        """Return the numbers of the generations, oldest first."""
        return sorted(int(path.parent.name) for path in self.root.glob(f"[0-9]*/{NOTE_FILE}"))

    def folder(self, number: int) -> Path:
        """Return the folder of a generation."""
        return self.root / f"{number:06d}"

    def newest(self) -> Generation | None:
        """Return the newest generation, or None before the first import."""
        numbers = self.numbers()
        if not numbers:
            return None
        path = self.folder(numbers[-1]) / NOTE_FILE
        try:
            return msgspec.json.decode(path.read_bytes(), type=Generation)
        except (OSError, msgspec.DecodeError) as error:
            raise StoreError(f"{path} cannot be read: {error}.") from error

    def path(self, generation: Generation, table: str) -> Path:
        """Return the path of a file of a generation."""
        return self.folder(generation.number) / generation.files[table].name

    def open_incoming(self) -> Path:
        """Create the folder of the next generation; files of an interrupted import stay in it."""
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(self.incoming, error) from error
        return self.incoming

    def swap_in(self, generation: Generation) -> None:
        """Make the incoming folder the newest generation, in one step; remove all but two."""
        try:
            for path in self.incoming.iterdir():
                if path.is_dir():  # scratch of a run that was killed
                    shutil.rmtree(path)
                elif path.name not in generation.file_names:
                    path.unlink()
            note = self.incoming / NOTE_FILE
            note.write_bytes(msgspec.json.format(msgspec.json.encode(generation), indent=1))
            self.incoming.rename(self.folder(generation.number))
            for number in self.numbers()[:-GENERATIONS_MAX]:
                shutil.rmtree(self.folder(number))
        except OSError as error:
            raise storage_error(self.root, error) from error

    def copy_in(self, source: Path, name: str) -> Path:
        """Copy a local file into the incoming folder."""
        return self._put(source, name, shutil.copyfile)

    def link_in(self, source: Path, file: DumpFile) -> None:
        """Link a file of the last generation, and its parts, into the incoming folder."""
        for name in (file.name, *file.part_names):
            self._put(source.with_name(name), name, os.link)

    def _put(self, source: Path, name: str, copy: Callable[[Path, Path], object]) -> Path:
        target = self.incoming / name
        try:
            target.unlink(missing_ok=True)
            copy(source, target)
        except OSError as error:
            raise storage_error(target, error) from error
        return target


def check_dump(path: Path) -> CheckedFile:
    """Read a file of tab-separated text to its end once: gzip, header, rows, hash.

    `tsv.TruncatedFile` when it is not whole. Rows of another width are noticed later, when the
    fields are read, because counting tabs takes as long as reading them.
    """
    scan, start = tsv.LineScan(), b""
    with path.open("rb") as file:
        reader = HashingReader(file)
        for block in tsv.unpacked(reader):
            if len(start) < _START_BYTES:
                start += block[:_START_BYTES]
            scan.scan(block)
    scan.finish()
    header, _ = tsv.split_header(start)
    return CheckedFile(
        header=header,
        rows=scan.lines - 1,
        sha256=reader.sha256(),
        regular=scan.regular,
        start=start[:_EXCERPT_BYTES],
    )


def unpack(path: Path, target: Path) -> None:
    """Unpack a checked file to plain text."""
    try:
        with path.open("rb") as packed, target.open("wb", buffering=0) as file:
            for block in tsv.unpacked(packed):
                file.write(block)
    except OSError as error:
        raise storage_error(target, error) from error


def read_row_by_row(
    path: Path, width: int, note_text: Callable[[bytes], None] = lambda _: None
) -> Iterator[list[str | None] | tsv.BadRow]:
    """Yield the rows of a file one by one, for files that are not regular.

    `note_text` is called with each row whose text is no UTF-8.
    """
    with path.open("rb") as packed:
        for number, block in enumerate(tsv.blocks(packed)):
            body = tsv.split_header(block)[1] if number == 0 else block
            yield from tsv.rows(body, width, note_text)
