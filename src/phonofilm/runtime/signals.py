"""SIGINT and SIGTERM, for all that runs at once in one loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

_SIGNS = (signal.SIGINT, signal.SIGTERM)
_listeners: list[Callable[[], None]] = []


def _tell() -> None:
    for listener in list(_listeners):
        listener()


@contextlib.contextmanager
def on_interrupt(listener: Callable[[], None]) -> Iterator[None]:
    """Calls `listener` at each signal while the block runs; only the main thread may listen."""
    loop = asyncio.get_running_loop()
    first = not _listeners
    try:
        if first:
            for sign in _SIGNS:
                loop.add_signal_handler(sign, _tell)
    except (ValueError, RuntimeError, NotImplementedError):
        yield
        return
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
        if not _listeners:
            for sign in _SIGNS:
                loop.remove_signal_handler(sign)
