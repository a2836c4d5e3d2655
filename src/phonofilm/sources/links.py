"""Parse links and ids as people copy them, by the `[links]` and `[ids]` tables of a manifest.

Patterns match the whole of host and path, never a query: an album's address that carries
`?highlight=spotify:track:...` names the album. Hosts stand in them without `www.` and `m.`.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from phonofilm.sources.contract import Link
from phonofilm.sources.manifest import Ids, Manifest

_SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://")
_BARE_ADDRESS = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?::\d+)?(?:[/?#]|$)")
_MOBILE = re.compile(r"^(?:www|m)\.")
_CLINGING = " \t\r\n\"'<>\u00a0\u200b\ufeff"


class Address(NamedTuple):
    """Address of a page: host and path as patterns know them, and the query's parameters."""

    host: str
    path: str
    parameters: dict[str, str]

    @property
    def page(self) -> str:
        """Host and path, the part that patterns match."""
        return f"{self.host}{self.path}"


def stripped(text: str) -> str:
    """Strip the blanks, quotes and brackets that cling to a text that was copied."""
    return text.strip(_CLINGING)


def parse_address(text: str) -> Address | None:
    """Split a web address, with or without its scheme; None for any other text."""
    text = stripped(text)
    if any(character.isspace() for character in text):
        return None
    scheme = _SCHEME.match(text)
    if scheme is None:
        if not _BARE_ADDRESS.match(text):
            return None
        text = f"https://{text}"
    elif scheme[1].lower() not in ("http", "https"):
        return None
    try:
        parts = urlsplit(text)
        is_plain = parts.port in (None, 80, 443) and parts.username is None
    except ValueError:
        return None
    if not is_plain or not parts.hostname:
        return None
    host = _MOBILE.sub("", parts.hostname.rstrip("."))
    path = re.sub(r"/+", "/", unquote(parts.path)).rstrip("/")
    return Address(host, path, dict(parse_qsl(parts.query)))


def parse_link(manifest: Manifest, text: str) -> Link | None:
    """Parse an address, a URI or an id that says what it identifies; None for any other text."""
    address = parse_address(text)
    if address is None:
        return _parse_uri(manifest, re.split(r"[?#]", stripped(text))[0])
    for pattern in manifest.links.patterns:
        if match := re.fullmatch(pattern, address.page):
            return _without_reserved(manifest, match, _parameter_link(manifest, address))
    for kind, pattern in manifest.links.addresses.items():
        if match := re.fullmatch(pattern, address.page):
            return _without_reserved(manifest, match, Link(kind, f"https://{match['id']}"))
    return None


def is_share_link(manifest: Manifest, text: str) -> bool:
    """Tell whether a text is a short address that the source's app makes of a page's."""
    address = parse_address(text)
    return address is not None and address.host in manifest.links.share_hosts


def parse_id(ids: Ids, text: str) -> str | None:
    """Return a bare id in the source's own case; None for a text that no id looks like."""
    text = stripped(text)
    text = {"lower": text.lower(), "upper": text.upper()}.get(ids.case, text)
    return text if re.fullmatch(ids.pattern, text) else None


def _parse_uri(manifest: Manifest, text: str) -> Link | None:
    for pattern in manifest.links.uris:
        if match := re.fullmatch(pattern, text):
            return _without_reserved(manifest, match, None)
    return None


def _parameter_link(manifest: Manifest, address: Address) -> Link | None:
    """Return the part of a page that a parameter of its address names, such as Apple's `i`."""
    for name, kind in manifest.links.parameters.items():
        if id_ := parse_id(manifest.ids, address.parameters.get(name, "")):
            return Link(kind, id_)
    return None


def _without_reserved(manifest: Manifest, match: re.Match[str], link: Link | None) -> Link | None:
    """Return `link`, else the link of a match; None where a group is a word of the source's own."""
    links, groups = manifest.links, match.groupdict()
    for group, words in links.reserved.items():
        if (groups.get(group) or "").lower() in words:
            return None
    if link is not None:
        return link
    id_ = {"lower": str.lower, "upper": str.upper}.get(manifest.ids.case, str)(groups["id"])
    kind = groups["kind"] or next((k for s, k in links.prefixes.items() if id_.startswith(s)), "")
    return Link(links.kinds.get(kind, kind), id_) if kind else None
