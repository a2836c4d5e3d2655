"""Counts of a load, shared by the loaders of responses and dumps."""

from __future__ import annotations

from collections import Counter

import msgspec

from phonofilm.warehouse.engines.base import Merged

_EXAMPLE_CHARS = 200


class Loaded(msgspec.Struct):
    """Result of a load: rows by plural kind, and `answers`, the number of responses read.

    `findings` are counted by kind, with one of `examples` each. `landing_in_use` names the process
    that was still writing responses; its newest ones were not sealed yet.
    """

    inserted: dict[str, int]
    updated: dict[str, int]
    unchanged: dict[str, int]
    quarantined: int
    findings: dict[str, int]
    answers: int
    segments: int
    elapsed_s: float
    examples: dict[str, str] = {}
    landing_in_use: str = ""


class LoadCounts:
    """Rows, findings and quarantined rows so far; `segments` counts dumps as well."""

    def __init__(self) -> None:
        self.merged: dict[str, Merged] = {}
        self.findings: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.quarantined = 0
        self.responses = 0
        self.segments = 0

    def add(self, plural: str, merged: Merged) -> None:
        """Add the rows of a merge."""
        total = self.merged.get(plural, Merged(inserted=0, updated=0, unchanged=0))
        self.merged[plural] = Merged._make(map(sum, zip(total, merged, strict=True)))

    def add_finding(self, kind: str, count: int, example: str) -> None:
        """Count a finding; the first of a kind is its example."""
        self.findings[kind] += count
        self.examples.setdefault(kind, example[:_EXAMPLE_CHARS])

    def result(self, elapsed_s: float) -> Loaded:
        """Return the result of the load."""
        rows = self.merged.items()
        return Loaded(
            inserted={plural: merged.inserted for plural, merged in rows},
            updated={plural: merged.updated for plural, merged in rows},
            unchanged={plural: merged.unchanged for plural, merged in rows},
            quarantined=self.quarantined,
            findings=dict(self.findings),
            answers=self.responses,
            segments=self.segments,
            elapsed_s=round(elapsed_s, 3),
            examples=dict(self.examples),
        )
