"""Findings: oddities that a person should know, with kind, count, endpoints and one example."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from phonofilm.logs import log

_EXAMPLE_CHARACTERS_MAX, _EXAMPLES_CHARACTERS_MAX = 300, 2000


class Findings:
    """Findings of one run, counted by kind and endpoint. The first of a kind is its example."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._endpoints: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._examples: dict[str, str] = {}

    def add(self, kind: str, detail: str, endpoint: str = "", *, each: bool = False) -> None:
        """Add a finding; the first of its kind is logged.

        With `each`, every finding of the kind is news: all are logged, and the example joins them.
        """
        example = detail[:_EXAMPLE_CHARACTERS_MAX]
        if each or not self.counts[kind]:
            log.warning("finding", kind=kind, detail=example)
        if each and self.counts[kind]:
            joined = f"{self._examples[kind]}; {example}"
            self._examples[kind] = joined[:_EXAMPLES_CHARACTERS_MAX]
        self.counts[kind] += 1
        self._examples.setdefault(kind, example)
        if endpoint:
            self._endpoints[kind][endpoint] += 1

    def worst(self) -> str:
        """Return the most frequent kind with its example; empty when there is none."""
        if not self.counts:
            return ""
        kind = self.counts.most_common(1)[0][0]
        return f"{kind.replace('_', ' ')}: {self._examples[kind]}"

    def rows(self) -> list[dict[str, Any]]:
        """Return all findings as rows for results and reports, the most frequent first."""
        return [
            {
                "kind": kind,
                "count": count,
                "where": dict(self._endpoints[kind]),
                "example": self._examples[kind],
            }
            for kind, count in self.counts.most_common()
        ]
