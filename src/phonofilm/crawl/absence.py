"""Endpoints that are absent as a whole, concluded from refusals of nodes that are known to exist.

A refusal mostly concerns the id of the request. It is evidence on the endpoint only where another
response proved that the node exists, and the conclusion is tested once a run by one more request.
"""

from __future__ import annotations

from collections.abc import Mapping

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.sources.manifest import Endpoint, Manifest

# Nodes that must be refused: few where the manifest says that some access level lost the endpoint,
# many elsewhere, because lists begin with private or withdrawn items often enough (playlists whose
# first three tracks are gone were reported for Deezer and Spotify). Chosen in November 2026.
_EXPECTED_MIN, _UNEXPECTED_MIN = 3, 20
# One id refuses its batch, and half of it, and a quarter of it. Chosen, too.
_EXPECTED_BATCHES_MIN = 6
# Nodes of unknown existence that must be refused where the endpoint may be gone. Chosen, too.
_MENTIONED_MIN = 20
ABSENCE_EXPIRY_SECONDS = 7 * 86_400.0
"""An endpoint is not taken for absent any longer after so many seconds. Chosen, not tuned."""


class AbsenceDetector:
    """Endpoints that answered, and the existing nodes that the others refused."""

    def __init__(self, manifest: Manifest, scope: Scope, frontier: Frontier) -> None:
        self._manifest, self._scope, self._frontier = manifest, scope, frontier
        self._answered = frontier.history.answered_endpoints()
        # By endpoint and nodes of a request: whether they exist for sure.
        self._refused: dict[str, dict[tuple[int, ...], bool]] = {}

    def on_answered(self, endpoint: str) -> None:
        """Note that an endpoint answered: it is there."""
        self._answered.add(endpoint)

    def has_answered(self, endpoint: str) -> bool:
        """Tell whether an endpoint ever answered, in this run or before."""
        return endpoint in self._answered

    def may_pass(self, endpoint: str, verdict: str) -> bool:
        """Tell whether a refusal may be a passing fault, so that the next run tries again.

        That is one by an endpoint that never answered; a node that is missing is so for good, but
        where the whole endpoint may be gone.
        """
        if endpoint in self._answered:
            return False
        return verdict != "missing" or endpoint in self._manifest.may_be_gone

    def is_absent(self, task: Task, verdict: str) -> bool:
        """Tell whether the endpoint of a refused task is absent."""
        endpoint = task.request.endpoint
        if endpoint in self._answered or task.continuation_row is not None:
            return False
        spec = self._manifest.endpoints[endpoint]
        if spec.subject == "root":
            return True  # no id could be to blame
        refused = self._refused.setdefault(endpoint, {})
        named = self._scope.names(task.request.ids)
        refused[task.nodes] = verdict == "forbidden" and not named
        return self._is_proved(endpoint, spec, refused)

    def _is_proved(
        self, endpoint: str, spec: Endpoint, refused: Mapping[tuple[int, ...], bool]
    ) -> bool:
        """Tell whether enough requests about nodes that exist were refused.

        A full node was described by another endpoint, perhaps after the refusal. A node that was
        only mentioned may be withdrawn (404); one that may not be read (403) exists, unless a
        person made it up. That a look-up finds nothing (404) says nothing of other nodes.
        """
        is_full, looks_up = self._frontier.is_full, spec.role == "detail"
        existing = sum(
            exists or (not looks_up and all(map(is_full, nodes)))
            for nodes, exists in refused.items()
        )
        if endpoint not in self._manifest.may_be_gone:
            return existing >= _UNEXPECTED_MIN
        mentioned = 0 if looks_up else len(refused)
        expected_min = _EXPECTED_MIN if spec.batch == 1 else _EXPECTED_BATCHES_MIN
        return existing >= expected_min or mentioned >= _MENTIONED_MIN
