"""Reads an answer into the frontier: what is new, what became full, what can be asked next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, groupby
from operator import add, attrgetter
from typing import NamedTuple

from phonofilm.crawl.coverage.coverage import CoverageEstimator
from phonofilm.crawl.coverage.population import PopulationEstimator
from phonofilm.crawl.frontier.base import Frontier, Task
from phonofilm.crawl.frontier.index import Discovered
from phonofilm.crawl.frontier.levels import IGNORED
from phonofilm.crawl.planner.base import Scheduler
from phonofilm.crawl.planner.queues.base import FULL, MENTION
from phonofilm.crawl.responses.field_drift import FieldDrift
from phonofilm.crawl.responses.pagination import PaginationGuard
from phonofilm.crawl.responses.writer import SchemaMatch
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.records import BY_KIND, Record, has_all
from phonofilm.records.kinds import NODE_KINDS
from phonofilm.sources.contract import ODD_ANSWERS, Finding, Link, Malformed, Page, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint


class RecordedResponse(NamedTuple):
    """What an answer brought. `gain` counts wanted kinds, `met` new things of every kind.

    `items` are the things that it listed, known or not; `drifted` says that a promise is broken.
    The records themselves are not held on to: answers under way would fill the cache with them.
    """

    gain: float
    discovered: dict[str, int]
    findings: list[Finding]
    malformed: bool
    items: int = 0
    drifted: Finding | None = None

    @property
    def schema_match(self) -> SchemaMatch:
        """How much of the answer was what its endpoint answers."""
        if self.malformed:
            return "none"
        odd = any(finding.kind == "malformed_item" for finding in self.findings)
        return "partly" if odd else "whole"


class ResponseRecorder:
    """Reads answers of one crawl."""

    def __init__(
        self,
        source: HttpSource,
        access: str,
        goal: Goal,
        scope: Scope,
        frontier: Frontier,
        planner: Scheduler,
        drift_share: float = 0.5,
    ) -> None:
        self._source, self._goal, self._scope = source, goal, scope
        self._frontier, self._planner = frontier, planner
        self._drift = FieldDrift(source.manifest, access, drift_share)
        absent = frontier.absent()
        self._masks = {
            kind: source.manifest.wanted_mask(kind, access, absent)
            for kind in BY_KIND
            if kind in NODE_KINDS
        }
        self._counted = "" if scope.closed else "artist"
        self._lengths = _lengths(source.manifest.permitted(access))
        self._trails = PaginationGuard(frontier)
        related = any(
            e.role == "relate" and n not in absent
            for n, e in source.manifest.permitted(access).items()
        )
        self.population = PopulationEstimator(frontier.index.list_members, related)
        if kept := frontier.saved_estimates():
            self.population.restore(kept)
        self.coverage = CoverageEstimator(planner, frontier, self.population)
        self.full: Counter[str] = Counter()  # wanted things in hand, of the part asked for
        self._count_known()

    def _count_known(self) -> None:
        """What earlier runs of this folder brought counts towards the goal."""
        for kind in self._goal.wants:
            for seq in set(self._frontier.index.by_kind[kind]):
                if self._frontier.is_full(seq) and self._frontier.level(seq) > IGNORED:
                    self.full[kind] += 1
        self._see_goal()

    def _see_goal(self) -> None:
        self._planner.satisfied = {
            kind
            for kind, number in self._goal.wants.items()
            if number is not None and self.full[kind] >= number
        }

    def record(self, ask: Task, response: Response) -> RecordedResponse:
        """Parses an answer and meets all it tells of; a body of another kind is malformed."""
        try:
            page = self._source.parse(ask.request, response)
        except ODD_ANSWERS as error:
            personal = self._source.manifest.endpoints[ask.request.endpoint].personal
            finding = Finding(
                "malformed_body", f"{ask.request.key}: {_told(error, bool(personal))}"
            )
            return RecordedResponse(0.0, {}, [finding], True)
        spec = self._source.manifest.endpoints[ask.request.endpoint]
        met: Counter[str] = Counter()
        self._told(ask, page)
        before = len(self._frontier)
        gain = self._meet_records(page, spec, ask, met)
        gain += self._settle_details(ask, spec, page)
        for kind, links in groupby(page.links, key=attrgetter("kind")):
            told = ((link.id, self._scope.link_level(link), True) for link in links)
            met[kind] += sum(self._frontier.add_nodes(kind, told)[:2])
        if not page.continues and self._is_counted(spec):
            self.population.close_list(ask.nodes[0])
        self._split(page, spec, ask)
        self._continue(page, ask, len(self._frontier) - before)
        self._see_goal()
        items = sum([record.kind == spec.item_kind for record in page.records])
        drifted = self._drift.see(ask.request.endpoint, page.records)
        news = {kind: number for kind, number in met.items() if number}
        return RecordedResponse(gain, news, page.findings, False, items, drifted)

    def _meet_records(self, page: Page, spec: Endpoint, ask: Task, met: Counter[str]) -> float:
        parent = self._frontier.level(ask.nodes[0])
        levels = self._scope.levels(page, spec, ask.request, parent)
        gain = 0.0
        pairs = zip(page.records, levels, strict=True)
        for cls, group in groupby(pairs, key=lambda pair: type(pair[0])):
            if cls.kind in self._masks:
                gain += self._meet(cls, group, met, ask, spec)
        return gain

    def _meet(
        self,
        cls: type[Record],
        group: Iterable[tuple[Record, int]],
        met: Counter[str],
        ask: Task,
        spec: Endpoint,
    ) -> float:
        full, rows = has_all(cls, self._masks[cls.kind]), list(group)
        known = self._frontier.add_nodes(cls.kind, ((r.id, level, full(r)) for r, level in rows))
        met[cls.kind] += known.first_full + known.first_mentioned
        for name, field in self._lengths.get(cls.kind, ()):
            self._tell_lengths(name, field, [record for record, _ in rows])
        if cls.kind == self._counted:
            self._take_census([record for record, _ in rows], known, ask, spec)
        return self._gain(cls.kind, known)

    def _tell_lengths(self, endpoint: str, field: str, rows: list[Record]) -> None:
        """What things say of the length of their own lists."""
        for record in rows:
            number = getattr(record, field)
            node = self._frontier.seq_of(record.kind, record.id)
            if isinstance(number, int) and node is not None:
                self._planner.set_list_size(endpoint, node, number)
                self._frontier.set_list_size(endpoint, node, number)

    def _take_census(
        self, rows: list[Record], known: Discovered, ask: Task, spec: Endpoint
    ) -> None:
        """Which lists things stand in, and by which call they came."""
        census, related = self.population, spec.role == "relate"
        own = ask.nodes[0] if self._is_counted(spec) else 0
        fresh = [node for node, _ in known.filled]
        if fresh:
            by_id = {record.id: record for record in rows}
            lists, members = self._count_members([by_id[id_] for _, id_ in known.filled])
            census.add(fresh, lists, members, own, related)
        if known.already_known:
            census.add_known(known.already_known, own)
        if related:
            census.add_related_response([*fresh, *known.already_known], len(fresh))
        elif not own:
            census.add_unlinked_response(len(rows), len(fresh))

    def _count_members(self, fresh: list[Record]) -> tuple[list[tuple[int, ...]], dict[int, int]]:
        """The lists that each thing says it stands in, and how many things stand in each.

        New lists are met by that.
        """
        found: list[tuple[int, ...]] = []
        members: dict[int, int] = {}
        for kind in self._planner.counted:
            told = self._source.memberships(kind, fresh)
            times = Counter(chain.from_iterable(told))
            places = {term: self._place(kind, term) for term in times}
            if not all(places.values()):
                told = [[term for term in terms if places[term]] for terms in told]
            for term, number in times.items():
                if place := places[term]:
                    self._planner.add_list_members(kind, place, number)
                    members[place] = number
            placed = [tuple(map(places.__getitem__, terms)) for terms in told]
            found = [*map(add, found, placed)] if found else placed
        return found or [()] * len(fresh), members

    def _place(self, kind: str, term: str) -> int:
        """The node of a list, met now when it is new; 0 when it is none of ours."""
        node = self._frontier.seq_of(kind, term)
        if node is None:
            level = self._scope.link_level(Link(kind, term))
            if level == IGNORED:
                return 0
            self._frontier.add_nodes(kind, [(term, level, True)])
            node = self._frontier.seq_of(kind, term)
        return node or 0

    def _gain(self, kind: str, known: Discovered) -> float:
        if kind not in self._goal.wants:
            return 0.0
        self.full[kind] += known.first_full + known.became_full
        if kind in self._planner.satisfied:
            return 0.0
        first = known.first_full * FULL + known.first_mentioned * MENTION
        return first + known.became_full * (FULL - MENTION)

    def _settle_details(self, ask: Task, spec: Endpoint, page: Page) -> float:
        """A node that was looked up and found is as full as it will get."""
        if not spec.looks_up or ask.request.offset:
            return 0.0
        gain = 0.0
        found = {record.id for record in page.records if record.kind == spec.subject}
        for node, id_ in zip(ask.nodes, ask.request.ids, strict=True):
            if id_ in found and self._frontier.mark_full(node):
                gain += self._gain(spec.subject, Discovered(0, 0, 1))
        return gain

    def _is_counted(self, spec: Endpoint) -> bool:
        """Whether a call lists what says itself that it stands there."""
        return bool(spec.membership_field) and spec.subject in self._planner.counted

    def _told(self, ask: Task, page: Page) -> None:
        """How long a list says it is."""
        self._planner.set_list_total(ask, page.total)
        spec = self._source.manifest.endpoints[ask.request.endpoint]
        if page.total is not None and self._is_counted(spec):
            self.population.set_list_size(ask.nodes[0], page.total)

    def _split(self, page: Page, spec: Endpoint, ask: Task) -> None:
        """A list that goes on past its reach is asked for in parts."""
        if ask.request.offset or not spec.max_offset or (page.total or 0) < spec.max_offset:
            return
        if self._scope.closed:  # what a person named is on the first pages or nowhere
            return
        level = self._frontier.level(ask.nodes[0])
        for link in self._source.partition(ask.request):
            self._frontier.add_nodes(link.kind, [(link.id, level, True)])

    def _continue(self, page: Page, ask: Task, fresh: int) -> None:
        """Notes the pages after an answer, which told of so many things for the first time."""
        spec = self._source.manifest.endpoints
        for request in page.continues:
            endpoint = spec.get(request.endpoint)
            if endpoint is None or (endpoint.max_offset and not _within(request.offset, endpoint)):
                continue
            if self._scope.closed and endpoint.role == "search" and endpoint.item_kind == "artist":
                continue  # the artist of that very name is on the first page or nowhere
            node = self._node_of(request.ids, ask, endpoint)
            if request.cursor and (odd := self._trails.follow(ask, request, node, fresh)):
                page.findings.append(odd)
                if odd.kind == "barren_pages":
                    self._planner.abandon_list(request, node, page.total)
                continue
            row = self._frontier.add_continuation(request, node, page.total)
            self._planner.add_continuation(request, row, node, page.total)

    def _node_of(self, ids: tuple[str, ...], ask: Task, endpoint: Endpoint) -> int:
        if ids == ask.request.ids:
            return ask.nodes[0]
        place = ask.request.ids.index(ids[0])
        return ask.nodes[place]


def _told(error: Exception, personal: bool) -> str:
    """What is wrong with a body; nothing of the body itself where it may name people."""
    if not isinstance(error, Malformed):
        return f"a value that cannot be ({type(error).__name__})"
    return error.without_excerpt if personal else str(error)


def _lengths(endpoints: Mapping[str, Endpoint]) -> dict[str, list[tuple[str, str]]]:
    """Endpoints whose lists are told the length of, by kind: their name and the field."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, endpoint in endpoints.items():
        if endpoint.size_field:
            kind, _, field = endpoint.size_field.partition(".")
            found.setdefault(kind, []).append((name, field))
    return found


def _within(offset: int, endpoint: Endpoint) -> bool:
    """Whether any page size lets a call at this offset stay below the reach."""
    smallest = min(endpoint.page.values())
    return offset + smallest <= (endpoint.max_offset or offset + smallest)
