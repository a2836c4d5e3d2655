"""Odd things that a person should know: what, how often, where, one example of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from phonofilm.logs import log

_LONGEST = 300


class Findings:
    """Counts by kind and by endpoint; the first of each kind is its example."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._where: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._examples: dict[str, str] = {}

    def add(self, kind: str, detail: str, endpoint: str = "") -> None:
        """Something odd was met."""
        if not self.counts[kind]:
            log.warning("finding", kind=kind, detail=detail[:_LONGEST])
        self.counts[kind] += 1
        self._examples.setdefault(kind, detail[:_LONGEST])
        if endpoint:
            self._where[kind][endpoint] += 1

    def worst(self) -> str:
        """The most frequent kind with its example; empty when there is none."""
        if not self.counts:
            return ""
        kind = self.counts.most_common(1)[0][0]
        return f"{kind.replace('_', ' ')}: {self._examples[kind]}"

    def rows(self) -> list[dict[str, Any]]:
        """All of them, the most frequent first."""
        return [
            {
                "kind": kind,
                "count": count,
                "where": dict(self._where[kind]),
                "example": self._examples[kind],
            }
            for kind, count in self.counts.most_common()
        ]
