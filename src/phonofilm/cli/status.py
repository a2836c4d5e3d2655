"""`phonofilm status`: what the frontiers of a data folder know."""

from __future__ import annotations

import json as json_library
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import note, print_json, print_table, say
from phonofilm.cli.summary import print_finding, print_records
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.results import not_found_file
from phonofilm.errors import UsageError
from phonofilm.files import readable_database
from phonofilm.formatting import format_coverage, format_minute
from phonofilm.records.kinds import PLURALS, WANTED
from phonofilm.sources import source_names
from phonofilm.warehouse.snapshots import published


class QueueSummary(msgspec.Struct, kw_only=True):
    """Requests of one queue, the gain they brought, and the expected gain of the next one.

    `expected`, `error` and `pending` are those at the end of the last run; None when it had no such
    queue. `dry` queues were given up.
    """

    queue: str = msgspec.field(name="call")
    requests: int = msgspec.field(name="calls")
    gain: float = msgspec.field(name="brought")
    expected: float | None
    error: float | None
    pending: int | None = msgspec.field(name="open")
    dry: bool


class SourceStatus(msgspec.Struct, kw_only=True):
    """What the frontier of one source knows; `last_run` is the result of its last crawl."""

    yields: list[QueueSummary]
    origin: str | None
    access: str | None
    parked_until: float | None
    records: dict[str, dict[str, int]]
    request_counts: list[list[Any]] = msgspec.field(name="calls")
    absent: list[str]
    last_run: dict[str, Any] | None


def command(
    yields: Annotated[
        bool, typer.Option("--yields", help="What each kind of call brought and may bring.")
    ] = False,
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Show by source what is known, its coverage, the requests made, what is parked."""
    workspace = shared.open_workspace(data)
    workspace.check()
    paths = {name: workspace.frontier / f"{name}.sqlite" for name in source_names()}
    sources = {name: _read_status(path) for name, path in paths.items() if path.exists()}
    snapshot = published(workspace)
    if json:
        print_json({"sources": sources, "snapshot": snapshot.stem if snapshot else None})
        return
    if not sources:
        raise UsageError(
            f"{workspace.root} holds nothing yet.",
            next_step="Begin with: phonofilm crawl deezer -n 100",
        )
    for name, status in sources.items():
        _print_status(name, status, yields)
    note(f"Newest snapshot: {snapshot.stem if snapshot else 'none yet, run phonofilm load'}")


def _read_status(path: Path) -> SourceStatus:
    with readable_database(path) as readable:
        return _read_frontier(readable)


def _read_frontier(path: Path) -> SourceStatus:
    frontier = open_frontier(path)
    try:
        runs = frontier.history.runs()
        last_run = json_library.loads(runs[-1][2]) if runs else None
        tally = frontier.tally()
        parked_until = float(frontier.settings.get("parked_until") or 0.0)
        return SourceStatus(
            yields=_summarise_queues(frontier, last_run or {}),
            origin=frontier.settings.get("origin")
            or (last_run or {}).get("origin")
            or frontier.settings.get("parked_origin"),
            access=frontier.settings.get("access") or (last_run or {}).get("access"),
            parked_until=parked_until if parked_until > time.time() else None,
            records={PLURALS[kind]: tally[kind] for kind in WANTED if kind in tally},
            request_counts=[list(row) for row in frontier.history.request_counts()],
            absent=sorted(frontier.absent()),
            last_run=last_run,
        )
    finally:
        frontier.close()


def _summarise_queues(frontier: Frontier, last_run: dict[str, Any]) -> list[QueueSummary]:
    at_end = {row["name"]: row for row in last_run.get("yields", [])}
    summaries = []
    for queue, requests, gain, _ in frontier.history.gain_by_queue():
        estimate = at_end.get(queue, {})
        summaries.append(
            QueueSummary(
                queue=queue,
                requests=requests,
                gain=gain,
                expected=estimate.get("gain"),
                error=estimate.get("error"),
                pending=estimate.get("pending"),
                dry=estimate.get("dry", False),
            )
        )
    return summaries


def _print_status(name: str, status: SourceStatus, yields: bool) -> None:
    last_run = status.last_run or {}
    say((name, "bold"), f" from {status.origin}", f" ({status.access})" if status.access else "")
    if status.parked_until:
        say("  ", ("⏸", "yellow"), f" parked until {format_minute(status.parked_until)}")
    print_records(status.records, last_run.get("coverage", {}))
    if yields:
        _print_queues(status.yields)
        _print_lists(last_run.get("coverage_by_list", {}))
    else:
        print_table(("endpoint", "status", "calls"), status.request_counts)
    for finding in last_run.get("findings", []):
        print_finding(finding)
    if not_found := last_run.get("not_found"):
        say(f"  {len(not_found):,} that were named were not found: {not_found_file(name)}")
    if status.absent:
        say(f"  not there at this access level: {', '.join(status.absent)}")


def _print_queues(queues: list[QueueSummary]) -> None:
    rows = [
        (
            queue.queue,
            queue.requests,
            f"{queue.gain:,.1f}",
            f"{queue.gain / queue.requests if queue.requests else 0.0:.2f}",
            "-" if queue.expected is None else f"{queue.expected:.2f} ± {queue.error:.2f}",
            "dry" if queue.dry else queue.pending,
        )
        for queue in queues
    ]
    print_table(("call", "made", "brought", "a call", "next, expected", "open"), rows)
    note(
        "Brought: new records of wanted kinds, a full one 1, a mention 0.5. A + is a further page."
    )


def _print_lists(coverage_by_list: dict[str, list[float]]) -> None:
    if coverage_by_list:
        rows = [(name, format_coverage(share)) for name, share in coverage_by_list.items()]
        print_table(("list", "known"), rows)
