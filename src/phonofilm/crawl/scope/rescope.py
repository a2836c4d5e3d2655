"""Change the scope of a frontier: levels are set anew from the landed responses, without requests.

Nodes of the last scope stay known; only how far they are followed changes. So a genre after an
artist, or everything after a genre, neither inherits what the other followed nor asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from phonofilm.crawl.frontier.base import Frontier
from phonofilm.crawl.frontier.levels import IGNORED, FollowLevel
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.landing.envelope import Envelope
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.sources.contract import ODD_RESPONSES, Link, Page
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint


def rescope(
    frontier: Frontier,
    source: HttpSource,
    scope: Scope,
    access: str,
    landed: Callable[[], Iterable[Envelope]],
) -> bool:
    """Add the seeds of a scope; set all levels anew first when the frontier had another scope.

    `landed` streams the landed responses of the source. It is called again as long as a response
    raises a level, because a record may precede the response that makes it worth following. Returns
    whether the scope changed.
    """
    last_scope = frontier.meta("scope")
    changed = last_scope is not None and last_scope != scope.name
    if changed:
        frontier.reset_levels()
    for link in scope.seeds(source, access):
        frontier.add_nodes(link.kind, [(link.id, scope.link_level(link), False)])
    if changed:
        replay = _Replay(frontier, source, scope, access)
        while sum(map(replay.apply, landed())):
            pass
    frontier.commit()
    frontier.set_meta("scope", scope.name)
    return changed


class _Replay:
    """Landed responses, read once more for the levels of a scope."""

    def __init__(self, frontier: Frontier, source: HttpSource, scope: Scope, access: str) -> None:
        self._frontier, self._source, self._scope = frontier, source, scope
        endpoints = source.manifest.permitted(access).values()
        self._counted_kinds = {
            endpoint.subject for endpoint in endpoints if endpoint.membership_field
        }

    def apply(self, envelope: Envelope) -> int:
        """Apply one response; return how many nodes are followed because of it."""
        endpoint = self._source.manifest.endpoints.get(envelope.endpoint)
        if endpoint is None:
            return 0
        try:
            page = self._source.parse(envelope.request, envelope.response)
        except ODD_RESPONSES:
            return 0
        raised = 0
        for kind, id_, level, full in self._mentions(page, endpoint, envelope):
            discovered = self._frontier.add_nodes(kind, [(id_, level, full)])
            raised += discovered.first_full + discovered.first_mentioned
        return raised

    def _mentions(
        self, page: Page, endpoint: Endpoint, envelope: Envelope
    ) -> Iterator[tuple[str, str, FollowLevel, bool]]:
        """Yield kind, id, level and full of the records and links of a page."""
        parent = self._parent_level(endpoint, envelope)
        levels = self._scope.levels(page, endpoint, envelope.request, parent)
        for record, level in zip(page.records, levels, strict=True):
            if level and record.kind in NODE_KINDS:
                yield record.kind, record.id, level, False
        for link in (*page.links, *dict.fromkeys(self._memberships(page))):
            yield link.kind, link.id, self._scope.link_level(link), True

    def _memberships(self, page: Page) -> Iterator[Link]:
        """Yield the counted lists, genres or words of names, that the records stand in."""
        for kind in self._counted_kinds:
            for ids in self._source.memberships(kind, page.records):
                yield from (Link(kind, id_) for id_ in ids)

    def _parent_level(self, endpoint: Endpoint, envelope: Envelope) -> FollowLevel:
        """Return the level of the node requested; continuation pages have the node of their list.

        Endpoints without a subject of their own continue albums and playlists.
        """
        for kind in (endpoint.subject,) if endpoint.subject else ("album", "playlist"):
            node = self._frontier.seq_of(kind, envelope.ids[0]) if envelope.ids else None
            if node is not None:
                return self._frontier.level(node)
        return IGNORED
