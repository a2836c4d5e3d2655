"""A pytest plugin: `pytest_plugins = ["phonofilm.testing.plugin"]` in your conftest.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from phonofilm.testing import Sandbox, sandbox


@pytest.fixture
def phonofilm_sandbox() -> Iterator[Callable[..., str]]:
    """Starts stand-ins that end with the test: `url = phonofilm_sandbox("spotify", artists=50)`.

    The options are those of `phonofilm sandbox`; `faults` takes `phonofilm.testing.Fault`s. The
    stand-in itself (its counts, its clock) is `phonofilm_sandbox.served[-1]`.
    """
    opened: list[Sandbox] = []

    def start(source: str, **plan: Any) -> str:
        made = sandbox(source, **plan)
        opened.append(made)
        url = made.start()
        served.append(made.served)
        return url

    served: list[Any] = []
    start.served = served  # type: ignore[attr-defined]
    yield start
    for made in reversed(opened):
        made.stop()
