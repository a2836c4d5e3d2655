"""Notices when answers no longer hold what the manifest promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import UNSET

from phonofilm.records import BY_KIND, Record, core_fields
from phonofilm.sources.contract import Finding
from phonofilm.sources.manifest import Endpoint, Manifest

# Judged after so many things of one kind of call; the first ones all, later ones now and then.
_LEAST = 40
_ALL_UNTIL, _THEN_EVERY = 200, 10


class FieldDrift:
    """Fields that are missing from more than `share` of what a call lists.

    Only fields that every shape of the listed kind shows at this access level, and that make a
    record full, are promised.
    """

    def __init__(self, manifest: Manifest, access: str, share: float) -> None:
        self._manifest, self._access, self._share = manifest, access, share
        self._promised: dict[str, tuple[str, ...]] = {}
        self._seen: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._missing: Counter[tuple[str, str]] = Counter()

    def see(self, endpoint: str, records: Iterable[Record]) -> Finding | None:
        """Looks at what an answer listed; a finding once a promise is broken too often."""
        spec = self._manifest.endpoints[endpoint]
        promised = self._promised.get(endpoint)
        if promised is None:
            promised = self._promised[endpoint] = tuple(sorted(self._promises(spec)))
        self._answers[endpoint] += 1
        if not promised:
            return None
        if self._seen[endpoint] > _ALL_UNTIL and self._answers[endpoint] % _THEN_EVERY:
            return None
        for record in records:
            if record.kind == spec.item_kind:
                self._seen[endpoint] += 1
                for field in promised:
                    if getattr(record, field) is UNSET:
                        self._missing[endpoint, field] += 1
        return self._judge(endpoint, spec.item_kind, promised)

    def _promises(self, spec: Endpoint) -> frozenset[str]:
        shapes = [s for s in spec.returns if s.partition(".")[0] == spec.item_kind]
        if not shapes or spec.item_kind not in BY_KIND:
            return frozenset()
        held = [self._manifest.shown(shape, self._access) for shape in shapes]
        return frozenset.intersection(*held) & core_fields(BY_KIND[spec.item_kind])

    def _judge(self, endpoint: str, kind: str, promised: tuple[str, ...]) -> Finding | None:
        seen = self._seen[endpoint]
        if seen < _LEAST:
            return None
        for field in promised:
            missing = self._missing[endpoint, field]
            if missing > self._share * seen:
                told = f"{kind}.{field} is missing from {missing} of {seen} that {endpoint} listed"
                return Finding("vanished_field", told)
        return None
