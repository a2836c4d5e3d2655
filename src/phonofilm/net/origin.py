"""Where answers come from: the live service with its terms, or a sandbox with none."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from phonofilm.about import __version__
from phonofilm.config import Settings, SourceSettings, cache_folder
from phonofilm.errors import ConfigurationError, StoreError, TermsError, UsageError
from phonofilm.net.auth.client_token import Bearer, ClientToken, Credentials, NoToken
from phonofilm.net.auth.user_token import Grant, UserToken
from phonofilm.net.clock import Clock
from phonofilm.net.transport import NoResponse, Transport
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Budget, Manifest


class Origin(NamedTuple):
    """One place to ask: its name in a data folder, address, access level, budgets and clock.

    `authorization` is a header as it is sent, `key` a parameter that goes with every call;
    `elsewhere`: calls that another host answers go there.
    """

    name: str
    base_url: str
    access: str
    budgets: list[Budget]
    clock: Clock
    token_url: str
    credentials: Credentials | None
    token_cache: Path | None
    user_agent: str = ""
    concurrent: int | None = None
    authorization: str = ""
    key: dict[str, str] | None = None
    elsewhere: bool = False
    token_scheme: str = "Bearer"  # noqa: S105 - a word of HTTP
    token_budgets: Sequence[Budget] = ()
    grant: Grant | None = None
    granted_at: str = ""

    @property
    def is_sandbox(self) -> bool:
        """Whether it is a stand-in."""
        return self.name.startswith("sandbox ")

    def tokens(self, transport: Transport) -> ClientToken | UserToken | Bearer | NoToken:
        """What adds the headers of this origin."""
        if self.grant is not None:
            return UserToken(transport, self.granted_at, self.grant, self.token_cache)
        if self.authorization:
            return Bearer(self.authorization)
        if self.credentials is None:
            return NoToken()
        return ClientToken(
            transport,
            self.token_url,
            self.credentials,
            self.token_cache,
            self.token_scheme,
            self.token_budgets,
        )


class _Sandbox(msgspec.Struct):
    source: str
    access: str
    world: str
    now: float
    beside: dict[str, str] = {}


async def sandbox_origin(source: HttpSource, at: str) -> Origin:
    """The origin behind `--at`: no budget is assumed, and no configured credential is sent."""
    manifest = source.manifest
    told = await _describe(at, manifest.name)
    if told.source != manifest.name and manifest.name in told.beside:
        at = told.beside[manifest.name]
        told = await _describe(at, manifest.name)
    if told.source != manifest.name:
        raise UsageError(f"{at} stands in for {told.source}, not for {manifest.name}.")
    needs_token = bool(manifest.token_url)
    return Origin(
        f"sandbox {told.world}",
        at.rstrip("/"),
        told.access,
        [],
        Clock(told.now - time.time()),
        at.rstrip("/") + "/api/token",
        Credentials("sandbox", "sandbox") if needs_token else None,
        None,
        authorization=f"{manifest.token_scheme} sandbox-token" if manifest.bearer else "",
        key={manifest.key_parameter: "sandbox"} if manifest.key_parameter else None,
        token_scheme=manifest.token_scheme,
    )


async def sandbox_addresses(at: str) -> dict[str, str]:
    """The addresses of all stand-ins of the sandbox that answers there, by source."""
    told = await _describe(at, "all")
    return told.beside or {told.source: at}


async def _describe(at: str, name: str) -> _Sandbox:
    """What answers at an address; StoreError when nothing does, UsageError for no sandbox."""
    _check_address(at)
    async with Transport(at) as transport:
        found = await transport.get("/__sandbox__/", {}, {})
    if isinstance(found, NoResponse):
        raise StoreError(
            f"{at} does not answer: {found.detail}.",
            next_step=f"Start one with: phonofilm sandbox {name}",
        )
    try:
        return msgspec.json.decode(found.body, type=_Sandbox)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UsageError(
            f"{at} is not a sandbox of phonofilm.",
            saved="Nothing was asked of it but its name, and no key was sent.",
            next_step="--at takes the address that `phonofilm sandbox` prints.",
        ) from None


def _check_address(at: str) -> None:
    try:
        parts = urlsplit(at)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"--at {at!r} is no address of a sandbox.",
            next_step="It looks like http://127.0.0.1:8765, as `phonofilm sandbox` prints it.",
        )


def live_origin(source: HttpSource, settings: Settings) -> Origin:
    """The real service; TermsError or ConfigurationError until the operator said enough."""
    manifest, own = source.manifest, settings.source(source.manifest.name)
    if manifest.terms.must_accept:
        check_terms(manifest, own)
    access = own.access or manifest.default_access
    if access not in manifest.access:
        raise ConfigurationError(
            f"{manifest.name}.access is {access!r}.",
            next_step=f"Access levels: {', '.join(manifest.access)}.",
        )
    _check_consent(manifest, own, access)
    if manifest.user_agent_contact and not own.contact:
        raise ConfigurationError(
            f"{manifest.title} asks who is asking.",
            next_step=f'Set contact = "you@example.org" in [{manifest.name}] of phonofilm.toml.',
        )
    contact = f" ({own.contact})" if own.contact else ""
    grant = _grant(manifest, own)
    return Origin(
        own.base_url or "the live service",
        own.base_url or manifest.base_url,
        access,
        budgets_of(manifest, access, own.rate),
        Clock(),
        own.token_url or manifest.token_url,
        _credentials(manifest, own) if manifest.token_url else None,
        cache_folder() if manifest.token_url or grant else None,
        f"phonofilm/{__version__}{contact}",
        manifest.access[access].concurrent,
        "" if grant else _authorization(manifest, own),
        _key(manifest, own),
        not own.base_url,
        manifest.token_scheme,
        manifest.token_budgets,
        grant,
        manifest.grant,
    )


_RATE = re.compile(r"([1-9]\d{0,6})/(\d{1,5}(?:\.\d+)?)\s*(s|m|h|d)?")


def budgets_of(manifest: Manifest, access: str, rate: str) -> list[Budget]:
    """The budgets of an access level, or the operator's own `rate`: a mirror may allow more."""
    if not rate:
        return manifest.access[access].budgets
    if rate == "none":
        return []
    match = _RATE.fullmatch(rate.strip())
    if not match or not float(match[2]):
        raise ConfigurationError(
            f"{manifest.name}.rate is {rate!r}.", next_step='Say rate = "10/1s", or "none".'
        )
    unit = {None: 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[3]]
    return [Budget(int(match[1]), float(match[2]) * unit)]


def check_terms(manifest: Manifest, own: SourceSettings) -> None:
    """TermsError until the operator accepted a source's terms and said on what ground."""
    if own.accept_terms and own.basis.strip():
        return
    missing = "`accept_terms = true`" if not own.accept_terms else "`basis`, on what ground,"
    lines = "\n".join(f"  · {line}" for line in manifest.terms.summary)
    raise TermsError(
        f"{manifest.title} is off until you say {missing} in [{manifest.name}] of phonofilm.toml.\n"
        f"{manifest.terms.version}, in short:\n{lines}",
        next_step=f"Read {manifest.terms.url}; or try it first: phonofilm sandbox {manifest.name}",
    )


def _check_consent(manifest: Manifest, own: SourceSettings, access: str) -> None:
    """Pages are not for robots; TermsError unless somebody there said otherwise, in writing."""
    if manifest.access[access].consent and not own.consent.strip():
        raise TermsError(
            f"{manifest.title}'s conditions forbid that its pages are read by robots.",
            saved="Nothing was asked.",
            next_step=f"The dumps are open: phonofilm import {manifest.name}."
            " Saved pages: phonofilm land."
            f' With written consent: consent = "from whom, when" in [{manifest.name}].',
        )


def _authorization(manifest: Manifest, own: SourceSettings) -> str:
    """The header that carries the operator's token, where a source wants one."""
    if not (manifest.bearer or manifest.token_optional):
        return ""
    if token := own.token.get_secret_value():
        return f"{manifest.token_scheme} {token}"
    if manifest.token_optional:
        return ""
    own_id = (
        ", or CLIENT_ID with REFRESH_TOKEN (or USERNAME and PASSWORD)" if manifest.grant else ""
    )
    raise ConfigurationError(
        f"{manifest.title} needs {'your own token' if manifest.grant else 'a key, which is free'}.",
        next_step=f"Set PHONOFILM_{manifest.name.upper()}__TOKEN{own_id}"
        " (environment, .env or TOML).",
    )


def _grant(manifest: Manifest, own: SourceSettings) -> Grant | None:
    """How the operator's own client id gets a token, where it can."""
    refresh, password = own.refresh_token.get_secret_value(), own.password.get_secret_value()
    if not (manifest.grant and own.client_id and (refresh or (own.username and password))):
        return None
    token = own.token.get_secret_value()
    return Grant(own.client_id, token, refresh, own.username, password)


def _key(manifest: Manifest, own: SourceSettings) -> dict[str, str] | None:
    """The parameter that carries the operator's client id, where a source wants one."""
    if not manifest.key_parameter:
        return None
    if own.client_id:
        return {manifest.key_parameter: own.client_id}
    raise ConfigurationError(
        f"{manifest.title} needs a client id, which is free.",
        next_step=f"Set PHONOFILM_{manifest.name.upper()}__CLIENT_ID (environment, .env or TOML).",
    )


def _credentials(manifest: Manifest, own: SourceSettings) -> Credentials:
    secret = own.client_secret.get_secret_value()
    if own.client_id and secret:
        return Credentials(own.client_id, secret)
    prefix = f"PHONOFILM_{manifest.name.upper()}__"
    raise ConfigurationError(
        f"{manifest.title} needs a client id and a client secret.",
        next_step=f"Set {prefix}CLIENT_ID and {prefix}CLIENT_SECRET (environment, .env or TOML).",
    )
