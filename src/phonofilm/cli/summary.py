"""Lines and tables about a source that several verbs print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phonofilm.cli.console import print_table, say, warn
from phonofilm.formatting import format_coverage, format_minute

CONTINUE = "Go on with the same command; what is known is not asked again."


def print_records(
    records: Mapping[str, Mapping[str, int]], coverage: Mapping[str, Sequence[float]]
) -> None:
    """Print full and mentioned records by table, with the coverage where it is known."""
    rows = [
        (
            table,
            counts["full"],
            counts["mentioned"],
            format_coverage(coverage[table]) if coverage.get(table) else "",
        )
        for table, counts in records.items()
    ]
    print_table(("", "full", "mentioned", "of the reachable"), rows)


def print_finding(finding: Mapping[str, Any]) -> None:
    """Print a finding: its kind, count, endpoints and one example."""
    endpoints = ", ".join(finding.get("where", {}))
    location = f" in {endpoints}" if endpoints else ""
    kind = finding["kind"].replace("_", " ")
    warn(f"{kind} x{finding['count']:,}{location}: {finding['example']}")


def print_parked(source: str, resume_at: float) -> None:
    """Print that a source is parked until an instant (Unix seconds)."""
    say(("⏸", "yellow"), f" {source} is parked until {format_minute(resume_at)}.")
