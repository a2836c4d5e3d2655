"""Endpoints that are gone as a whole, detected by rejected ids."""

from __future__ import annotations

from phonofilm.crawl.frontier.base import Task
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.sources.manifest import Manifest

# Different ids that an endpoint must reject before it counts as absent. Chosen in November 2026.
_REJECTED_IDS_MIN = 3


class AbsenceDetector:
    """Endpoints that answered, and the ids that the others rejected."""

    def __init__(self, manifest: Manifest, scope: Scope, answered: set[str]) -> None:
        self._may_be_gone, self._scope, self._answered = manifest.may_be_gone, scope, answered
        self._rejected_ids: dict[str, set[tuple[str, ...]]] = {}

    def on_answered(self, endpoint: str) -> None:
        """Note that an endpoint answered: it is there."""
        self._answered.add(endpoint)

    def has_answered(self, endpoint: str) -> bool:
        """Tell whether an endpoint ever answered, in this run or before."""
        return endpoint in self._answered

    def is_absent(self, task: Task) -> bool:
        """Tell whether the endpoint of a rejected task is absent.

        One rejection is enough where the manifest says that the endpoint may be gone, unless a
        person gave the ids, which then may simply be wrong. Else three different ids are needed.
        """
        endpoint = task.request.endpoint
        if endpoint in self._answered:
            return False
        rejected = self._rejected_ids.setdefault(endpoint, set())
        rejected.add(task.request.ids)
        named = self._scope.names(task.request.ids)
        expected = endpoint in self._may_be_gone and not named
        return expected or len(rejected) >= _REJECTED_IDS_MIN
