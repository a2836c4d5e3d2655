"""The authenticator of an origin: made from its credentials, in one place."""

from __future__ import annotations

from pathlib import Path

from phonofilm.net.auth.client_token import ClientToken
from phonofilm.net.auth.credentials import ClientCredentials, Credentials, StaticToken, UserGrant
from phonofilm.net.auth.user_token import UserToken
from phonofilm.net.base import Authenticator
from phonofilm.net.transport import Transport


class StaticHeaders:
    """Headers that never change: a token that only the operator can renew, or none at all."""

    def __init__(self, authorization: str = "") -> None:
        self._headers = {"Authorization": authorization} if authorization else {}

    async def headers(self) -> dict[str, str]:
        """Return the headers."""
        return self._headers

    async def renew(self, spent: dict[str, str]) -> bool:
        """Return False: there is nothing to renew."""
        return False


def authenticator(
    credentials: Credentials, transport: Transport, cache: Path | None = None
) -> Authenticator:
    """Return what signs the requests of an origin. A key parameter is signed by the transport."""
    if isinstance(credentials, UserGrant):
        return UserToken(transport, credentials, cache)
    if isinstance(credentials, ClientCredentials):
        return ClientToken(transport, credentials, cache)
    if isinstance(credentials, StaticToken):
        return StaticHeaders(credentials.authorization)
    return StaticHeaders()
