"""Tokens in a person's own name: refreshed, or got by logging in with an own client id."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from phonofilm.errors import CredentialsError, StoreError
from phonofilm.net.transport import NoResponse, Transport
from phonofilm.sources.contract import Response

# Tokens of ten minutes were seen as well as of ten hours: each says how long it lives.
_MARGIN_SECONDS = 30.0


class Grant(NamedTuple):
    """What a token is asked for with; never shown."""

    client_id: str
    token: str = ""
    refresh_token: str = ""
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "Grant(...)"


class _Token(msgspec.Struct):
    access_token: str
    refresh_token: str = ""
    expires_in: float = 600.0


class UserToken:
    """A token of a person at a source; `place` is where it is granted (`/v4/auth`).

    It is kept in the user's cache folder, mode 0600, and shared by all processes of the user.
    """

    def __init__(self, transport: Transport, place: str, grant: Grant, cache: Path | None) -> None:
        self._transport, self._place, self._grant = transport, place, grant
        self._lock = asyncio.Lock()
        self._token, self._refresh = grant.token, grant.refresh_token
        self._expires = float("inf") if grant.token else 0.0
        told = f"{transport.base_url}|{grant.client_id}|{grant.username}|{grant.refresh_token}"
        digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        self._file = cache / f"token-{digest}.json" if cache else None
        self._read()

    def _read(self) -> None:
        try:
            held = json.loads(self._file.read_text()) if self._file else {}
            token, refresh = str(held["token"]), str(held["refresh"])
            expires = float(held["expires"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        self._token, self._refresh, self._expires = token, refresh, expires

    def _header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    async def headers(self) -> dict[str, str]:
        """The header to send; asks for a token when there is none or it is about to end."""
        if self._expires < time.time() + _MARGIN_SECONDS:
            await self.renew(self._header())
        return self._header()

    async def renew(self, spent: dict[str, str]) -> bool:
        """Replaces the token that `spent` carries; False when only the person can."""
        async with self._lock:
            if spent == self._header():
                self._read()
            fresh = self._expires >= time.time() + _MARGIN_SECONDS
            if spent != self._header() and fresh:
                return True
            if self._refresh and await self._ask(
                {"grant_type": "refresh_token", "refresh_token": self._refresh}
            ):
                return True
            if not self._grant.username:
                return False
            return await self._log_in()

    async def _log_in(self) -> bool:
        """Log in, ask for a code, change it for a token: the flow of the service's own pages."""
        login = {"username": self._grant.username, "password": self._grant.password}
        found = _there(await self._transport.post(f"{self._place}/login/", login, {}))
        if found.status != 200:
            raise _refused("The account's name or password is refused", found)
        back = f"{self._transport.base_url}{self._place}/o/post-message/"
        query = {"response_type": "code", "client_id": self._grant.client_id, "redirect_uri": back}
        cookie = {"Cookie": found.headers.get("set-cookie", "")}
        place = f"{self._place}/o/authorize/"
        sent_on = _there(await self._transport.get_once(place, query, cookie))
        code = parse_qs(urlsplit(sent_on.headers.get("location", "")).query).get("code", [""])[0]
        if not code:
            raise _refused("The client id is refused", sent_on)
        return await self._ask(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        )

    async def _ask(self, form: dict[str, str]) -> bool:
        """Changes a code or a refresh token for a token; False when it is refused."""
        url = f"{self._transport.base_url}{self._place}/o/token/"
        told = {"client_id": self._grant.client_id, **form}
        found = _there(await self._transport.post_form(url, told, {}))
        try:
            token = msgspec.json.decode(found.body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if form["grant_type"] == "refresh_token":
                return False
            raise _refused("No token is given", found) from None
        self._token, self._expires = token.access_token, time.time() + token.expires_in
        self._refresh = token.refresh_token or self._refresh
        self._write()
        return True

    def _write(self) -> None:
        if not self._file:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        held = {"token": self._token, "refresh": self._refresh, "expires": self._expires}
        with os.fdopen(descriptor, "w") as file:
            json.dump(held, file)


def _there(found: Response | NoResponse) -> Response:
    if isinstance(found, NoResponse) or found.status >= 500:
        raise StoreError(
            "The token server does not answer.",
            saved="Everything collected so far.",
            next_step="Try again later; the crawl goes on where it stopped.",
        )
    return found


def _refused(what: str, found: Response) -> CredentialsError:
    """The body is not repeated: it may say what was sent."""
    return CredentialsError(
        f"{what} (HTTP {found.status}).",
        saved="Everything collected so far.",
        next_step="Check the credentials: phonofilm doctor.",
    )
