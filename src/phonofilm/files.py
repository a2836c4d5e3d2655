"""Atomic writes: a file appears whole or not at all. Text of people in its encoding."""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PARTIAL_SUFFIX = ".growing"
STANDARD_OUTPUT = Path("-")
_NAME_BYTES_MAX = 255  # ext4, xfs, apfs, NTFS


@contextlib.contextmanager
def atomic_path(target: Path, *, locked: bool = False) -> Iterator[Path]:
    """Yield a path in the target's folder; rename it to `target` when the block succeeds.

    For writers that take a path, such as a COPY of a database. A block that raises leaves the old
    file as it was and no partial file. For files of ours: a symbolic link is replaced, so that a
    link in a data folder of another person cannot lead out of it.

    `locked` says that a lock keeps other writers of this target away. The partial file then has one
    name, so that the leftover of a killed process is replaced by the next attempt.
    """
    partial = partial_path(target, "" if locked else f".{os.getpid()}")
    partial.unlink(missing_ok=True)
    try:
        yield partial
        partial.replace(target)
    finally:
        with contextlib.suppress(OSError):  # an error of the block says more
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def readable_database(path: Path) -> Iterator[Path]:
    """Yield the path of an SQLite file that can be opened: itself, or a copy.

    A database with a write-ahead log writes beside itself even for readers, which a read-only
    folder or disk refuses, so that one is read from a temporary copy.
    """
    if os.access(path.parent, os.W_OK) and os.access(path, os.W_OK):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="phonofilm-") as folder:
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copyfile(file, Path(folder) / file.name)
        yield Path(folder) / path.name


@contextlib.contextmanager
def output_path(target: Path) -> Iterator[Path]:
    """Yield a path whose file becomes `target`, which a person named, when the block succeeds.

    Its folder is created. A symbolic link stays, and the file that it leads to is replaced. A
    device or a pipe is written to, and `-` is standard output. Raises OSError; IsADirectoryError
    for a folder before the block runs.
    """
    if is_stream(target):
        with tempfile.TemporaryDirectory(prefix="phonofilm-") as folder:
            yield Path(folder) / target.name
            _copy_into(target, Path(folder) / target.name)
        return
    target = Path(os.path.realpath(target))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as partial:
        yield partial


def is_stream(target: Path) -> bool:
    """Tell whether a path leads to a device or a pipe, which a rename would replace."""
    if target == STANDARD_OUTPUT:
        return True
    if target.is_absolute() and target.parts[1:2] in (("dev",), ("proc",)):
        return not target.is_dir()
    return target.exists() and not target.is_file() and not target.is_dir()


def partial_path(target: Path, process: str = "") -> Path:
    """Return the path of a file that grows until it is renamed to `target`.

    The longest names that a file may have (255 bytes) are cut and given a hash.
    """
    suffix = f"{process}{PARTIAL_SUFFIX}"
    if len(os.fsencode(target.name + suffix)) <= _NAME_BYTES_MAX:
        return target.with_name(target.name + suffix)
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()
    return target.with_name(f"{digest[:32]}{suffix}")


def _copy_into(stream: Path, source: Path) -> None:
    """Copy a file into a device or a pipe, whose reader may go away: BrokenPipeError."""
    with source.open("rb") as reader:
        if stream == STANDARD_OUTPUT:
            shutil.copyfileobj(reader, sys.stdout.buffer)
            sys.stdout.flush()
        else:
            with stream.open("wb") as writer:
                shutil.copyfileobj(reader, writer)


@contextlib.contextmanager
def atomic_open(
    target: Path, mode: int = 0o666, *, durable: bool = False, locked: bool = False
) -> Iterator[BinaryIO]:
    """Open a binary file that replaces `target` when the block succeeds.

    `mode` are the permissions (0o600 for secrets, from the first byte on); `durable` also waits
    for the disk; `locked` as in `atomic_path`.
    """
    with atomic_path(target, locked=locked) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())


def atomic_write(
    target: Path, data: bytes | str, mode: int = 0o666, *, locked: bool = False
) -> None:
    """Replace a file by these bytes, or by this text in UTF-8."""
    with atomic_open(target, mode, locked=locked) as file:
        file.write(data.encode() if isinstance(data, str) else data)


def create_once(target: Path, data: bytes, mode: int = 0o666) -> None:
    """Create a file with these bytes, whole or not at all; a file that exists stays as it is.

    When two processes create it at the same time, the first one's bytes stand for both.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(target, f".{os.getpid()}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        with contextlib.suppress(FileExistsError):
            os.link(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def decode_text(data: bytes) -> str:
    """Decode text that people wrote: UTF-8 with or without a mark, or UTF-16 with one.

    ValueError names the first byte that is neither, with its line.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"byte 0x{data[error.start]:02x} in line {line} is no UTF-8") from None


def expanded(path: str | Path) -> Path:
    """Return a path with `~` as the user's home folder; as it is for a user without one."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
