"""A pytest plugin: `pytest_plugins = ["phonofilm.testing.plugin"]` in your conftest.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from phonofilm.testing import Sandbox, sandbox


@pytest.fixture
def phonofilm_sandbox() -> Iterator[Callable[..., str]]:
    """Start stand-ins that end with the test.

    `url = phonofilm_sandbox("spotify", artists=50)` returns an address. The options are those of
    `phonofilm sandbox`; `faults` takes a list of `phonofilm.testing.Fault`. The stand-in itself
    (its counts, its clock) is `phonofilm_sandbox.served[-1]`.
    """
    started: list[Sandbox] = []
    served: list[Any] = []

    def start(source: str, **plan: Any) -> str:
        stand_in = sandbox(source, **plan)
        started.append(stand_in)
        url = stand_in.start()
        served.append(stand_in.served)
        return url

    start.served = served  # type: ignore[attr-defined]
    yield start
    for stand_in in reversed(started):
        stand_in.stop()
