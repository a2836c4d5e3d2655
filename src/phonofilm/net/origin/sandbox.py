"""A sandbox as an origin: it tells its world, its clock and the stand-ins next to it."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import msgspec

from phonofilm.config import Settings
from phonofilm.errors import UsageError
from phonofilm.net.auth.credentials import sandbox_credentials
from phonofilm.net.base import NoResponse
from phonofilm.net.clock import Clock
from phonofilm.net.origin.live import live_origin
from phonofilm.net.origin.origin import Origin, sandbox_name
from phonofilm.net.refusals import no_response_error
from phonofilm.net.transport import Transport
from phonofilm.sources.decode import json_or_none
from phonofilm.sources.http import HttpSource


class SandboxInfo(msgspec.Struct):
    """How a sandbox describes itself; `now` is its clock (Unix seconds)."""

    source: str
    access: str
    world: str
    now: float
    addresses: dict[str, str] = msgspec.field(default_factory=dict, name="beside")


async def open_origin(source: HttpSource, settings: Settings, at: str | None) -> Origin:
    """Return the sandbox behind `--at`, or the live service without one."""
    if at is None:
        return live_origin(source, settings)
    return await sandbox_origin(source, at)


async def sandbox_origin(source: HttpSource, at: str) -> Origin:
    """Return the sandbox at an address: without budgets, and without configured credentials."""
    manifest = source.manifest
    sandbox = await describe_sandbox(at, manifest.name)
    if sandbox.source != manifest.name and manifest.name in sandbox.addresses:
        at = sandbox.addresses[manifest.name]
        sandbox = await describe_sandbox(at, manifest.name)
    if sandbox.source != manifest.name:
        raise UsageError(f"{at} stands in for {sandbox.source}, not for {manifest.name}.")
    base_url = at.rstrip("/")
    return Origin(
        name=sandbox_name(sandbox.world),
        base_url=base_url,
        access=sandbox.access,
        clock=Clock(sandbox.now - time.time()),
        credentials=sandbox_credentials(manifest.auth, base_url),
    )


async def sandbox_addresses(at: str) -> dict[str, str]:
    """Return the addresses of all stand-ins of a sandbox, by source."""
    sandbox = await describe_sandbox(at, "all")
    return sandbox.addresses or {sandbox.source: at}


async def describe_sandbox(at: str, name: str) -> SandboxInfo:
    """Ask a sandbox what it simulates; `name` is the stand-in that a person would start.

    Raises StoreError when nothing answers there, UsageError when it is no sandbox.
    """
    if not is_web_address(at):
        raise UsageError(
            f"--at {at!r} is no address of a sandbox.",
            next_step="It looks like http://127.0.0.1:8765, as `phonofilm sandbox` prints it.",
        )
    sandbox = await find_sandbox(at, f"Start one with: phonofilm sandbox {name}")
    if sandbox is None:
        raise UsageError(
            f"{at} is not a sandbox of phonofilm.",
            saved="Nothing was asked of it but its name, and no key was sent.",
            next_step="--at takes the address that `phonofilm sandbox` prints.",
        )
    return sandbox


async def find_sandbox(at: str, next_step: str = "Try again later.") -> SandboxInfo | None:
    """Ask an address whether it is a sandbox; None for any other server. Raises StoreError."""
    async with Transport(at) as transport:
        response = await transport.get("/__sandbox__/", {}, {})
    if isinstance(response, NoResponse):
        raise no_response_error(response, at, next_step)
    return json_or_none(response.body, SandboxInfo)


def is_web_address(text: str) -> bool:
    """Tell whether a text is an HTTP address with a host and without credentials."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
