"""Access tokens by client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path

import msgspec

from phonofilm.errors import CredentialsError, ParkedError, StoreError
from phonofilm.net.auth.credentials import ClientCredentials
from phonofilm.net.auth.token_file import StoredToken, TokenFile
from phonofilm.net.auth.token_server import (
    EXPIRY_MARGIN_SECONDS,
    SAVED,
    TokenUnavailableError,
    checked,
)
from phonofilm.net.transport import Transport
from phonofilm.sources.contract import Response
from phonofilm.sources.decode import json_or_none


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


class ClientToken:
    """Token of an app, renewed when it ends. `cache` is a folder or None.

    All processes of a user share the token and the count of requested tokens, because services
    allow only so many (`credentials.budgets`). Raises ParkedError when no more may be requested.
    """

    def __init__(
        self, transport: Transport, credentials: ClientCredentials, cache: Path | None
    ) -> None:
        self._transport, self._credentials = transport, credentials
        self._lock = asyncio.Lock()
        self._file = TokenFile(cache, f"{credentials.url}|{credentials.client_id}")
        self._stored = self._file.read() or StoredToken()

    async def headers(self) -> dict[str, str]:
        """Return the header to send; a token is requested when none is valid long enough."""
        expires_soon = self._stored.expires < time.time() + EXPIRY_MARGIN_SECONDS
        if not self._stored.token or expires_soon:
            await self.renew(self._headers())
        return self._headers()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"{self._credentials.scheme} {self._stored.token}"}

    async def renew(self, spent: dict[str, str]) -> bool:
        """Replace the token that `spent` carries; workers that come together renew it once."""
        async with self._lock:
            if spent == self._headers():
                # Another process may have stored a new one already.
                self._stored = self._file.read() or self._stored
            if spent == self._headers() or self._stored.expires < time.time():
                self._check_budgets()
                await self._request()
            return True

    def _check_budgets(self) -> None:
        """Count one more token request. Raises ParkedError when a budget allows no more."""
        now, budgets = time.time(), self._credentials.budgets
        longest = max((budget.seconds for budget in budgets), default=0.0)
        earlier = [at for at in self._stored.asked if now - longest < at <= now]
        for budget in budgets:
            recent = [at for at in earlier if at > now - budget.seconds]
            if len(recent) >= budget.limit:
                raise ParkedError(
                    f"{budget.limit} tokens were asked for in {budget.seconds / 3600:g} h, which is"
                    " all the service allows.",
                    resume_at=recent[-budget.limit] + budget.seconds,
                    saved=SAVED,
                    next_step="Run the same command after that minute.",
                )
        self._stored.asked = [*earlier, now]

    async def _request(self) -> None:
        credentials = self._credentials
        pair = f"{credentials.client_id}:{credentials.client_secret}"
        basic = base64.b64encode(pair.encode()).decode()
        response = checked(
            await self._transport.post_form(
                credentials.url,
                {"grant_type": "client_credentials"},
                {"Authorization": f"Basic {basic}"},
            )
        )
        if response.status not in (200, 400, 401, 403):
            raise TokenUnavailableError(response)
        grant = _decode(response)
        self._stored.token = grant.access_token
        self._stored.expires = time.time() + grant.expires_in
        self._file.write(self._stored)


def _decode(response: Response) -> _Grant:
    if grant := json_or_none(response.body, _Grant):
        return grant
    if response.status == 200:
        raise StoreError("The token server answers something that is no token.")
    raise CredentialsError(
        f"The client id or secret is refused (HTTP {response.status}).",
        saved=SAVED,
        next_step="Check client_id and client_secret: phonofilm doctor.",
    )
