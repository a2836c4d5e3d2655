"""Detection of drift: responses that no longer hold the fields that the manifest promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import UNSET

from phonofilm.records import BY_KIND, Record, core_fields
from phonofilm.sources.contract import Finding
from phonofilm.sources.manifest import Endpoint, Manifest

# All chosen in November 2026, not tuned. Nothing is judged by fewer records of an endpoint; the
# first ones are all looked at, later ones in every tenth response, which costs next to nothing.
_RECORDS_MIN = 40
_ALL_RECORDS, _THEN_EVERY = 200, 10


class FieldDrift:
    """Fields that are missing from more than `share` (0 to 1) of the records of an endpoint.

    Only fields are promised that every shape of the listed kind shows at this access level, and
    that make a record full.
    """

    def __init__(self, manifest: Manifest, access: str, share: float) -> None:
        self._manifest, self._access, self._share = manifest, access, share
        self._promised: dict[str, tuple[str, ...]] = {}
        self._records: Counter[str] = Counter()
        self._responses: Counter[str] = Counter()
        self._missing: Counter[tuple[str, str]] = Counter()

    def check(self, name: str, records: Iterable[Record]) -> Finding | None:
        """Check the records of a response of an endpoint.

        Returns a finding once a promised field is missing too often.
        """
        endpoint = self._manifest.endpoints[name]
        promised = self._promised.get(name)
        if promised is None:
            promised = self._promised[name] = tuple(sorted(self._promises(endpoint)))
        self._responses[name] += 1
        if not promised:
            return None
        if self._records[name] > _ALL_RECORDS and self._responses[name] % _THEN_EVERY:
            return None
        for record in records:
            if record.kind == endpoint.item_kind:
                self._records[name] += 1
                for field in promised:
                    if getattr(record, field) is UNSET:
                        self._missing[name, field] += 1
        return self._judge(name, endpoint.item_kind, promised)

    def _promises(self, endpoint: Endpoint) -> frozenset[str]:
        """Return the core fields that all shapes of the listed kind show."""
        kind = endpoint.item_kind
        shapes = [shape for shape in endpoint.returns if shape.partition(".")[0] == kind]
        if not shapes or kind not in BY_KIND:
            return frozenset()
        shown = [self._manifest.shown(shape, self._access) for shape in shapes]
        return frozenset.intersection(*shown) & core_fields(BY_KIND[kind])

    def _judge(self, name: str, kind: str, promised: tuple[str, ...]) -> Finding | None:
        records = self._records[name]
        if records < _RECORDS_MIN:
            return None
        for field in promised:
            missing = self._missing[name, field]
            if missing > self._share * records:
                detail = f"{kind}.{field} is missing from {missing} of {records} that {name} listed"
                return Finding("vanished_field", detail)
        return None
