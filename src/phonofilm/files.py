"""Atomic writes: a file appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PARTIAL_SUFFIX = ".growing"


@contextlib.contextmanager
def atomic_path(target: Path, *, locked: bool = False) -> Iterator[Path]:
    """Yield a path in the target's folder; rename it to `target` when the block succeeds.

    For writers that take a path, such as a COPY of a database. A block that raises leaves the old
    file as it was and no partial file.

    `locked` says that a lock keeps other writers of this target away. The partial file then has one
    name, so that the leftover of a killed process is replaced by the next attempt.
    """
    process = "" if locked else f".{os.getpid()}"
    partial = target.with_name(f"{target.name}{process}{PARTIAL_SUFFIX}")
    partial.unlink(missing_ok=True)
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


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
    partial = target.with_name(f"{target.name}.{os.getpid()}{PARTIAL_SUFFIX}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        with contextlib.suppress(FileExistsError):
            os.link(partial, target)
    finally:
        partial.unlink(missing_ok=True)
