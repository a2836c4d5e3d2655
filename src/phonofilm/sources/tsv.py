"""Dumps as tab-separated text: unquoted, one header line, rows end at `\\n` and nowhere else.

Read in blocks of whole lines. A block is *regular* when nothing in it could be read in two ways;
all others are read row by row, so that one odd row costs itself and not its neighbours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

_BLOCK_BYTES = 4 * 1024 * 1024
_GZIP = b"\x1f\x8b"
LONGEST_ROW_BYTES = 1024 * 1024


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class CutShort(ValueError):  # noqa: N818 - what happened
    """A compressed dump that ends before its end, or whose checksum is wrong."""


class Odd(NamedTuple):
    """A row that does not fit; `text` is its beginning."""

    reason: str
    text: str


def unpacked(file: Readable) -> Iterator[bytes]:
    """The bytes of a dump, gzip or plain. CutShort when the gzip is not whole to its last byte."""
    held = file.read(_BLOCK_BYTES)
    if not held.startswith(_GZIP):
        while held:
            yield held
            held = file.read(_BLOCK_BYTES)
        return
    while held:  # several gzip members may follow each other
        member = zlib.decompressobj(31)
        while not member.eof:
            try:
                out = member.decompress(held)
            except zlib.error as error:
                raise CutShort(f"its gzip is damaged ({error})") from None
            if out:
                yield out
            if member.eof:
                break
            held = file.read(_BLOCK_BYTES)
            if not held:
                raise CutShort("its gzip ends in the middle")
        held = member.unused_data or file.read(_BLOCK_BYTES)


def blocks(file: Readable) -> Iterator[bytes]:
    """The bytes of a dump cut at ends of lines; a last line without its end gets one."""
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
    """The names in the first line, and what comes after it."""
    line, _, rest = block.partition(b"\n")
    return line.decode("utf-8", "replace").rstrip("\r").split("\t"), rest


def regular(block: bytes) -> bool:
    """Whether any reader of tab-separated text takes the lines of a block for the same lines.

    Whether rows have the right width is not looked at: a reader that splits them notices.
    """
    if b"\r" in block or b"\0" in block or b"\n\n" in block or block[:1] == b"\n":
        return False
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def rows(block: bytes, width: int) -> Iterator[list[str | None] | Odd]:
    """The rows of a block one by one; `\\N` is null. Empty lines are no rows.

    Bytes that are no UTF-8 become U+FFFD; a `\\r` before the end of a line belongs to the end.
    """
    for line in block.split(b"\n"):
        plain = line[:-1] if line.endswith(b"\r") else line
        if not plain:
            continue
        text = plain[:400].decode("utf-8", "replace")
        if len(plain) > LONGEST_ROW_BYTES:
            yield Odd(f"a row of {len(plain):,} bytes", text)
            continue
        fields = plain.split(b"\t")
        if len(fields) != width:
            yield Odd(f"{len(fields)} fields instead of {width}", text)
            continue
        yield [None if f == b"\\N" else f.decode("utf-8", "replace") for f in fields]
