"""SIGINT and SIGTERM for everything that runs at once in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

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
