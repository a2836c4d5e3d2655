"""Access tokens in a person's name: refreshed, or fetched by logging in with an own client id."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from phonofilm.errors import CredentialsError
from phonofilm.net.auth.credentials import UserGrant
from phonofilm.net.auth.token_file import StoredToken, TokenFile
from phonofilm.net.auth.token_server import EXPIRY_MARGIN_SECONDS, SAVED, checked
from phonofilm.net.transport import Transport
from phonofilm.sources.contract import Response
from phonofilm.sources.decode import json_or_none


class _Token(msgspec.Struct):
    access_token: str
    refresh_token: str = ""
    expires_in: float = 600.0


class UserToken:
    """Token of a person at a source, renewed when it ends. `cache` is a folder or None."""

    def __init__(self, transport: Transport, grant: UserGrant, cache: Path | None) -> None:
        self._transport, self._grant = transport, grant
        self._lock = asyncio.Lock()
        identity = "|".join(
            (transport.base_url, grant.client_id, grant.username, grant.refresh_token)
        )
        self._file = TokenFile(cache, identity)
        self._stored = self._file.read() or StoredToken(
            token=grant.token,
            refresh=grant.refresh_token,
            expires=float("inf") if grant.token else 0.0,
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._stored.token}"}

    def _is_valid(self) -> bool:
        return self._stored.expires >= time.time() + EXPIRY_MARGIN_SECONDS

    async def headers(self) -> dict[str, str]:
        """Return the header to send; a token is requested when none is valid long enough."""
        if not self._is_valid():
            await self.renew(self._headers())
        return self._headers()

    async def renew(self, spent: dict[str, str]) -> bool:
        """Replace the token that `spent` carries; False when only the person can."""
        async with self._lock:
            if spent == self._headers():
                self._stored = self._file.read() or self._stored
            if spent != self._headers() and self._is_valid():
                return True
            if self._stored.refresh and await self._refresh():
                return True
            if not self._grant.username:
                return False
            await self._log_in()
            return True

    async def _refresh(self) -> bool:
        """Change the refresh token for a token; False when it is refused."""
        response = await self._request(
            {"grant_type": "refresh_token", "refresh_token": self._stored.refresh}
        )
        return self._store(response)

    async def _log_in(self) -> None:
        """Log in, get a code, change it for a token: the flow of the service's own pages."""
        path = self._grant.path
        login = {"username": self._grant.username, "password": self._grant.password}
        response = checked(await self._transport.post(f"{path}/login/", login, {}))
        if response.status != 200:
            raise _refused("The account's name or password is refused", response)
        redirect_uri = f"{self._transport.base_url}{path}/o/post-message/"
        response = await self._request(
            {
                "grant_type": "authorization_code",
                "code": await self._code(redirect_uri, response.headers.get("set-cookie", "")),
                "redirect_uri": redirect_uri,
            }
        )
        if not self._store(response):
            raise _refused("No token is given", response)

    async def _code(self, redirect_uri: str, cookie: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self._grant.client_id,
            "redirect_uri": redirect_uri,
        }
        response = checked(
            await self._transport.get_once(
                f"{self._grant.path}/o/authorize/", query, {"Cookie": cookie}
            )
        )
        location = urlsplit(response.headers.get("location", ""))
        code = parse_qs(location.query).get("code", [""])[0]
        if not code:
            raise _refused("The client id is refused", response)
        return code

    async def _request(self, form: dict[str, str]) -> Response:
        """Send a code or a refresh token to the token server."""
        url = f"{self._transport.base_url}{self._grant.path}/o/token/"
        form = {"client_id": self._grant.client_id, **form}
        return checked(await self._transport.post_form(url, form, {}))

    def _store(self, response: Response) -> bool:
        """Keep the token of a response; False when it holds none."""
        token = json_or_none(response.body, _Token)
        if token is None:
            return False
        self._stored = StoredToken(
            token=token.access_token,
            expires=time.time() + token.expires_in,
            refresh=token.refresh_token or self._stored.refresh,
        )
        self._file.write(self._stored)
        return True


def _refused(what: str, response: Response) -> CredentialsError:
    """Describe a refusal without its body, which may repeat what was sent."""
    return CredentialsError(
        f"{what} (HTTP {response.status}).",
        saved=SAVED,
        next_step="Check the credentials: phonofilm doctor.",
    )
