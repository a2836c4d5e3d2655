"""The live service as an origin, once its terms are accepted and its credentials are there."""

from __future__ import annotations

from phonofilm.config import Settings, SourceSettings, cache_folder
from phonofilm.durations import parse_seconds
from phonofilm.errors import ConfigurationError, TermsError
from phonofilm.net.auth.credentials import credentials_of
from phonofilm.net.clock import Clock
from phonofilm.net.http_client import AGENT
from phonofilm.net.origin.origin import Origin
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Budget, Manifest


def live_origin(source: HttpSource, settings: Settings) -> Origin:
    """Return the real service. Raises TermsError or ConfigurationError if settings are missing."""
    manifest = source.manifest
    section = settings.source(manifest.name)
    if manifest.terms.must_accept:
        check_terms(manifest, section)
    access = _access(manifest, section)
    _check_consent(manifest, section, access)
    return Origin(
        name=section.base_url or "the live service",
        base_url=section.base_url or manifest.base_url,
        access=access,
        clock=Clock(),
        budgets=budgets_of(manifest, access, section.rate),
        concurrent=manifest.access[access].concurrent,
        user_agent=_user_agent(manifest, section),
        credentials=credentials_of(manifest, section),
        token_cache=cache_folder(),
        other_hosts=not section.base_url,
    )


def check_terms(manifest: Manifest, section: SourceSettings) -> None:
    """Check that the operator accepted the terms and said on what ground. Raises TermsError."""
    if section.accept_terms and section.basis.strip():
        return
    missing = "`accept_terms = true`" if not section.accept_terms else "`basis`, on what ground,"
    lines = "\n".join(f"  · {line}" for line in manifest.terms.summary)
    raise TermsError(
        f"{manifest.title} is off until you say {missing} in [{manifest.name}] of phonofilm.toml.\n"
        f"{manifest.terms.version}, in short:\n{lines}",
        next_step=f"Read {manifest.terms.url}; or try it first: phonofilm sandbox {manifest.name}",
    )


def _access(manifest: Manifest, section: SourceSettings) -> str:
    access = section.access or manifest.default_access
    if access not in manifest.access:
        raise ConfigurationError(
            f"{manifest.name}.access is {access!r}.",
            next_step=f"Access levels: {', '.join(manifest.access)}.",
        )
    return access


def _check_consent(manifest: Manifest, section: SourceSettings, access: str) -> None:
    """Check for a written consent where a level needs one. Raises TermsError."""
    if manifest.access[access].consent and not section.consent.strip():
        raise TermsError(
            f"{manifest.title}'s conditions forbid that its pages are read by robots.",
            saved="Nothing was asked.",
            next_step=f"The dumps are open: phonofilm import {manifest.name}."
            " Saved pages: phonofilm land."
            f' With written consent: consent = "from whom, when" in [{manifest.name}].',
        )


def _user_agent(manifest: Manifest, section: SourceSettings) -> str:
    """Return the agent with the operator's contact, which some sources require."""
    if manifest.auth.contact and not section.contact:
        raise ConfigurationError(
            f"{manifest.title} requires a contact address.",
            next_step=f'Set contact = "you@example.org" in [{manifest.name}] of phonofilm.toml.',
        )
    return f"{AGENT} ({section.contact})" if section.contact else AGENT


def budgets_of(manifest: Manifest, access: str, rate: str) -> list[Budget]:
    """Return the budgets of a level, or the operator's `rate` where a mirror allows more.

    `rate` is a number of requests in a time (`10/1s`) or `none`. Raises ConfigurationError.
    """
    if not rate:
        return manifest.access[access].budgets
    if rate == "none":
        return []
    requests, _, period = rate.strip().partition("/")
    seconds = parse_seconds(period)
    if not (requests.isdecimal() and int(requests) and seconds):
        raise ConfigurationError(
            f"{manifest.name}.rate is {rate!r}.", next_step='Say rate = "10/1s", or "none".'
        )
    return [Budget(int(requests), seconds)]
