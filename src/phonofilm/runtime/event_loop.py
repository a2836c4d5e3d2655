"""The event loop: uvloop where it is installed, else asyncio's own.

uvloop is twice as fast for many small responses (measured in November 2026, benchmarks/RESULTS.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Coroutine, Iterator
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")

# Responses and rows are trees without cycles. Looking for cycles cost 5 % of a crawl in November
# 2026.
_GC_THRESHOLDS = (500_000, 50, 100)


@contextlib.contextmanager
def infrequent_gc() -> Iterator[None]:
    """Collect cyclic garbage rarely while the block runs."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*_GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a loop of its own."""
    try:
        factory = import_module("uvloop").new_event_loop
    except ModuleNotFoundError:
        factory = None
    with infrequent_gc(), asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(coroutine)
