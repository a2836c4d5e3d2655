"""Follow redirects, at most three, and only where the caller lets them lead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

REDIRECT_STATUSES = frozenset((301, 302, 303, 307, 308))
REDIRECTS_MAX = 3

_T = TypeVar("_T")


class Redirect(NamedTuple):
    """A response that names another address in its `Location`."""

    location: str


class RedirectBlocked(Exception):  # noqa: N818 - the senders translate it
    """A redirect that is not followed: to another host, to no address, or the fourth."""


async def follow(
    send: Callable[[str], Awaitable[_T | Redirect]],
    url: str,
    may_follow: Callable[[str], bool] = lambda _: True,
) -> _T:
    """Send a request and the redirects that it meets. Raises RedirectBlocked."""
    for _ in range(REDIRECTS_MAX + 1):
        result = await send(url)
        if not isinstance(result, Redirect):
            return result
        url = _target(url, result.location)
        if not may_follow(url):
            raise RedirectBlocked(f"to {urlsplit(url).netloc or 'nowhere'}")
    raise RedirectBlocked("more than three times")


def _target(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        urlsplit(target)
    except ValueError:
        raise RedirectBlocked("to no address") from None
    return target


def same_host(base_url: str) -> Callable[[str], bool]:
    """Return a check that an address has the scheme, host and port of `base_url`.

    No token leaves the host it belongs to, not even for an address without TLS.
    """
    origin = urlsplit(base_url)[:2]
    return lambda url: urlsplit(url)[:2] == origin
