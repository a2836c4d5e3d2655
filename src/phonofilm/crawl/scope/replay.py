"""Replay of landed responses for the levels of a scope, without a request.

A response is recorded with the level of the node that it is about. When that node is followed
further later (by another scope, or by a response that names it), the items of the response are to
be followed, too. So the response is read again from the landing: its request is never repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.levels import FollowLevel
from phonofilm.crawl.scope.parents import Parents
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segments import Select
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.sources.contract import ODD_RESPONSES, Link, Page
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint

ReadLanded = Callable[[Select | None], Iterable[Envelope]]
"""Stream the landed responses of a source, oldest first; only some with a condition."""


class Replay:
    """Landed responses of one source, read again for the levels of a scope."""

    def __init__(
        self,
        frontier: Frontier,
        source: HttpSource,
        scope: Scope,
        access: str,
        read_landed: ReadLanded,
    ) -> None:
        self._frontier, self._source, self._scope = frontier, source, scope
        self._read_landed = read_landed
        endpoints = source.manifest.permitted(access).values()
        self._counted_kinds = {
            endpoint.subject for endpoint in endpoints if endpoint.membership_field
        }
        self._pending: set[int] = set()

    def add(self, links: Iterable[Link]) -> None:
        """Add nodes whose responses are to be read again."""
        for link in links:
            node = self._frontier.seq_of(link.kind, link.id)
            if node is not None:
                self._pending.add(node)

    @property
    def waits(self) -> bool:
        """True when some response is to be read again."""
        return bool(self._pending or self._frontier.index.raised)

    def read_all(self) -> None:
        """Read every landed response: records may say themselves that a scope follows them.

        Nodes that were followed only after their responses were read wait for `read_raised`.
        """
        raised, read_before = self._frontier.index.raised, set[int]()
        for envelope in self._read_landed(None):
            read_before.update(
                node for node in self._nodes(envelope.endpoint, envelope.ids) if node not in raised
            )
            self._apply(envelope)
        self._pending |= self._frontier.index.take_raised() & read_before

    def read_raised(self) -> None:
        """Read the responses about nodes that were followed further since.

        One response may raise the node of another one, so that the landing is passed over until
        none does.
        """
        while pending := self._pending | self._frontier.index.take_raised():
            self._pending = set()
            for envelope in self._read_landed(self._is_about(pending)):
                self._apply(envelope)

    def _is_about(self, nodes: set[int]) -> Select:
        def is_about(endpoint: str, ids: list[str]) -> bool:
            return any(node in nodes for node in self._nodes(endpoint, ids))

        return is_about

    def _nodes(self, endpoint: str, ids: list[str]) -> Iterator[int]:
        """Yield the known nodes that a request was about."""
        spec = self._source.manifest.endpoints.get(endpoint)
        if spec is not None and spec.node_kind:
            nodes = (self._frontier.seq_of(spec.node_kind, id_) for id_ in ids)
            yield from (node for node in nodes if node is not None)

    def _apply(self, envelope: Envelope) -> None:
        """Add what a response mentions; one that cannot be read mentions nothing."""
        endpoint = self._source.manifest.endpoints.get(envelope.endpoint)
        if endpoint is None:
            return
        try:
            page = self._source.parse(envelope.request, envelope.response)
        except ODD_RESPONSES:
            return
        for kind, id_, level, full in self._mentions(page, endpoint, envelope):
            self._frontier.add_nodes(kind, [(id_, level, full)])

    def _mentions(
        self, page: Page, endpoint: Endpoint, envelope: Envelope
    ) -> Iterator[tuple[str, str, FollowLevel, bool]]:
        """Yield kind, id, level and full of the records and links of a page."""
        parents = Parents(endpoint, envelope.request, self._frontier)
        levels = self._scope.levels(page, endpoint, envelope.request, parents)
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
