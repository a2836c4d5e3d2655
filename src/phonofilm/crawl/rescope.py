"""Another scope over what is known: levels are set anew from the landed answers, without a call.

What was known of the last scope stays known; only how far it is followed changes. So a genre after
an artist, or everything after a genre, neither inherits what the other followed nor asks again.
"""

from __future__ import annotations

from collections.abc import Iterable

from phonofilm.crawl.frontier import NODE_KINDS, Frontier
from phonofilm.crawl.goal import Scope
from phonofilm.landing.envelope import Envelope
from phonofilm.sources.base import HttpSource, Link, Malformed, Page
from phonofilm.sources.manifest import Endpoint


def rescope(
    frontier: Frontier,
    source: HttpSource,
    scope: Scope,
    seeds: list[Link],
    landed: Iterable[Envelope],
) -> bool:
    """Plants the seeds; when the scope is another than the last, sets all levels anew first."""
    held = frontier.meta("scope")
    changed = held is not None and held != scope.name
    if changed:
        frontier.forget_levels()
    for link in seeds:
        frontier.meet(link.kind, [(link.id, scope.link_level(link), False)])
    if changed:
        for envelope in sorted(landed, key=lambda e: e.fetched_at):
            _again(frontier, source, scope, envelope)
    frontier.commit()
    frontier.set_meta("scope", scope.name)
    return changed


def _again(frontier: Frontier, source: HttpSource, scope: Scope, envelope: Envelope) -> None:
    spec = source.manifest.endpoints.get(envelope.endpoint)
    if spec is None or envelope.source != source.manifest.name:
        return
    try:
        page = source.parse(envelope.request, envelope.response)
    except Malformed:
        return
    parent = _parent(frontier, spec, envelope)
    levels = scope.levels(page, spec, envelope.request, parent)
    for record, level in zip(page.records, levels, strict=True):
        if level and record.kind in NODE_KINDS:
            frontier.meet(record.kind, [(record.id, level, False)])
    _links(frontier, scope, page)


def _links(frontier: Frontier, scope: Scope, page: Page) -> None:
    for link in page.links:
        frontier.meet(link.kind, [(link.id, scope.link_level(link), True)])


def _parent(frontier: Frontier, spec: Endpoint, envelope: Envelope) -> int:
    kind = spec.node or ("album" if spec.lists == "track" else "playlist")
    for kind_ in (kind, "playlist") if not spec.node else (kind,):
        seq = frontier.seq_of(kind_, envelope.ids[0]) if envelope.ids else None
        if seq is not None:
            return frontier.level(seq)
    return 0
