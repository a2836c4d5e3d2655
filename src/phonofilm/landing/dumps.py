"""Whole files as they came: one folder per generation, swapped in when all of it is checked.

    landing/dumps/imdb/000002/title.basics.tsv.gz, ..., kept.parquet, generation.json
    landing/dumps/imdb/incoming/      what is being fetched; a cut download goes on there

The files stay byte for byte, with their validators and hashes, so that they can be read again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from phonofilm.errors import StoreError, storage_error
from phonofilm.sources.bulk import tsv

KEPT = 2
_NOTE = "generation.json"
_START_BYTES = 4096


class DumpFile(msgspec.Struct):
    """One file of a generation; `fetched_at` is Unix microseconds, `rows` without the header.

    `regular` files read the same in every reader; others need the careful one. `parts` of Parquet
    hold the wanted columns of a file that is no table of text.
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

    @property
    def part_names(self) -> list[str]:
        """The names of its Parquet files."""
        return [part_name(self.table, number) for number in range(self.parts)]


def part_name(table: str, number: int) -> str:
    """What one part of a table is called."""
    return f"{table}.{number:06d}.parquet"


class Generation(msgspec.Struct):
    """All files of one import. `kept` counts titles by the rule that kept them."""

    source: str
    number: int
    run: str
    terms: str
    only: str
    origin: str
    files: dict[str, DumpFile]
    kept: dict[str, int]
    id_map: str = ""


class Checked(msgspec.Struct):
    """What reading a file once told of it; `parts` were made of it on the way."""

    header: list[str]
    rows: int
    sha256: str
    regular: bool
    start: bytes
    parts: int = 0


class Dumps:
    """The dumps of one source in a data folder."""

    def __init__(self, landing: Path, source: str) -> None:
        self.root = landing / "dumps" / source
        self.incoming = self.root / "incoming"

    def numbers(self) -> list[int]:
        """The generations there are, oldest first."""
        found = [p.parent.name for p in self.root.glob(f"[0-9]*/{_NOTE}")]
        return sorted(int(name) for name in found)

    def folder(self, number: int) -> Path:
        """Where a generation lies."""
        return self.root / f"{number:06d}"

    def newest(self) -> Generation | None:
        """The newest generation, or None before the first import."""
        numbers = self.numbers()
        if not numbers:
            return None
        path = self.folder(numbers[-1]) / _NOTE
        try:
            return msgspec.json.decode(path.read_bytes(), type=Generation)
        except (OSError, msgspec.DecodeError) as error:
            raise StoreError(f"{path} cannot be read: {error}.") from error

    def path(self, generation: Generation, table: str) -> Path:
        """A file of a generation."""
        return self.folder(generation.number) / generation.files[table].name

    def begin(self) -> Path:
        """The folder for what comes; what an import left that was cut off is used again."""
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(self.incoming, error) from error
        return self.incoming

    def swap_in(self, generation: Generation) -> None:
        """Makes what was fetched the newest generation, in one step; the newest two are kept."""
        try:
            for path in self.incoming.iterdir():
                if path.is_dir():  # what a run left that was killed
                    shutil.rmtree(path)
                elif path.name not in _wanted(generation):
                    path.unlink()
            note = self.incoming / _NOTE
            note.write_bytes(msgspec.json.format(msgspec.json.encode(generation), indent=1))
            self.incoming.rename(self.folder(generation.number))
            for number in self.numbers()[:-KEPT]:
                shutil.rmtree(self.folder(number))
        except OSError as error:
            raise storage_error(self.root, error) from error

    def take(self, source: Path, name: str) -> Path:
        """Copies a local file in."""
        return self._bring(source, name, shutil.copyfile)

    def keep(self, source: Path, file: DumpFile) -> None:
        """Brings a file of the last generation along without copying it, its parts as well."""
        for name in (file.name, *file.part_names):
            self._bring(source.with_name(name), name, os.link)

    def _bring(self, source: Path, name: str, bring: object) -> Path:
        target = self.incoming / name
        try:
            target.unlink(missing_ok=True)
            bring(source, target)  # type: ignore[operator]
        except OSError as error:
            raise storage_error(target, error) from error
        return target


def _wanted(generation: Generation) -> set[str]:
    files = generation.files.values()
    parts = {name for file in files for name in file.part_names}
    return {file.name for file in files} | parts | {"kept.parquet"}


def check(path: Path) -> Checked:
    """Reads a file to its end once: gzip, header, rows, hash. `tsv.CutShort` when it is not whole.

    Widths are told later, by whoever reads the fields; counting tabs takes as long as reading them.
    """
    hashing, glance, start = hashlib.sha256(), tsv.LineScan(), b""
    with path.open("rb") as plain:
        for held in tsv.unpacked(_Hashed(plain, hashing)):
            if len(start) < _START_BYTES:
                start += held[:_START_BYTES]
            glance.at(held)
    glance.finish()
    header, _ = tsv.split_header(start)
    return Checked(header, glance.lines - 1, hashing.hexdigest(), glance.regular, start[:400])


def sha256_of(path: Path) -> str:
    """The hash of a file; empty for one that is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


class _Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: object, hashing: object) -> None:
        self._read, self._update = file.read, hashing.update  # type: ignore[attr-defined]

    def read(self, size: int) -> bytes:
        held: bytes = self._read(size)
        self._update(held)
        return held


def plain(path: Path, target: Path) -> None:
    """Unpacks a checked file, for a reader that wants plain text."""
    try:
        with path.open("rb") as packed, target.open("wb", buffering=0) as file:
            for held in tsv.unpacked(packed):
                file.write(held)
    except OSError as error:
        raise storage_error(target, error) from error


def careful(path: Path, width: int) -> Iterator[list[str | None] | tsv.BadRow]:
    """The rows of a file one by one, for those that are not regular."""
    with path.open("rb") as packed:
        for number, block in enumerate(tsv.blocks(packed)):
            body = tsv.split_header(block)[1] if number == 0 else block
            yield from tsv.rows(body, width)
