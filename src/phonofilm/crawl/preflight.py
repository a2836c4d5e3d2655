"""Checks before the first request of a crawl: robots.txt, and kinds that cannot be had."""

from __future__ import annotations

from phonofilm.crawl.scope.goal import Goal
from phonofilm.errors import UnavailableError, UsageError
from phonofilm.net.origin.origin import Origin
from phonofilm.net.retry_policy import RetryPolicy
from phonofilm.net.robots import Robots, robots_of
from phonofilm.records.kinds import PLURALS
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint, Manifest

# Chosen, not tuned: pauses of 30 to 60 seconds in all.
_RETRIES = RetryPolicy(attempts_max=8, first_pause_seconds=0.5)


async def check_robots(source: HttpSource, origin: Origin) -> None:
    """Raise UsageError when robots.txt forbids a kind of page, even with consent."""
    robots = await _read_robots(origin)
    for name, endpoint in source.manifest.permitted(origin.access).items():
        path = endpoint.path.replace("{id}", source.manifest.ids.example)
        if not robots.allows(origin.base_url + path):
            raise UsageError(
                f"robots.txt of {origin.base_url} forbids {name} ({path}).",
                saved="Nothing was asked.",
            )


async def _read_robots(origin: Origin) -> Robots:
    """Read robots.txt with the patience of a crawl. Raises UnavailableError."""
    failures = 0
    async with origin.transport() as transport:
        while True:
            try:
                return await robots_of(transport, origin.user_agent, origin.clock.wall())
            except UnavailableError:
                failures += 1
                pause_seconds = _RETRIES.pause_seconds(failures)
                if pause_seconds is None:
                    raise
            await origin.clock.sleep(pause_seconds)


def unobtainable_kinds(manifest: Manifest, access: str, goal: Goal) -> list[str]:
    """Return the wanted kinds that no permitted endpoint returns, each with the reason.

    Where a source has no full shape of a kind, every shape of it is what can be had.

    UsageError when no wanted kind is left.
    """
    reasons = [
        f"{PLURALS[kind]} at access {access}: {reason}"
        for kind in goal.wants
        if (reason := _unobtainable(manifest, access, kind))
    ]
    if reasons and len(reasons) == len(goal.wants):
        raise UsageError(
            f"{manifest.title} cannot give {'; '.join(reasons)}.",
            next_step="Another source may: phonofilm doctor lists them.",
        )
    return reasons


def _unobtainable(manifest: Manifest, access: str, kind: str) -> str:
    """Return why no permitted endpoint returns records of a kind; empty when one does."""
    returning = _returning(manifest, f"{kind}.full") or _returning(manifest, f"{kind}.")
    if returning.keys() & manifest.permitted(access).keys():
        return ""
    dates = {e.gone[access] for e in returning.values() if access in e.gone}
    return f"gone since {', '.join(sorted(dates))}" if dates else "this source has none"


def _returning(manifest: Manifest, prefix: str) -> dict[str, Endpoint]:
    """Return the endpoints that return a shape whose name begins so, by name."""
    return {
        name: endpoint
        for name, endpoint in manifest.endpoints.items()
        if any(shape.startswith(prefix) for shape in endpoint.returns)
    }
