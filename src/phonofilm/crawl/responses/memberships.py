"""Memberships: in which lists the records of one kind stand, as evidence on its population."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from operator import add

from phonofilm.crawl.coverage.population import PopulationEstimator
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.index import Discovered
from phonofilm.crawl.frontier.levels import IGNORED
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.base import ListObserver
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.records import Record
from phonofilm.sources.contract import Link
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint


class MembershipRecorder:
    """Records of one kind with the counted lists that they say they stand in.

    A list is a node: a genre, a word of a name. The list observer counts its known members, the
    population estimator gets the evidence.
    """

    def __init__(
        self,
        source: HttpSource,
        scope: Scope,
        frontier: Frontier,
        observer: ListObserver,
        population: PopulationEstimator,
    ) -> None:
        self._source, self._scope = source, scope
        self._frontier, self._observer, self._population = frontier, observer, population

    def is_counted(self, endpoint: Endpoint) -> bool:
        """Tell whether the items of an endpoint say themselves that they stand in its list."""
        return bool(endpoint.membership_field) and endpoint.subject in self._observer.counted_kinds

    def record(
        self, task: Task, endpoint: Endpoint, records: list[Record], known: Discovered
    ) -> None:
        """Record the memberships of the records of a response, and which list brought them."""
        population, related = self._population, endpoint.role == "relate"
        list_node = task.nodes[0] if self.is_counted(endpoint) else 0
        new_nodes = [node for node, _ in known.filled]
        if new_nodes:
            by_id = {record.id: record for record in records}
            lists, members = self._count_members([by_id[id_] for _, id_ in known.filled])
            population.add(new_nodes, lists, members, list_node, related)
        if known.already_known:
            population.add_known(known.already_known, list_node)
        discovered = known.first_full + known.first_mentioned
        ids = {record.id for record in records}
        if related:
            nodes = (self._frontier.seq_of(records[0].kind, id_) for id_ in ids)
            population.add_related_response([node for node in nodes if node], discovered)
        else:
            population.add_list_response(len(ids), discovered)

    def _count_members(self, records: list[Record]) -> tuple[list[tuple[int, ...]], dict[int, int]]:
        """Return the lists that each record stands in, and the new members of each list.

        Lists that are new become known by that.
        """
        lists: list[tuple[int, ...]] = []
        members: dict[int, int] = {}
        for kind in self._observer.counted_kinds:
            ids_by_record = self._source.memberships(kind, records)
            counts = Counter(chain.from_iterable(ids_by_record))
            nodes = {id_: self._list_node(kind, id_) for id_ in counts}
            if not all(nodes.values()):
                ids_by_record = [[id_ for id_ in ids if nodes[id_]] for ids in ids_by_record]
            for id_, count in counts.items():
                if node := nodes[id_]:
                    self._observer.add_members(kind, node, count)
                    members[node] = count
            nodes_by_record = [tuple(map(nodes.__getitem__, ids)) for ids in ids_by_record]
            lists = [*map(add, lists, nodes_by_record)] if lists else nodes_by_record
        return lists or [()] * len(records), members

    def _list_node(self, kind: str, id_: str) -> int:
        """Return the node of a list, added when it is new; 0 when the scope ignores it."""
        node = self._frontier.seq_of(kind, id_)
        if node is None:
            level = self._scope.link_level(Link(kind, id_))
            if level == IGNORED:
                return 0
            self._frontier.add_nodes(kind, [(id_, level, True)])
            node = self._frontier.seq_of(kind, id_)
        return node or 0
