"""Next links: read the cursor, refuse foreign hosts.

A link is never followed as it is. Only its cursor is read; host, path and all other parameters are
ours, because links were seen with internal hosts, without a scheme, and without the parameters of
the request. A link to a foreign host is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from phonofilm.sources.contract import Finding, Page, Request, Response

# Parameters that say where the next page begins; all others are those of the request.
_CURSORS = ("cursor", "offset", "query_urn")


def follow(
    page: Page,
    request: Request,
    response: Response,
    href: object,
    items: int,
    family: Sequence[str],
) -> None:
    """Add the request of the next page, or a finding when the link is not usable.

    `family` are the domains of the service. `items` is the number of items on this page, which may
    be 0: empty pages have next links, too.
    """
    if not isinstance(href, str) or not href:
        return
    try:
        parts = urlsplit(href if "://" in href else f"https://{href.lstrip('/')}")
        host = (parts.hostname or "").lower()
        parameters = parse_qsl(parts.query)
    except ValueError:
        page.findings.append(
            Finding("foreign_link", f"{request.key}: a next link that is not a URL")
        )
        return
    if not _is_ours(host, parts.netloc, response.url, family):
        page.findings.append(Finding("foreign_link", f"{request.key}: next is at {host[:80]}"))
        return
    cursor = urlencode([(name, value) for name, value in parameters if name in _CURSORS])
    if cursor:
        page.continues.append(
            Request(request.endpoint, request.ids, request.offset + max(1, items), cursor)
        )


def _is_ours(host: str, netloc: str, requested_url: str, family: Sequence[str]) -> bool:
    if any(host == end or host.endswith(f".{end}") for end in family):
        return True
    try:
        return bool(netloc) and netloc == urlsplit(requested_url).netloc
    except ValueError:
        return False
