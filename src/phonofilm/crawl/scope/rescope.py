"""Another scope over what is known: levels are set anew from the landed answers, without a call.

What was known of the last scope stays known; only how far it is followed changes. So a genre after
an artist, or everything after a genre, neither inherits what the other followed nor asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from phonofilm.crawl.frontier.sqlite import Frontier
from phonofilm.crawl.scope.goal import Scope
from phonofilm.landing.envelope import Envelope
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.sources.contract import Link, Malformed
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint


def rescope(
    frontier: Frontier,
    source: HttpSource,
    scope: Scope,
    seeds: list[Link],
    landed: Callable[[], Iterable[Envelope]],
    access: str,
) -> bool:
    """Plants the seeds; when the scope is another than the last, sets all levels anew first.

    `landed` streams the source's answers, as often as one of them still raises a level: a thing may
    have been answered about before the answer that makes it worth following.
    """
    held = frontier.meta("scope")
    other = changed = held is not None and held != scope.name
    if other:
        frontier.reset_levels()
    for link in seeds:
        frontier.add_nodes(link.kind, [(link.id, scope.link_level(link), False)])
    endpoints = source.manifest.permitted(access).values()
    counted = frozenset(endpoint.subject for endpoint in endpoints if endpoint.membership_field)
    while changed:
        raised = sum(_again(frontier, source, scope, envelope, counted) for envelope in landed())
        changed = raised > 0
    frontier.commit()
    frontier.set_meta("scope", scope.name)
    return other


def _again(
    frontier: Frontier,
    source: HttpSource,
    scope: Scope,
    envelope: Envelope,
    counted: frozenset[str],
) -> int:
    """Reads one answer once more; how many things are followed because of it that were not."""
    spec = source.manifest.endpoints.get(envelope.endpoint)
    if spec is None:
        return 0
    try:
        page = source.parse(envelope.request, envelope.response)
    except Malformed:
        return 0
    parent = _parent(frontier, spec, envelope)
    levels = scope.levels(page, spec, envelope.request, parent)
    told = [
        (record.kind, record.id, level, False)
        for record, level in zip(page.records, levels, strict=True)
        if level and record.kind in NODE_KINDS
    ]
    grown = (
        Link(kind, term)
        for kind in counted
        for terms in source.memberships(kind, page.records)
        for term in terms
    )
    links = [*page.links, *dict.fromkeys(grown)]
    told += [(link.kind, link.id, scope.link_level(link), True) for link in links]
    return sum(
        sum(frontier.add_nodes(kind, [(id_, level, full)])[:2]) for kind, id_, level, full in told
    )


def _parent(frontier: Frontier, spec: Endpoint, envelope: Envelope) -> int:
    """The level of what was asked about; pages that continue another answer have its node."""
    for kind in (spec.subject,) if spec.subject else ("album", "playlist"):
        seq = frontier.seq_of(kind, envelope.ids[0]) if envelope.ids else None
        if seq is not None:
            return frontier.level(seq)
    return 0
