r"""Dumps as tab-separated text: unquoted, one header line, rows end at `\n` and nowhere else.

Dumps are read in blocks of whole lines. A block is *regular* when nothing in it could be read in
two ways; all others are read row by row, so that one odd row costs itself and not its neighbours.
"""

from __future__ import annotations

import contextlib
import zlib
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import NamedTuple, Protocol

gzip_library: ModuleType = zlib
with contextlib.suppress(ImportError):  # three times as fast, where its wheel exists
    from isal import isal_zlib

    gzip_library = isal_zlib

_DAMAGED: tuple[type[Exception], ...] = (zlib.error, gzip_library.error)

# Small enough that the unpacked bytes are still in the processor's cache when they are scanned.
_PACKED_BYTES = 128 * 1024
_BLOCK_BYTES = 1024 * 1024
# Zeros are packed a thousand times smaller: what is unpacked at once is bounded by itself.
_UNPACKED_BYTES_MAX = 8 * 1024 * 1024
_GZIP = b"\x1f\x8b"
ROW_BYTES_MAX = 1024 * 1024


class Readable(Protocol):
    """A binary stream."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""


class TruncatedFile(ValueError):  # noqa: N818 - what happened
    """A compressed dump that ends too early, or whose checksum is wrong."""


class BadRow(NamedTuple):
    """A row that does not fit; `text` is its beginning."""

    reason: str
    text: str


def unpacked(file: Readable) -> Iterator[bytes]:
    """Yield the bytes of a dump, gzip or plain; TruncatedFile when the gzip is not whole."""
    chunk = file.read(_BLOCK_BYTES)
    if not chunk.startswith(_GZIP):
        while chunk:
            yield chunk
            chunk = file.read(_BLOCK_BYTES)
        return
    while chunk:  # several gzip members may follow each other
        member = gzip_library.decompressobj(31)
        while not member.eof:
            try:
                out = member.decompress(chunk, _UNPACKED_BYTES_MAX)
            except _DAMAGED as error:
                raise TruncatedFile(f"its gzip is damaged ({error})") from None
            if out:
                yield out
            if member.eof:
                break
            chunk = member.unconsumed_tail or file.read(_PACKED_BYTES)
            if not chunk and not out:
                raise TruncatedFile("its gzip ends in the middle")
        chunk = member.unused_data or file.read(_BLOCK_BYTES)


def blocks(file: Readable) -> Iterator[bytes]:
    """Yield the bytes of a dump in blocks of whole lines; a last line without an end gets one.

    Of a line that is longer than a row may be, the beginning stays: enough to be a bad row, and no
    line fills the memory.
    """
    rest = b""
    for chunk in unpacked(file):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield rest + chunk[:end]
            rest = chunk[end:]
        else:
            rest = (rest + chunk)[: ROW_BYTES_MAX + 1]
    if rest:
        yield rest + b"\n"


def split_header(block: bytes) -> tuple[list[str], bytes]:
    """Split the first block, without a mark, into the names in its first line and the rest."""
    line, _, rest = block.removeprefix(BOM_UTF8).partition(b"\n")
    return line.decode("utf-8", "replace").rstrip("\r").split("\t"), rest


class LineScan:
    """Scan of the bytes of a dump as they pass: `lines`, and whether it is `regular`.

    Every reader of tab-separated text finds the same lines in a regular dump. The width of rows is
    not checked, because a reader that splits them notices.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.regular = True
        self._last = b"\n"
        self._decode = getincrementaldecoder("utf-8")().decode
        self._plain = True

    def scan(self, chunk: bytes) -> None:
        """Scan the next bytes."""
        self.lines += chunk.count(b"\n")
        if self.regular:
            self.regular = not (b"\r" in chunk or b"\0" in chunk) and self._is_text(chunk)
        self._last = chunk[-1:]

    def finish(self) -> None:
        """End the scan; a last line need not have an end."""
        self.lines += self._last != b"\n"
        self.regular = self.regular and self._is_text(b"", final=True)

    def _is_text(self, chunk: bytes, final: bool = False) -> bool:
        """Tell whether bytes are UTF-8; most are ASCII, which is far faster to test."""
        if self._plain and chunk.isascii():
            return True
        try:
            self._decode(chunk, final)
        except UnicodeDecodeError:
            return False
        # A character may go on in the next bytes: only after whole ones is ASCII trusted again.
        self._plain = chunk[-1:] < b"\x80"
        return True


def rows(
    block: bytes, width: int, note_text: Callable[[bytes], None] = lambda _: None
) -> Iterator[list[str | None] | BadRow]:
    r"""Yield the rows of a block one by one; `\N` is null, empty lines are skipped.

    Bytes that are no UTF-8 become U+FFFD, and `note_text` is called with their row; a `\r` before
    the end of a line belongs to the end.
    """
    for line in block.split(b"\n"):
        plain = line[:-1] if line.endswith(b"\r") else line
        if not plain:
            continue
        text = plain[:400].decode("utf-8", "replace")
        if len(plain) > ROW_BYTES_MAX:
            yield BadRow(f"a row of {len(plain):,} bytes", text)
            continue
        fields = plain.split(b"\t")
        if len(fields) != width:
            yield BadRow(f"{len(fields)} fields instead of {width}", text)
            continue
        if not plain.isascii() and not _is_utf8(plain):
            note_text(plain)
        yield [None if f == b"\\N" else f.decode("utf-8", "replace") for f in fields]


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
