"""Next links: what is taken of them, and from whom.

A link is never followed as it is. Only its cursor is read; host, path and all other parameters are
ours, because links were seen with internal hosts, without a scheme, and without the parameters that
were asked for. A link to somebody else's host is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from phonofilm.sources.contract import Finding, Page, Request, Response

# Where in a list the next page begins; everything else of a link is what we asked for ourselves.
_CURSORS = ("cursor", "offset", "query_urn")


def follow(
    page: Page,
    request: Request,
    response: Response,
    href: object,
    items: int,
    family: Sequence[str],
) -> None:
    """Adds the page that a link points to, or the finding that says why not.

    `family`: the ends of host names that belong to the service. `items` is how many the page held:
    an empty page may have a link, too.
    """
    if not isinstance(href, str) or not href:
        return
    try:
        parts = urlsplit(href if "://" in href else f"https://{href.lstrip('/')}")
        host = (parts.hostname or "").lower()
        told = parse_qsl(parts.query)
    except ValueError:
        page.findings.append(Finding("foreign_link", f"{request.key}: a next link that is none"))
        return
    if not _is_ours(host, parts.netloc, response.url, family):
        page.findings.append(Finding("foreign_link", f"{request.key}: next is at {host[:80]}"))
        return
    cursor = urlencode([(name, value) for name, value in told if name in _CURSORS])
    if cursor:
        page.continues.append(
            Request(request.endpoint, request.ids, request.offset + max(1, items), cursor)
        )


def _is_ours(host: str, netloc: str, asked: str, family: Sequence[str]) -> bool:
    if any(host == end or host.endswith(f".{end}") for end in family):
        return True
    try:
        return bool(netloc) and netloc == urlsplit(asked).netloc
    except ValueError:
        return False
