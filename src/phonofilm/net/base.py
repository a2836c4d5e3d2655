"""Protocols of the network package: what a crawl needs of a sender and of an authenticator."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from phonofilm.sources.contract import Query, Response


class NoResponse(NamedTuple):
    """Why nothing usable came back: `unreachable`, `timeout`, `cut`, `too_large`, `redirected`."""

    kind: str
    detail: str

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in ("unreachable", "timeout", "cut")


class Sender(Protocol):
    """Sends requests and returns responses; it neither waits nor retries."""

    async def get(
        self, path: str, query: Query, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse:
        """Send one GET to the source, or to `base_url`."""
        ...

    async def post(
        self, path: str, body: object, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse:
        """Send one POST of JSON to the source, or to `base_url`."""
        ...


class Authenticator(Protocol):
    """Provides the headers that sign a request."""

    async def headers(self) -> dict[str, str]:
        """Return the headers to send; a token that is missing or about to end is fetched."""
        ...

    async def renew(self, spent: dict[str, str]) -> bool:
        """Replace the token that the headers `spent` carry; False when only a person can."""
        ...
