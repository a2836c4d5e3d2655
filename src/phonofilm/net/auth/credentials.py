"""Credentials that a source asks for: which the operator has, and which are missing."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from phonofilm.config import SourceSettings
from phonofilm.errors import ConfigurationError
from phonofilm.sources.manifest import Auth, Budget, Manifest


class _Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A struct that never shows its values."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class StaticToken(_Secret, frozen=True, kw_only=True):
    """A token that is sent as the operator has it: the whole `Authorization` header."""

    authorization: str


class ClientCredentials(_Secret, frozen=True, kw_only=True):
    """An app's id and secret, for tokens from `url`; `budgets` limit how many tokens it gives."""

    url: str
    client_id: str
    client_secret: str
    scheme: str = "Bearer"
    budgets: list[Budget] = []


class UserGrant(_Secret, frozen=True, kw_only=True):
    """What a token in a person's name is fetched with; `path` is where the source grants it."""

    path: str
    client_id: str
    token: str = ""
    refresh_token: str = ""
    username: str = ""
    password: str = ""


class KeyParameter(_Secret, frozen=True, kw_only=True):
    """A client id that goes along as a parameter of every request."""

    name: str
    value: str


Credentials = StaticToken | ClientCredentials | UserGrant | KeyParameter | None
"""The credentials of one origin; None where it asks for none."""


class MissingCredential(NamedTuple):
    """A credential that the operator has to get: its name, its variables, and how to get it."""

    what: str
    variables: str
    advice: str

    def error(self, manifest: Manifest) -> ConfigurationError:
        """Describe it as an error."""
        prefix = f"PHONOFILM_{manifest.name.upper()}__"
        names = self.variables.replace("__", prefix)
        return ConfigurationError(
            f"{manifest.title} needs {self.what}.",
            next_step=f"Set {names} (environment, .env or TOML).",
        )


_MISSING = {
    "client_credentials": MissingCredential(
        what="a client id and a client secret",
        variables="__CLIENT_ID and __CLIENT_SECRET",
        advice="make an app at the source and set client_id and client_secret (.env is read)",
    ),
    "token": MissingCredential(
        what="a key, which is free",
        variables="__TOKEN",
        advice="get a free key at the source and set token (.env is read)",
    ),
    "user_token": MissingCredential(
        what="your own token",
        variables="__TOKEN, or CLIENT_ID with REFRESH_TOKEN (or USERNAME and PASSWORD)",
        advice="set your own token; or client_id with refresh_token, or with username and password",
    ),
    "key_parameter": MissingCredential(
        what="a client id, which is free",
        variables="__CLIENT_ID",
        advice="get a free client id at the source and set client_id (.env is read)",
    ),
}


def missing_credential(auth: Auth, settings: SourceSettings) -> MissingCredential | None:
    """Return the credential that the settings lack, or None when they suffice."""
    if not auth.needs_key or _configured(auth, settings) is not None:
        return None
    return _MISSING[auth.kind]


def credentials_of(manifest: Manifest, settings: SourceSettings) -> Credentials:
    """Return the operator's credentials for a source. Raises ConfigurationError."""
    missing = missing_credential(manifest.auth, settings)
    if missing is not None:
        raise missing.error(manifest)
    return _configured(manifest.auth, settings)


def sandbox_credentials(auth: Auth, base_url: str) -> Credentials:
    """Return credentials that a stand-in takes; no configured one is ever sent to a sandbox."""
    if not auth.needs_key:
        return None
    if auth.kind == "client_credentials":
        url = f"{base_url}/api/token"
        return ClientCredentials(
            url=url,
            client_id="sandbox",
            client_secret="sandbox",  # noqa: S106 - no secret
            scheme=auth.scheme,
        )
    if auth.kind == "key_parameter":
        return KeyParameter(name=auth.parameter, value="sandbox")
    return StaticToken(authorization=f"{auth.scheme} sandbox-token")


def _configured(auth: Auth, settings: SourceSettings) -> Credentials:
    """Return what the settings hold of the kind that a source asks for."""
    token = settings.token.get_secret_value()
    if auth.kind == "client_credentials":
        return _client_credentials(auth, settings)
    if auth.kind == "user_token" and (grant := _user_grant(auth, settings, token)):
        return grant
    if auth.kind == "key_parameter" and settings.client_id:
        return KeyParameter(name=auth.parameter, value=settings.client_id)
    if auth.kind in ("token", "user_token") and token:
        return StaticToken(authorization=f"{auth.scheme} {token}")
    return None


def _client_credentials(auth: Auth, settings: SourceSettings) -> ClientCredentials | None:
    secret = settings.client_secret.get_secret_value()
    if not (settings.client_id and secret):
        return None
    return ClientCredentials(
        url=settings.token_url or auth.url,
        client_id=settings.client_id,
        client_secret=secret,
        scheme=auth.scheme,
        budgets=auth.budgets,
    )


def _user_grant(auth: Auth, settings: SourceSettings, token: str) -> UserGrant | None:
    """Return the way to a person's token, where an own client id leads to one."""
    refresh_token = settings.refresh_token.get_secret_value()
    password = settings.password.get_secret_value()
    if not (settings.client_id and (refresh_token or (settings.username and password))):
        return None
    return UserGrant(
        path=auth.url,
        client_id=settings.client_id,
        token=token,
        refresh_token=refresh_token,
        username=settings.username,
        password=password,
    )
