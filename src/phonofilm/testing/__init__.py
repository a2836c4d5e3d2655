"""Stand-ins for tests of other clients: `with sandbox("spotify") as url: ...`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from phonofilm.sandbox.kernel.faults.rules import Rule as Fault
from phonofilm.sandbox.kernel.server import Plan, SandboxServer, running

__all__ = ["Fault", "Sandbox", "sandbox"]


class Sandbox:
    """A stand-in in a thread of this process; `start` and `stop`, or a `with` block.

    `served` is the stand-in itself, with its counts and its clock; None before the start.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._running: AbstractContextManager[tuple[str, SandboxServer]] | None = None
        self.served: SandboxServer | None = None

    def start(self) -> str:
        """Start the stand-in on a free port of loopback; return its address."""
        self._running = running(self._plan)
        url, self.served = self._running.__enter__()
        return url

    def stop(self) -> None:
        """Stop the stand-in; do nothing where it is not running."""
        if self._running:
            self._running.__exit__(None, None, None)
            self._running = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()


def sandbox(source: str, **plan: Any) -> Sandbox:
    """Return a stand-in of a source; the options are those of `phonofilm sandbox`.

    Without `rate` no request is limited.
    """
    return Sandbox(Plan(source, **({"rate": "none"} | plan)))
