r"""Dumps as tab-separated text: unquoted, one header line, rows end at `\n` and nowhere else.

Dumps are read in blocks of whole lines. A block is *regular* when nothing in it could be read in
two ways; all others are read row by row, so that one odd row costs itself and not its neighbours.
"""

from __future__ import annotations

import contextlib
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple, Protocol

gzip_library: ModuleType = zlib
with contextlib.suppress(ImportError):  # three times as fast, where its wheel exists
    from isal import isal_zlib

    gzip_library = isal_zlib

_DAMAGED: tuple[type[Exception], ...] = (zlib.error, gzip_library.error)

# Small enough that what comes of them is still in the cache when it is looked at.
_PACKED_BYTES = 128 * 1024
_BLOCK_BYTES = 1024 * 1024
_GZIP = b"\x1f\x8b"
LONGEST_ROW_BYTES = 1024 * 1024


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class TruncatedFile(ValueError):  # noqa: N818 - what happened
    """A compressed dump that ends before its end, or whose checksum is wrong."""


class BadRow(NamedTuple):
    """A row that does not fit; `text` is its beginning."""

    reason: str
    text: str


def unpacked(file: Readable) -> Iterator[bytes]:
    """Yield the bytes of a dump, gzip or plain; TruncatedFile when the gzip is incomplete."""
    held = file.read(_BLOCK_BYTES)
    if not held.startswith(_GZIP):
        while held:
            yield held
            held = file.read(_BLOCK_BYTES)
        return
    while held:  # several gzip members may follow each other
        member = gzip_library.decompressobj(31)
        while not member.eof:
            try:
                out = member.decompress(held)
            except _DAMAGED as error:
                raise TruncatedFile(f"its gzip is damaged ({error})") from None
            if out:
                yield out
            if member.eof:
                break
            held = file.read(_PACKED_BYTES)
            if not held:
                raise TruncatedFile("its gzip ends in the middle")
        held = member.unused_data or file.read(_BLOCK_BYTES)


def blocks(file: Readable) -> Iterator[bytes]:
    """Return the bytes of a dump cut at ends of lines; a last line without its end gets one."""
    rest = b""
    for held in unpacked(file):
        cut = held.rfind(b"\n") + 1
        if cut:
            yield rest + held[:cut]
            rest = held[cut:]
        else:
            rest += held
    if rest:
        yield rest + b"\n"


def split_header(block: bytes) -> tuple[list[str], bytes]:
    """Return the names in the first line, and what comes after it."""
    line, _, rest = block.partition(b"\n")
    return line.decode("utf-8", "replace").rstrip("\r").split("\t"), rest


class LineScan:
    """Looks at the bytes of a dump as they pass: how many lines, and whether it is `regular`.

    In a regular dump every reader of tab-separated text takes the same lines for lines. Whether
    rows have the right width is not looked at: a reader that splits them notices.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.regular = True
        self._last = b"\n"
        self._decode = getincrementaldecoder("utf-8")().decode
        self._plain = True

    def at(self, held: bytes) -> None:
        """Return the next bytes."""
        self.lines += held.count(b"\n")
        if self.regular:
            self.regular = not (b"\r" in held or b"\0" in held) and self._is_text(held)
        self._last = held[-1:]

    def finish(self) -> None:
        """There are no more: a last line need not have an end."""
        self.lines += self._last != b"\n"
        self.regular = self.regular and self._is_text(b"", final=True)

    def _is_text(self, held: bytes, final: bool = False) -> bool:
        """Most of a dump is ASCII, which is told far faster than it is decoded."""
        if self._plain and held.isascii():
            return True
        try:
            self._decode(held, final)
        except UnicodeDecodeError:
            return False
        # A character may go on in the next bytes: only after whole ones is ASCII trusted again.
        self._plain = held[-1:] < b"\x80"
        return True


def rows(block: bytes, width: int) -> Iterator[list[str | None] | BadRow]:
    """Return the rows of a block one by one; `\\N` is null. Empty lines are no rows.

    Bytes that are no UTF-8 become U+FFFD; a `\\r` before the end of a line belongs to the end.
    """
    for line in block.split(b"\n"):
        plain = line[:-1] if line.endswith(b"\r") else line
        if not plain:
            continue
        text = plain[:400].decode("utf-8", "replace")
        if len(plain) > LONGEST_ROW_BYTES:
            yield BadRow(f"a row of {len(plain):,} bytes", text)
            continue
        fields = plain.split(b"\t")
        if len(fields) != width:
            yield BadRow(f"{len(fields)} fields instead of {width}", text)
            continue
        yield [None if f == b"\\N" else f.decode("utf-8", "replace") for f in fields]
