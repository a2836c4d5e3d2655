"""The first so many records of a kind, and what belongs to them alone.

`-n 20 --want comments` of a genre means the comments of twenty artists, not of all that are met on
the way. A record is taken when it is full; one that is only mentioned is looked up, and its items
are not requested.
"""

from __future__ import annotations

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.levels import FOLLOWED, IGNORED, LOOKED_UP, FollowLevel
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.parents import Parents
from phonofilm.crawl.scope.scopes import ROLES_OF_THE_NODE, Scope
from phonofilm.records import BY_KIND, Record, has_all
from phonofilm.records.kinds import BY_NAME, WANTED
from phonofilm.sources.contract import Finding, Link, Page, Request
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint


class FirstOf:
    """Scope of the first `number` full records of a kind in another scope.

    Kinds below it are followed as far as the record that they belong to is. The records that are
    followed already count, so that the next run goes on with the same ones.
    """

    implies_tracks = False
    credited_in = frozenset[str]()

    def __init__(
        self, scope: Scope, kind: str, number: int, source: HttpSource, access: str, nodes: Frontier
    ) -> None:
        self._scope, self._number, self._nodes = scope, number, nodes
        self.kind = kind
        self.closed, self.by_genre, self.named = scope.closed, scope.by_genre, scope.named
        self.label, self.name = scope.label, f"{scope.name}, first {number} {kind}"
        self._below = kinds_below(kind)
        self._is_full = has_all(
            BY_KIND[kind], source.manifest.wanted_mask(kind, access, nodes.absent())
        )
        self._taken: set[str] | None = None

    def seeds(self, source: HttpSource, access: str) -> list[Link]:
        """Return the seeds of the other scope."""
        return self._scope.seeds(source, access)

    def link_level(self, link: Link) -> FollowLevel:
        """Return the level of a link in the other scope."""
        return self._scope.link_level(link)

    def names(self, ids: tuple[str, ...]) -> bool:
        """Tell whether a person gave one of these ids."""
        return self._scope.names(ids)

    def findings(self, followed: int) -> list[Finding]:
        """Return the findings of the other scope."""
        return self._scope.findings(followed)

    def levels(
        self, page: Page, endpoint: Endpoint, request: Request, parents: Parents
    ) -> list[FollowLevel]:
        """Return the levels of the other scope, for records within the number."""
        levels = self._scope.levels(page, endpoint, request, parents)
        owners = parents.levels(page.records)
        belongs = self.brings_items(endpoint)
        rows = zip(page.records, levels, owners, strict=True)
        return [
            self._level(record, level, owner if belongs else IGNORED)
            for record, level, owner in rows
        ]

    def brings_items(self, endpoint: Endpoint) -> bool:
        """Tell whether the items of an endpoint belong to a record of the kind, or to one below."""
        subjects = (self.kind, *self._below)
        return endpoint.subject in subjects and endpoint.role in ROLES_OF_THE_NODE

    @property
    def taken(self) -> int:
        """Number of the records that are followed."""
        return len(self._taken_ids())

    def _level(self, record: Record, level: FollowLevel, owner: FollowLevel) -> FollowLevel:
        if record.kind in self._below:
            return min(level, owner)
        if record.kind != self.kind or level == IGNORED:
            return level
        taken = self._taken_ids()
        if record.id in taken:
            return FOLLOWED
        if len(taken) >= self._number:
            return IGNORED
        if not self._is_full(record) and not self._was_full(record):
            return LOOKED_UP
        taken.add(record.id)
        return FOLLOWED

    def _was_full(self, record: Record) -> bool:
        """Tell whether earlier responses have all of a record that this one only mentions."""
        node = self._nodes.seq_of(record.kind, record.id)
        return node is not None and self._nodes.is_full(node)

    def _taken_ids(self) -> set[str]:
        """Return the ids that are taken; at first those that an earlier run followed."""
        if self._taken is None:
            nodes = self._nodes
            followed = {
                node for node in nodes.index.by_kind[self.kind] if nodes.level(node) == FOLLOWED
            }
            self._taken = {nodes.id_of(node) for node in followed}
        return self._taken


def first_of(scope: Scope, goal: Goal, source: HttpSource, access: str, nodes: Frontier) -> Scope:
    """Return a scope of the first so many records, where a goal wants kinds below a number.

    What a person named is followed whole.
    """
    if scope.closed:
        return scope
    for kind, number in goal.wants.items():
        if number is not None and kinds_below(kind) & goal.wants.keys():
            return FirstOf(scope, kind, number, source, access, nodes)
    return scope


def kinds_below(kind: str) -> frozenset[str]:
    """Return the wanted kinds whose records belong to records of a kind."""
    below: set[str] = set()
    for _ in WANTED:
        below |= {name for name in WANTED if {kind, *below} & set(BY_NAME[name].parents)}
    return frozenset(below)
