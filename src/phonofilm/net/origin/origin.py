"""The origin of a crawl's responses: address, access level, budgets, clock and credentials."""

from __future__ import annotations

from pathlib import Path

import msgspec

from phonofilm.net.auth.authenticator import authenticator
from phonofilm.net.auth.credentials import Credentials, KeyParameter
from phonofilm.net.base import Authenticator
from phonofilm.net.clock import Clock
from phonofilm.net.http_client import AGENT
from phonofilm.net.transport import Transport, TransportOptions
from phonofilm.sources.manifest import Budget

_SANDBOX = "sandbox "
LOCAL_FILES, SAVED_RESPONSES = "local files", "saved answers"
"""Names of the origins of what a person brings: nothing says whether it is simulated."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """One service that answers requests.

    `name` is what a data folder remembers it by. With `other_hosts`, endpoints that name a host of
    their own are requested there; a mirror or a sandbox serves them itself. `token_cache` is a
    folder.
    """

    name: str
    base_url: str
    access: str
    clock: Clock
    budgets: list[Budget] = []
    concurrent: int | None = None
    user_agent: str = AGENT
    credentials: Credentials = None
    token_cache: Path | None = None
    other_hosts: bool = False

    @property
    def is_sandbox(self) -> bool:
        """Whether it is a stand-in."""
        return is_sandbox_name(self.name)

    @property
    def kind(self) -> str:
        """`sandbox` or `live`: what a data folder and a warehouse hold one of."""
        return origin_kind(self.name)

    @property
    def key(self) -> dict[str, str]:
        """Parameters that go along with every request."""
        key = self.credentials
        return {key.name: key.value} if isinstance(key, KeyParameter) else {}

    def transport(self, connections: int = 16, timeout_seconds: float = 60.0) -> Transport:
        """Return a sender to this origin, still closed."""
        return Transport(
            self.base_url,
            TransportOptions(
                user_agent=self.user_agent,
                connections=connections,
                timeout_seconds=timeout_seconds,
                key=self.key,
            ),
        )

    def authenticator(self, transport: Transport) -> Authenticator:
        """Return what signs the requests to this origin."""
        return authenticator(self.credentials, transport, self.token_cache)


def is_sandbox_name(name: str) -> bool:
    """Tell whether an origin's name is that of a sandbox."""
    return name.startswith(_SANDBOX)


def origin_kind(name: str) -> str:
    """Return `sandbox` or `live` for the name of an origin."""
    return "sandbox" if is_sandbox_name(name) else "live"


def sandbox_name(world: str) -> str:
    """Return the name of the sandbox that simulates a world."""
    return f"{_SANDBOX}{world}"
