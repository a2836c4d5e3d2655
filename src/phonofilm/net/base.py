"""What a crawl needs of a sender and of an authenticator."""

from __future__ import annotations

from typing import Protocol

from phonofilm.net.transport import NoResponse
from phonofilm.sources.contract import Query, Response


class Sender(Protocol):
    """What sends a request and says what came back."""

    async def get(
        self, path: str, query: Query, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse: ...
    async def post(
        self, path: str, body: object, headers: dict[str, str], base_url: str = ""
    ) -> Response | NoResponse: ...


class Tokens(Protocol):
    """What knows the headers to send."""

    async def headers(self) -> dict[str, str]: ...
    async def renew(self, spent: dict[str, str]) -> bool: ...
