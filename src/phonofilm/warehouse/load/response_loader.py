"""Loads the responses of segments: parsed again, staged and merged."""

from __future__ import annotations

import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.landing.segments import read_segments
from phonofilm.records import BY_KIND, Record
from phonofilm.runtime.event_loop import infrequent_gc
from phonofilm.sources import get
from phonofilm.sources.contract import ODD_RESPONSES
from phonofilm.sources.http import HttpSource
from phonofilm.timestamps import DAY_US, naive_utc, naive_utc_now
from phonofilm.warehouse.engines.base import QuarantinedRow, Warehouse
from phonofilm.warehouse.load.counts import LoadCounts
from phonofilm.warehouse.load.list_pages import list_pages
from phonofilm.warehouse.load.staging import Stage, fits, order_key
from phonofilm.warehouse.schema.removal_sql import CHANGED_KINDS, update_removed

SCRATCH_PREFIX = "load-"
# Records of one stage. From 8,000 to 60,000 the speed was the same within the noise (100,000
# artists, November 2026). 80,000 was chosen, not tuned, when comments came: fewer merges are left
# that compare with rows that are stored already.
_STAGE_RECORDS = 80_000
_EXCERPT_CHARS = 400
_LOST_ITEMS = ("malformed_item", "without_id")
"""Findings of items that are in no table."""


class ResponseLoader:
    """Loads segments into one warehouse, inside the transaction of the load.

    With `careful` every value is checked against its column, which costs time; records that do
    not fit are quarantined.
    """

    def __init__(
        self, scratch_parent: Path, warehouse: Warehouse, counts: LoadCounts, careful: bool
    ) -> None:
        self._scratch_parent, self._warehouse, self._counts = scratch_parent, warehouse, counts
        self._careful = careful
        self._stage = Stage()
        self._full_masks: dict[tuple[str, str], dict[str, int]] = {}
        self._quarantined: list[QuarantinedRow] = []

    def load(self, segments: SegmentStore, names: list[str]) -> None:
        """Load segments by name; their order has no effect on the result."""
        with (
            tempfile.TemporaryDirectory(dir=self._scratch_parent, prefix=SCRATCH_PREFIX) as scratch,
            ThreadPoolExecutor(1) as merger,
            infrequent_gc(),
        ):
            merging: Future[None] | None = None
            for envelope in read_segments(map(segments.path, names)):
                self._read(envelope)
                if self._stage.size >= _STAGE_RECORDS:
                    merging = self._merge_in_thread(merger, merging, Path(scratch))
            merging = self._merge_in_thread(merger, merging, Path(scratch))
            merging.result()
        if names:
            self._update_removed()
        self._warehouse.quarantine(self._quarantined)
        self._counts.quarantined += len(self._quarantined)
        self._counts.segments += len(names)
        new = set(names) - self._warehouse.loaded_names()
        self._warehouse.mark_loaded(sorted(new), naive_utc_now())

    def _update_removed(self) -> None:
        """Note the rows that are not in their list any more, of lists that were seen again."""
        for (kind,) in self._warehouse.rows(CHANGED_KINDS):
            for statement in update_removed(BY_KIND[kind]):
                if self._warehouse.execute(statement):
                    self._warehouse.wrote = True

    def _merge_in_thread(
        self, merger: ThreadPoolExecutor, last: Future[None] | None, scratch: Path
    ) -> Future[None]:
        """Merge the stage while the next responses are parsed: the database needs no Python."""
        if last:
            last.result()
        stage, self._stage = self._stage, Stage()
        return merger.submit(self._merge, stage, scratch)

    def _merge(self, stage: Stage, scratch: Path) -> None:
        for cls in stage.kinds():
            repeated = stage.write(cls, scratch)
            self._warehouse.batches.from_responses(cls, scratch, repeated)
            self._counts.add(cls.plural, self._warehouse.merge(cls))

    def _read(self, envelope: Envelope) -> None:
        """Parse a response and stage its records."""
        self._counts.responses += 1
        source = get(envelope.source)
        keep_days = source.manifest.terms.keep_days
        keep_us = None if keep_days is None else keep_days * DAY_US
        try:
            page = source.parse(envelope.request, envelope.response)
        except ODD_RESPONSES as error:
            self._quarantine(envelope, str(error), keep_us)
            return
        if self._careful:
            page.records = self._fitting(envelope, page.records, keep_us)
        for finding in page.findings:
            self._counts.add_finding(finding.kind, 1, finding.detail)
            if finding.kind in _LOST_ITEMS:
                self._quarantine(envelope, finding.detail, keep_us)
        endpoint = source.manifest.endpoints[envelope.endpoint]
        looked_up = (
            {(endpoint.subject, id_) for id_ in envelope.ids} if endpoint.looks_up else set()
        )
        full_masks = self._full_masks_of(source, envelope.access)
        key = order_key(envelope.fetched_at, envelope.sha256)
        records = [*page.records, *list_pages(envelope, endpoint, page, key)]
        self._stage.add(envelope, records, full_masks, looked_up, keep_us)

    def _fitting(
        self, envelope: Envelope, records: list[Record], keep_us: int | None
    ) -> list[Record]:
        """Return the records that a table can store, and quarantine the others."""
        fitting = [record for record in records if fits(record)]
        for record in records:
            if not fits(record):
                self._quarantine(envelope, f"no such {record.kind}: {record.id[:60]}", keep_us)
        return fitting

    def _full_masks_of(self, source: HttpSource, access: str) -> dict[str, int]:
        """Return the fields of a full record at an access level, by kind."""
        key = source.manifest.name, access
        if key not in self._full_masks:
            wanted = source.manifest.wanted_mask
            self._full_masks[key] = {kind: wanted(kind, access) for kind in BY_KIND}
        return self._full_masks[key]

    def _quarantine(self, envelope: Envelope, reason: str, keep_us: int | None) -> None:
        """Quarantine a body, or an item of it, that does not parse."""
        self._quarantined.append(
            QuarantinedRow(
                source=envelope.source,
                endpoint=envelope.endpoint,
                ids=envelope.ids,
                offset=envelope.offset,
                fetched_at=naive_utc(envelope.fetched_at),
                sha256=envelope.sha256,
                reason=reason,
                excerpt=envelope.body[:_EXCERPT_CHARS],
                expires_at=None if keep_us is None else naive_utc(envelope.fetched_at + keep_us),
            )
        )
