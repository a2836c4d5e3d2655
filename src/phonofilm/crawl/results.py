"""Result of one crawl, as it is printed, returned and stored with the run."""

from __future__ import annotations

from typing import Any

import msgspec

from phonofilm.crawl.engine import Engine
from phonofilm.crawl.planner.queues.base import QueueYield
from phonofilm.errors import exit_code_of
from phonofilm.media.downloads import MediaResult
from phonofilm.records.kinds import PLURALS, WANTED


class CrawlResult(msgspec.Struct):
    """Status, figures and findings of a crawl.

    `resume_at` is Unix seconds. `coverage` holds fractions by plural kind: estimate, low and high
    end of the 90 % interval.
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

    @property
    def exit_code(self) -> int:
        """4 when parked, 130 when interrupted, else 0."""
        return exit_code_of(self.status)


def result_of(engine: Engine, origin: str, elapsed_seconds: float) -> CrawlResult:
    """Return the result of an engine that ended, or so far."""
    context, counters = engine.context, engine.counters
    tally = context.frontier.tally()
    estimator = engine.recorder.coverage
    requests = counters.requests
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
        coverage={PLURALS[kind]: list(share) for kind, share in estimator.coverage().items()},
        yields=context.planner.yields(),
        coverage_by_list={name: list(share) for name, share in estimator.lists().items()},
        findings=engine.findings.rows(),
        elapsed_s=round(elapsed_seconds, 3),
    )
