"""Resolve the short addresses that apps make for sharing, before a crawl is planned.

The address of the page stands in the `Location` of a redirect, so the page itself is never
requested, no key is sent, and only share hosts of the source are connected to.
"""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp
from yarl import URL

from phonofilm.config import Settings
from phonofilm.errors import PhonofilmError, StoreError, UsageError
from phonofilm.net.http_client import ClientOptions, HttpClient
from phonofilm.net.origin.live import live_origin
from phonofilm.net.redirects import REDIRECT_STATUSES, Redirect, RedirectBlocked, follow
from phonofilm.sources import get
from phonofilm.sources.http import HttpSource
from phonofilm.sources.links import is_share_link, parse_address, stripped

_NEXT_STEP = "Open it in a browser and give the address that it leads to."
_TOTAL_SECONDS = 30.0  # chosen, not tuned: a person waits for the crawl to begin


class _Resolved(Exception):  # noqa: N818 - no error: it ends the redirects
    """The address of a page of the source."""


async def resolve_share_links(
    texts: Sequence[str], source_name: str, settings: Settings, at: str | None
) -> list[str]:
    """Return names, links and ids with the address of the page for every share link.

    UsageError for one that leads to no page of the source and, with `at`, for any: a stand-in has
    none. TermsError or ConfigurationError before anything is requested; StoreError when the host
    does not respond.
    """
    source = get(source_name)
    if not any(is_share_link(source.manifest, text) for text in texts):
        return list(texts)
    if at is not None:
        shared = next(text for text in texts if is_share_link(source.manifest, text))
        raise _unresolved(shared, "a sandbox has no share links")
    agent = live_origin(source, settings).user_agent
    options = ClientOptions(user_agent=agent, total_seconds=_TOTAL_SECONDS, public_only=True)
    async with HttpClient(options) as client:
        resolver = ShareLinkResolver(source, client)
        return [
            await resolver.resolve(text) if is_share_link(source.manifest, text) else text
            for text in texts
        ]


class ShareLinkResolver:
    """Reads where share links lead, with the limits of all redirects."""

    def __init__(self, source: HttpSource, client: HttpClient) -> None:
        self._source, self._client = source, client

    async def resolve(self, text: str) -> str:
        """Return the address of the page that a share link leads to."""
        url = stripped(text)
        url = url if "://" in url else f"https://{url}"
        try:
            await follow(self._send, url.replace("http://", "https://", 1), self._may_follow)
        except _Resolved as resolved:
            return str(resolved)
        except RedirectBlocked as blocked:
            raise _unresolved(text, f"it redirects {blocked}") from None
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise StoreError(f"Cannot resolve {text}: {reason}.", next_step=_NEXT_STEP) from None
        raise _unresolved(text, "it redirects nowhere")

    async def _send(self, url: str) -> Redirect | None:
        async with self._client.request("GET", URL(url, encoded="%" in url)) as response:
            if response.status in REDIRECT_STATUSES:
                return Redirect(response.headers.get("Location", ""))
        return None

    def _may_follow(self, url: str) -> bool:
        """Tell whether a redirect is to another share host; _Resolved when it is to a page."""
        if self._source.parse_link(url) is not None:
            raise _Resolved(url)
        address = parse_address(url)
        is_safe = url.startswith("https://") and address is not None
        return is_safe and is_share_link(self._source.manifest, url)


def _unresolved(text: str, reason: str) -> PhonofilmError:
    return UsageError(f"Cannot resolve {text}: {reason}.", next_step=_NEXT_STEP)
