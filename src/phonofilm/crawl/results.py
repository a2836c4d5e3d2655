"""Result of one crawl, as it is printed, returned and stored with the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from phonofilm.crawl.engine import Engine
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import TaskQuery
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.crawl.scope.first_of import FirstOf
from phonofilm.crawl.scope.named import NamedNodes, Namesakes, NotFound
from phonofilm.errors import UsageError, exit_code_of
from phonofilm.files import atomic_write
from phonofilm.media.downloads import MediaResult
from phonofilm.records.kinds import PLURALS, WANTED
from phonofilm.sources.contract import Link


class CrawlResult(msgspec.Struct):
    """Status, figures and findings of a crawl.

    `resume_at` is Unix seconds. `coverage` holds fractions by plural kind: estimate, low and high
    end of the 90 % interval. `in_scope` are those of `records` that the scope follows, which is a
    `scope` in one or two words. `named` counts the names, links and ids that a person gave,
    `not_found` are those to which nothing belongs, and `namesakes` those that several artists have.
    """

    run: str
    source: str
    origin: str
    access: str
    status: str
    resume_at: float | None
    calls: int
    calls_by_endpoint: dict[str, int]
    status_counts: dict[str, int]
    records: dict[str, dict[str, int]]
    new_per_call: float
    coverage: dict[str, list[float]]
    findings: list[dict[str, Any]]
    elapsed_s: float
    coverage_by_list: dict[str, list[float]] = {}
    yields: list[QueueYield] = []
    media: MediaResult | None = None
    scope: str = ""
    in_scope: dict[str, dict[str, int]] = {}
    named: int = 0
    not_found: list[NotFound] = []
    namesakes: list[Namesakes] = []

    @property
    def exit_code(self) -> int:
        """4 when parked, 130 when interrupted, 2 when nothing is there of what was named, else 0.

        A script should notice a typing error.
        """
        unknown_genre = any(finding["kind"] == "unknown_genre" for finding in self.findings)
        nothing_found = self.named and len(self.not_found) == self.named
        nothing = UsageError.exit_code if unknown_genre or nothing_found else 0
        return exit_code_of(self.status) or nothing


def report_named(engine: Engine) -> None:
    """Add findings for named nodes that are not there, and for names of several artists."""
    named = engine.context.scope.named
    if named:
        findings = [row.finding for row in _not_found(engine, named)]
        findings += [row.finding for row in named.namesakes()]
        for finding in findings:
            engine.findings.add(finding.kind, finding.detail)


def _not_found(engine: Engine, named: NamedNodes) -> list[NotFound]:
    """Return what a person named that is not there, and what a crawl that is done passed over."""
    not_found = named.not_found(_settled(engine))
    if engine.ending.status == "done":
        not_found += named.not_requested(_known(engine.context.frontier))
    return not_found


def _known(frontier: Frontier) -> Callable[[Link], bool]:
    """Return a check that anything was requested about a node, or that it is full without that."""
    requested = set(frontier.store.task_nodes(TaskQuery()))

    def is_known(link: Link) -> bool:
        node = frontier.seq_of(link.kind, link.id)
        return node is not None and (node in requested or frontier.is_full(node))

    return is_known


def _settled(engine: Engine) -> Callable[[Link], bool]:
    """Return a check that a node was requested: its look-up, or all when a crawl ended."""
    frontier, endpoints = engine.context.frontier, engine.context.source.manifest.endpoints
    ended = engine.ending.status in ("done", "goal")
    nodes: dict[str, set[int]] = {}
    for name, endpoint in endpoints.items():
        if ended or endpoint.role in ("detail", "search"):
            known = nodes.setdefault(endpoint.subject, set())
            known.update(frontier.settled_nodes(name), frontier.refused_nodes(name))
    return lambda link: frontier.seq_of(link.kind, link.id) in nodes.get(link.kind, ())


def save_not_found(folder: Path, result: CrawlResult) -> None:
    """Write what was not found to a file that `--artists` and `--ids` read; none when all was.

    Raises OSError.
    """
    path = folder / not_found_file(result.source)
    if not result.named:
        return
    if not result.not_found:
        path.unlink(missing_ok=True)
        return
    lines = [f"# not found at {result.source}, run {result.run}"]
    for row in result.not_found:
        lines.append(row.name)
        lines += [f"# near: {', '.join(row.near)}"] if row.near else []
    atomic_write(path, "".join(f"{line}\n" for line in lines).encode("utf-8"))


def not_found_file(source: str) -> str:
    """Return the name of the file in a data folder that lists what was not found at a source."""
    return f"not-found-{source}.txt"


def result_of(engine: Engine, origin: str, elapsed_seconds: float) -> CrawlResult:
    """Return the result of an engine that ended, or so far."""
    context, counters = engine.context, engine.counters
    tally, followed = context.frontier.tally(), context.frontier.index.followed_tally()
    if isinstance(context.scope, FirstOf):
        followed[context.scope.kind] = {"full": context.scope.taken, "mentioned": 0}
    estimator = engine.recorder.coverage
    requests = counters.requests
    named = context.scope.named
    not_found = _not_found(engine, named) if named else []
    shares_found = named.shares_found(not_found) if named else {}
    return CrawlResult(
        run=context.run,
        source=context.source.manifest.name,
        origin=origin,
        access=context.access,
        status=engine.ending.status,
        resume_at=context.limiter.parked_until,
        calls=requests,
        calls_by_endpoint=dict(counters.by_endpoint),
        status_counts=dict(counters.by_status),
        records={PLURALS[kind]: tally[kind] for kind in WANTED if kind in tally},
        new_per_call=round(counters.gain / requests, 3) if requests else 0.0,
        coverage={
            PLURALS[kind]: [min(share, shares_found.get(kind, 1.0)) for share in shares]
            for kind, shares in estimator.coverage().items()
        },
        yields=context.planner.yields(),
        coverage_by_list={name: list(share) for name, share in estimator.lists().items()},
        findings=engine.findings.rows(),
        scope=context.scope.label,
        in_scope={PLURALS[kind]: rows for kind, rows in followed.items() if kind in WANTED},
        named=len(named.links) if named else 0,
        not_found=not_found,
        namesakes=named.namesakes() if named else [],
        elapsed_s=round(elapsed_seconds, 3),
    )
