"""Record responses in the frontier: new nodes, nodes that became full, pages that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from phonofilm.crawl.coverage.coverage import CoverageEstimator
from phonofilm.crawl.coverage.population import PopulationEstimator
from phonofilm.crawl.coverage.unobtainable import UnobtainableNodes
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.index import Discovered
from phonofilm.crawl.frontier.levels import IGNORED, FollowLevel
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.base import Scheduler
from phonofilm.crawl.planner.queues.base import FULL, MENTION
from phonofilm.crawl.responses.continuations import ContinuationRecorder
from phonofilm.crawl.responses.field_drift import Drift, FieldDrift
from phonofilm.crawl.responses.memberships import MembershipRecorder
from phonofilm.crawl.responses.reconciliation import reconcile
from phonofilm.crawl.responses.writer import SchemaMatch
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.parents import Parents
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.records import BY_KIND, Record, has_all
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.sources.contract import ODD_RESPONSES, Finding, Malformed, Page, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint, Manifest

DRIFT_KEY = "field_shares"
"""Setting of a frontier under which the shares of fields outlive a crawl."""


class RecordedResponse(NamedTuple):
    """Effect of a response. `gain` counts wanted kinds, `discovered` new nodes of every kind.

    `offset` is where the page begins by what it holds, whatever was requested. `items` is the
    number of records of the listed kind, known or not; `drifts` are promised fields that vanished.
    The records themselves are not kept: those of requests in flight would fill the processor's
    cache.
    """

    gain: float
    discovered: dict[str, int]
    findings: list[Finding]
    malformed: bool
    offset: int = 0
    items: int = 0
    drifts: Sequence[Drift] = ()

    @property
    def schema_match(self) -> SchemaMatch:
        """Part of the response that has the shape of its endpoint."""
        if self.malformed:
            return "none"
        return "partly" if any(finding.is_loss for finding in self.findings) else "whole"


class ResponseRecorder:
    """Recorder of the responses of one crawl.

    `full` counts the full records of wanted kinds in the followed part, earlier runs included;
    `satisfied` are the wanted kinds of which enough is collected; `responses` counts the responses
    of this run.
    """

    def __init__(
        self,
        *,
        source: HttpSource,
        access: str,
        goal: Goal,
        scope: Scope,
        frontier: Frontier,
        planner: Scheduler,
        drift_share: float = 0.5,
    ) -> None:
        self._source, self._endpoints = source, source.manifest.endpoints
        self._goal, self._scope = goal, scope
        self._frontier, self._planner = frontier, planner
        self.drift = FieldDrift(source, access, goal, drift_share, frontier.settings.get(DRIFT_KEY))
        self._continuations = ContinuationRecorder(
            endpoints=self._endpoints,
            access=access,
            scope=scope,
            frontier=frontier,
            lists=planner.lists,
        )
        absent = frontier.absent()
        self._masks = {
            kind: source.manifest.wanted_mask(kind, access, absent)
            for kind in BY_KIND
            if kind in NODE_KINDS
        }
        self._size_fields = _size_fields(source.manifest.permitted(access))
        # What a person named is a closed set, so that there is no population to estimate.
        self._counted_kind = "" if scope.closed else "artist"
        self.population = PopulationEstimator(
            frontier.index.list_members, _has_related(source.manifest, access, absent)
        )
        if saved := frontier.saved_estimates():
            self.population.restore(saved)
        self._memberships = MembershipRecorder(
            source, scope, frontier, planner.lists, self.population
        )
        self.unobtainable = UnobtainableNodes(frontier, source.manifest.permitted(access))
        self.responses = 0
        self.full: Counter[str] = Counter()
        self.coverage = CoverageEstimator(
            planner.forecast, frontier, self.population, self.full, self.unobtainable
        )
        self.satisfied: set[str] = set()
        self.count_known()

    def count_known(self) -> None:
        """Count towards the goal what is known without this run's responses."""
        self.full.clear()
        for kind in self._goal.wants:
            for seq in set(self._frontier.index.by_kind[kind]):
                if self._frontier.is_full(seq) and self._frontier.level(seq) > IGNORED:
                    self.full[kind] += 1
        self._update_satisfied()

    def _update_satisfied(self) -> None:
        self.satisfied = {
            kind
            for kind, number in self._goal.wants.items()
            if number is not None and self.full[kind] >= number
        }
        self._planner.set_satisfied(self.satisfied)

    def record(self, task: Task, response: Response) -> RecordedResponse:
        """Parse a response and add all that it mentions to the frontier.

        A body of another shape is malformed, and adds nothing.
        """
        self.responses += 1
        endpoint = self._endpoints[task.request.endpoint]
        try:
            page = self._source.parse(task.request, response)
        except ODD_RESPONSES as error:
            return _malformed(task, endpoint, error)
        page.findings += reconcile(endpoint, task.request, page)
        new_nodes: Counter[str] = Counter()
        self._set_list_total(task, endpoint, page)
        known_before = len(self._frontier)
        gain = self._add_records(task, endpoint, page, new_nodes)
        gain += self._fill_looked_up(task, endpoint, page)
        self._add_links(page, new_nodes)
        if not page.continues and self._memberships.is_counted(endpoint):
            self.population.close_list(task.nodes[0])
        self._add_partitions(task, endpoint, page)
        offset = self._continuations.record(task, page, len(self._frontier) - known_before)
        self.note_looked_up(task)
        self._update_satisfied()
        return RecordedResponse(
            gain=gain,
            discovered={kind: number for kind, number in new_nodes.items() if number},
            findings=page.findings,
            malformed=False,
            offset=offset,
            items=sum([record.kind == endpoint.item_kind for record in page.records]),
            drifts=self.drift.check(task.request.endpoint, page.records, response.body),
        )

    def _set_list_total(self, task: Task, endpoint: Endpoint, page: Page) -> None:
        """Tell the planner and the estimators the announced size of the list."""
        self._planner.lists.set_total(task, page.total)
        if page.total is not None and self._memberships.is_counted(endpoint):
            self.population.set_list_size(task.nodes[0], page.total)

    def _add_records(
        self, task: Task, endpoint: Endpoint, page: Page, new_nodes: Counter[str]
    ) -> float:
        """Add the records of a page, kind by kind; return the gain."""
        parents = Parents(endpoint, task.request, self._frontier)
        levels = self._scope.levels(page, endpoint, task.request, parents)
        gain = 0.0
        pairs = zip(page.records, levels, strict=True)
        for cls, group in groupby(pairs, key=lambda pair: type(pair[0])):
            if cls.kind in self._masks:
                known, records = self._add_kind(cls, group)
                new_nodes[cls.kind] += known.first_full + known.first_mentioned
                for name, field in self._size_fields.get(cls.kind, ()):
                    self._set_list_sizes(name, field, records)
                if cls.kind == self._counted_kind:
                    self._memberships.record(task, endpoint, records, known)
                gain += self._gain(cls.kind, known)
        return gain

    def _add_kind(
        self, cls: type[Record], group: Iterable[tuple[Record, FollowLevel]]
    ) -> tuple[Discovered, list[Record]]:
        is_full, rows = has_all(cls, self._masks[cls.kind]), list(group)
        known = self._frontier.add_nodes(
            cls.kind, ((record.id, level, is_full(record)) for record, level in rows)
        )
        return known, [record for record, _ in rows]

    def _set_list_sizes(self, endpoint: str, field: str, records: list[Record]) -> None:
        """Set the sizes that records announce for their own lists."""
        for record in records:
            number = getattr(record, field)
            node = self._frontier.seq_of(record.kind, record.id)
            if isinstance(number, int) and node is not None:
                self._planner.lists.set_size(endpoint, node, number)
                self._frontier.set_list_size(endpoint, node, number)

    def _gain(self, kind: str, known: Discovered) -> float:
        """Return the information gained: 1 for a full record of a wanted kind, 0.5 a mention."""
        if kind not in self._goal.wants:
            return 0.0
        self.full[kind] += known.first_full + known.became_full
        if kind in self.satisfied:
            return 0.0
        first = known.first_full * FULL + known.first_mentioned * MENTION
        return first + known.became_full * (FULL - MENTION)

    def _fill_looked_up(self, task: Task, endpoint: Endpoint, page: Page) -> float:
        """Mark nodes as full that were looked up and exist: no request tells more of them."""
        if not endpoint.looks_up or task.request.offset:
            return 0.0
        gain = 0.0
        kind = endpoint.subject
        existing = {record.id for record in page.records if record.kind == kind}
        for node, id_ in zip(task.nodes, task.request.ids, strict=True):
            if id_ in existing and self._frontier.mark_full(node):
                gain += self._gain(kind, Discovered(became_full=1))
        return gain

    def _add_links(self, page: Page, new_nodes: Counter[str]) -> None:
        for kind, links in groupby(page.links, key=attrgetter("kind")):
            mentions = ((link.id, self._scope.link_level(link), True) for link in links)
            known = self._frontier.add_nodes(kind, mentions)
            new_nodes[kind] += known.first_full + known.first_mentioned

    def _add_partitions(self, task: Task, endpoint: Endpoint, page: Page) -> None:
        """Add the parts of a list that goes on past the offset that the source allows."""
        if task.request.offset or not endpoint.max_offset:
            return
        if (page.total or 0) < endpoint.max_offset:
            return
        if self._scope.closed:  # what a person named is on the first pages or nowhere
            return
        level = self._frontier.level(task.nodes[0])
        for link in self._source.partition(task.request):
            self._frontier.add_nodes(link.kind, [(link.id, level, True)])

    def note_looked_up(self, task: Task) -> None:
        """Note that a look-up was answered, with a record or without one."""
        endpoint = self._endpoints[task.request.endpoint]
        if endpoint.role == "detail":
            self.unobtainable.add(endpoint.subject, task.nodes)

    def skip_page(self, task: Task) -> None:
        """Go on with a list after a page of it failed."""
        self._continuations.skip(task)


def _malformed(task: Task, endpoint: Endpoint, error: Exception) -> RecordedResponse:
    """Return the effect of a malformed body.

    The finding quotes nothing of the body where it may name people.
    """
    if not isinstance(error, Malformed):
        reason = f"a value that cannot be ({type(error).__name__})"
    else:
        reason = error.without_excerpt if endpoint.personal else str(error)
    finding = Finding("malformed_body", f"{task.request.key}: {reason}")
    return RecordedResponse(
        gain=0.0, discovered={}, findings=[finding], malformed=True, offset=task.request.offset
    )


def _has_related(manifest: Manifest, access: str, absent: frozenset[str]) -> bool:
    """Tell whether some permitted endpoint lists related records."""
    endpoints = manifest.permitted(access).items()
    return any(e.role == "relate" and name not in absent for name, e in endpoints)


def _size_fields(endpoints: Mapping[str, Endpoint]) -> dict[str, list[tuple[str, str]]]:
    """Return endpoints whose list size a field of a record announces, with the field, by kind."""
    fields: dict[str, list[tuple[str, str]]] = {}
    for name, endpoint in endpoints.items():
        if endpoint.size_field:
            kind, _, field = endpoint.size_field.partition(".")
            fields.setdefault(kind, []).append((name, field))
    return fields
