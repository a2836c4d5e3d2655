"""Mentioned nodes of which no permitted request tells more, because their look-up was answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.levels import IGNORED
from phonofilm.sources.manifest import Endpoint


class UnobtainableNodes:
    """Nodes whose look-up is answered and that are not full: the source has nothing more of them.

    One that another response makes full counts no more. A look-up that failed is none of these,
    because the next run repeats it.
    """

    def __init__(self, frontier: Frontier, endpoints: Mapping[str, Endpoint]) -> None:
        self._frontier = frontier
        self._nodes: dict[str, set[int]] = {}
        for name, endpoint in endpoints.items():
            if endpoint.role == "detail":
                self.add(endpoint.subject, frontier.settled_nodes(name))

    def add(self, kind: str, nodes: Iterable[int]) -> None:
        """Add nodes of a kind whose look-up was answered."""
        lacking = (node for node in nodes if not self._frontier.is_full(node))
        self._nodes.setdefault(kind, set()).update(lacking)

    def count(self, kind: str) -> int:
        """Count the followed nodes of a kind that are not full and stay so."""
        frontier = self._frontier
        return sum(
            not frontier.is_full(node) and frontier.level(node) > IGNORED
            for node in self._nodes.get(kind, ())
        )
