"""Useful rows per permitted call and per day, by source and access level.

A crawl for artists, albums and tracks in a world that is far larger than a day of calls: what the
first calls bring, times the calls that the manifest permits in a day.

python -m benchmarks.rows [CALLS]
"""

from __future__ import annotations

import sys

from benchmarks import direct
from benchmarks.tables import table
from phonofilm.sandbox.kernel.server import Plan, SandboxServer
from phonofilm.sources import get, source_names
from phonofilm.sources.manifest import Budget

ARTISTS = 8000
KINDS = ("artist", "album", "track")
NONE = {"full": 0, "mentioned": 0}


def a_day(budgets: list[Budget]) -> int:
    """Calls that the tightest budget permits in a day."""
    return min(int(budget.limit * 86_400 / budget.seconds) for budget in budgets)


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 900
    rows = []
    for name in source_names():
        manifest = get(name).manifest
        for access, level in manifest.access.items():
            found = {}
            for policy in ("information", "breadth"):
                served = SandboxServer(Plan(name, access, ARTISTS, 7, rate="none"))
                wants = dict.fromkeys(KINDS)
                _, engine = direct.crawl(served, name, wants, policy, max_calls=calls)
                found[policy] = engine.kept_tally
            ours, usual = found["information"], found["breadth"]
            full = sum(ours.get(kind, NONE)["full"] for kind in KINDS)
            named = sum(ours.get(kind, NONE)["mentioned"] for kind in KINDS)
            before = sum(usual.get(kind, NONE)["full"] for kind in KINDS)
            permitted = a_day(level.budgets)
            rows.append(
                (
                    manifest.title,
                    access,
                    f"{full / calls:.1f}",
                    f"{named / calls:.1f}",
                    f"{before / calls:.1f}",
                    f"{permitted:,}",
                    f"{full / calls * permitted:,.0f}",
                )
            )
    names = (
        "source",
        "access",
        "full rows a call",
        "and mentioned",
        "full rows a call, breadth first",
        "calls a day",
        "full rows a day",
    )
    table(f"Useful rows: artists, albums and tracks, first {calls} calls", names, rows)


if __name__ == "__main__":
    main()
