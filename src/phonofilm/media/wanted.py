"""Find the files that landed records point to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from phonofilm.errors import UsageError
from phonofilm.landing.envelope import Envelope
from phonofilm.sources.contract import ODD_RESPONSES
from phonofilm.sources.http import HttpSource
from phonofilm.sources.media import ROLES, MediaRef, media_refs

IsFollowed = Callable[[str, str], bool]
"""Tells of a record, by kind and id, whether it is in the scope of a crawl."""


def parse_roles(text: str, source: HttpSource) -> list[str]:
    """Parse `artwork,waveform` or `all` into roles that a source gives. Raises UsageError."""
    offered = source.manifest.media
    roles = list(offered) if text == "all" else [word.strip() for word in text.split(",")]
    for role in roles:
        if role not in ROLES:
            raise UsageError(
                f"There is no media called {role!r}.", next_step=f"Say {', '.join(ROLES)} or all."
            )
        if role not in offered:
            raise UsageError(
                f"{source.manifest.title} gives no {role} that may be kept.",
                next_step=f"It gives: {', '.join(offered) or 'none'}.",
            )
    return roles


def wanted_files(
    source: HttpSource, is_followed: IsFollowed, landed: Iterable[Envelope], roles: Sequence[str]
) -> dict[str, list[MediaRef]]:
    """Return the files of followed records by address; the newest response about one counts."""
    endpoints = _endpoints_with(source, roles)
    newest: dict[tuple[str, str, str], tuple[int, MediaRef]] = {}
    for envelope in landed:
        if envelope.endpoint not in endpoints:
            continue
        for ref in _refs(source, is_followed, envelope, roles):
            key = (ref.kind, ref.id, ref.role)
            if key not in newest or newest[key][0] <= envelope.fetched_at:
                newest[key] = (envelope.fetched_at, ref)
    by_url: dict[str, list[MediaRef]] = {}
    for _, ref in newest.values():
        by_url.setdefault(ref.url, []).append(ref)
    return by_url


def _endpoints_with(source: HttpSource, roles: Sequence[str]) -> set[str]:
    """Return the endpoints whose records hold addresses of these roles."""
    fields = (field for role in roles for field in source.manifest.media[role])
    kinds = {field.partition(".")[0] for field in fields}
    return {
        name
        for name, endpoint in source.manifest.endpoints.items()
        if kinds & {shape.partition(".")[0] for shape in endpoint.returns}
    }


def _refs(
    source: HttpSource, is_followed: IsFollowed, envelope: Envelope, roles: Sequence[str]
) -> Iterator[MediaRef]:
    try:
        page = source.parse(envelope.request, envelope.response)
    except ODD_RESPONSES:
        return
    for ref in media_refs(source, page.records, roles):
        if is_followed(ref.kind, ref.id):
            yield ref
