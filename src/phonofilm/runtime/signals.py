"""SIGINT and SIGTERM: for everything that runs at once in one event loop, and around DuckDB."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Signals belong to the process, so their listeners do, too: crawls of several sources share them.
_listeners: list[Callable[[], None]] = []


def _notify_all() -> None:
    for listener in list(_listeners):
        listener()


@contextlib.contextmanager
def on_interrupt(listener: Callable[[], None]) -> Iterator[None]:
    """Call `listener` at each signal while the block runs.

    Only the main thread of a process gets signals; elsewhere the block runs without.
    """
    loop = asyncio.get_running_loop()
    first = not _listeners
    try:
        if first:
            for number in _SIGNALS:
                loop.add_signal_handler(number, _notify_all)
    except (ValueError, RuntimeError, NotImplementedError):
        yield
        return
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
        if not _listeners:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block when SIGINT came inside it.

    For calls into libraries that drop an exception. Outside of the main thread nothing changes.
    """
    interrupted = False

    def remember(_: int, __: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True

    try:
        earlier = signal.signal(signal.SIGINT, remember)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
    if interrupted:
        raise KeyboardInterrupt


def import_for_duckdb(connection: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB import what it needs for parameters, without losing a SIGINT meanwhile.

    With its first statement that has parameters DuckDB imports pandas, numpy and pyarrow where they
    are installed, for seconds, and drops every exception inside (1.5.5, November 2026): a load that
    was interrupted then went on to its end. Later statements import nothing.
    """
    with deferred_interrupt():
        connection.execute("SELECT ?", [1])
