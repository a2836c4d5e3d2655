"""Access tokens by client credentials: kept in the user's cache folder, renewed once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from phonofilm.errors import CredentialsError, ParkedError, StoreError
from phonofilm.net.transport import NoResponse, Transport
from phonofilm.sources.manifest import Budget


class Credentials(NamedTuple):
    """A client's id and secret; never shown."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


class NoToken:
    """For sources that ask for none."""

    async def headers(self) -> dict[str, str]:
        """Nothing to add."""
        return {}

    async def renew(self, spent: dict[str, str]) -> bool:
        """There is nothing to renew."""
        return False


class Bearer:
    """A token that the operator was given, sent as it is."""

    def __init__(self, authorization: str) -> None:
        self._headers = {"Authorization": authorization}

    async def headers(self) -> dict[str, str]:
        """The token."""
        return self._headers

    async def renew(self, spent: dict[str, str]) -> bool:
        """Only the operator can."""
        return False


class ClientToken:
    """A token for a client. `cache` is a folder or None; files there are mode 0600.

    All processes of a user share the token and the count of those asked for: services allow only
    so many (`budgets`). ParkedError when no more may be asked for now.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        credentials: Credentials,
        cache: Path | None,
        scheme: str = "Bearer",
        budgets: Sequence[Budget] = (),
    ) -> None:
        self._transport, self._url, self._credentials = transport, url, credentials
        self._scheme, self._budgets = scheme, budgets
        self._lock = asyncio.Lock()
        self._token, self._expires = "", 0.0
        self._asked: list[float] = []
        digest = hashlib.sha256(f"{url}|{credentials.client_id}".encode()).hexdigest()[:16]
        self._file = cache / f"token-{digest}.json" if cache else None
        self._read()

    def _read(self) -> None:
        try:
            held = json.loads(self._file.read_text()) if self._file else {}
            token, expires = str(held["token"]), float(held["expires"])
            asked = [float(instant) for instant in held.get("asked", ())]
        except (OSError, ValueError, KeyError, TypeError):
            return
        self._token, self._expires, self._asked = token, expires, asked

    async def headers(self) -> dict[str, str]:
        """The header to send; asks for a token when there is none or it is about to end."""
        if not self._token or self._expires < time.time() + 30:
            await self.renew(self._header())
        return self._header()

    def _header(self) -> dict[str, str]:
        return {"Authorization": f"{self._scheme} {self._token}"}

    async def renew(self, spent: dict[str, str]) -> bool:
        """Replaces the token that `spent` carries; workers that come together renew it once."""
        async with self._lock:
            if spent == self._header():
                self._read()  # another process may have a new one already
            if spent == self._header() or self._expires < time.time():
                self._admit()
                await self._ask()
            return True

    def _admit(self) -> None:
        """Tokens are counted, too; ParkedError says when the next one may be asked for."""
        now = time.time()
        longest = max((budget.seconds for budget in self._budgets), default=0.0)
        self._asked = [at for at in self._asked if now - longest < at <= now]
        for budget in self._budgets:
            recent = [at for at in self._asked if at > now - budget.seconds]
            if len(recent) >= budget.limit:
                raise ParkedError(
                    f"{budget.limit} tokens were asked for in {budget.seconds / 3600:g} h, which is"
                    " all the service allows.",
                    resume_at=recent[-budget.limit] + budget.seconds,
                    saved="Everything collected so far.",
                    next_step="Run the same command after that minute.",
                )
        self._asked.append(now)

    async def _ask(self) -> None:
        pair = f"{self._credentials.client_id}:{self._credentials.client_secret}"
        basic = base64.b64encode(pair.encode()).decode()
        found = await self._transport.post_form(
            self._url, {"grant_type": "client_credentials"}, {"Authorization": f"Basic {basic}"}
        )
        if isinstance(found, NoResponse) or found.status not in (200, 400, 401, 403):
            raise StoreError(
                "The token server does not answer.",
                saved="Everything collected so far.",
                next_step="Try again later; the crawl goes on where it stopped.",
            )
        try:
            grant = msgspec.json.decode(found.body, type=_Grant)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if found.status == 200:
                raise StoreError("The token server answers something that is no token.") from None
            raise CredentialsError(
                f"The client id or secret is refused (HTTP {found.status}).",
                saved="Everything collected so far.",
                next_step="Check client_id and client_secret: phonofilm doctor.",
            ) from None
        self._token, self._expires = grant.access_token, time.time() + grant.expires_in
        self._write()

    def _write(self) -> None:
        if not self._file:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            held = {"token": self._token, "expires": self._expires, "asked": self._asked}
            json.dump(held, file)
