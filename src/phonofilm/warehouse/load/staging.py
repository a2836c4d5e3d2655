"""Staging: records of many responses, collected in memory before they are merged.

The order key of a response orders it among all others: milliseconds since 2020 in the upper bits,
then 23 bits of the body's hash, so that two responses of one millisecond have one order everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from phonofilm.landing.envelope import Envelope
from phonofilm.records import ABSENT, Record, columns, field_mask_of
from phonofilm.timestamps import DAY_US
from phonofilm.warehouse.engines.batches import RECORDS_FILE, RESPONSES_FILE

_EPOCH_MS = 1_577_836_800_000  # 2020-01-01


def order_key(fetched_us: int, sha256: str) -> int:
    """Return the order key of a response, fetched at an instant in Unix microseconds."""
    return max(0, fetched_us // 1000 - _EPOCH_MS) << 23 | int(sha256[:8], 16) >> 9


class ResponseInfo(msgspec.Struct, gc=False):
    """What all records of one response share.

    `number` counts the responses of a stage, `day` the days since 1970; `digest` is the start of
    the SHA-256. Times are Unix microseconds.
    """

    number: int
    order_key: int
    fetched_us: int
    day: int
    expires_us: int | None
    digest: str


class StagedRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """One record of the response `number`; `mask` are the fields that the response had.

    `first_us`, `last_us` and `expires_us` are written only after another response was absorbed,
    whose times they cover; otherwise they are those of the response.
    """

    mask: int
    complete: bool
    number: int
    record: Record
    first_us: int | None = None
    last_us: int | None = None
    expires_us: int | None = None


class Stage:
    """Records of many responses by kind.

    A record is absorbed when a later response of the same day has all its fields, because it can
    change nothing then but the dates of the row.
    """

    def __init__(self) -> None:
        self._newest: dict[type[Record], dict[tuple[str, str], StagedRecord]] = defaultdict(dict)
        self._older: dict[type[Record], list[StagedRecord]] = defaultdict(list)
        self._responses: list[ResponseInfo] = []
        self.size = 0

    def add(
        self,
        envelope: Envelope,
        records: Sequence[Record],
        full_masks: dict[str, int],
        looked_up: set[tuple[str, str]],
        keep_us: int | None,
    ) -> None:
        """Stage the records of a response.

        A record is complete when it has all fields of `full_masks` for its kind, or was
        `looked_up` by kind and id. It expires `keep_us` microseconds after it was fetched.
        """
        number, fetched_us = len(self._responses), envelope.fetched_at
        self._responses.append(
            ResponseInfo(
                number=number,
                order_key=order_key(fetched_us, envelope.sha256),
                fetched_us=fetched_us,
                day=fetched_us // DAY_US,
                expires_us=None if keep_us is None else fetched_us + keep_us,
                digest=envelope.sha256[:16],
            )
        )
        for record in _unique(records):
            cls = type(record)
            mask, full_mask = field_mask_of(cls)(record), full_masks.get(cls.kind, 0)
            complete = mask & full_mask == full_mask or (cls.kind, record.id) in looked_up
            newest, key = self._newest[cls], (record.source, record.id)
            staged = StagedRecord(mask=mask, complete=complete, number=number, record=record)
            other = newest.get(key)
            if other is None:
                newest[key] = staged
                self.size += 1
            else:
                newest[key] = self._combine(cls, other, staged)

    def _combine(self, cls: type[Record], old: StagedRecord, new: StagedRecord) -> StagedRecord:
        """Stage a second response with the same record, and return the newer of the two."""
        a, b = self._responses[old.number], self._responses[new.number]
        newer, older = (new, old) if b.order_key >= a.order_key else (old, new)
        if a.day == b.day and older.mask & ~newer.mask == 0:
            self._absorb(newer, older)
        else:
            self._older[cls].append(older)
            self.size += 1
        return newer

    def _absorb(self, newer: StagedRecord, older: StagedRecord) -> None:
        """Widen the dates of a record by those of one that is left out."""
        a, b = self._responses[newer.number], self._responses[older.number]
        newer.first_us = min(newer.first_us or a.fetched_us, older.first_us or b.fetched_us)
        newer.last_us = max(newer.last_us or a.fetched_us, older.last_us or b.fetched_us)
        newer.complete = newer.complete or older.complete
        expiries = (newer.expires_us, a.expires_us, older.expires_us, b.expires_us)
        newer.expires_us = max((e for e in expiries if e is not None), default=None)

    def kinds(self) -> list[type[Record]]:
        """Return the kinds of staged records, in the order of their first record."""
        return list(self._newest)

    def write(self, cls: type[Record], folder: Path) -> bool:
        """Write the records of a kind and all responses as JSON lines for a batch.

        Return True when a record is there more than once.
        """
        encode = msgspec.json.Encoder().encode_lines
        older = self._older[cls]
        (folder / RECORDS_FILE).write_bytes(encode([*self._newest[cls].values(), *older]))
        (folder / RESPONSES_FILE).write_bytes(encode(self._responses))
        return bool(older)


_PYTHON_TYPES = {"VARCHAR": (str,), "BIGINT": (int,), "DOUBLE": (int, float), "BOOLEAN": (bool,)}


def fits(record: Record) -> bool:
    """Tell whether the columns of a record can store all its values."""
    for column in columns(type(record)):
        value = getattr(record, column.name)
        if value is None or value is ABSENT:
            continue
        if column.sql_type == "VARCHAR[]":
            if not isinstance(value, list) or not all(
                element is None or isinstance(element, str) for element in value
            ):
                return False
        elif not isinstance(value, _PYTHON_TYPES[column.sql_type]) or (
            isinstance(value, int) and not -(2**63) <= value < 2**63
        ):
            return False
    return True


def _unique(records: Sequence[Record]) -> Iterable[Record]:
    """Merge the records that a response lists twice; the later values stay."""
    if len({(type(record), record.id) for record in records}) == len(records):
        return records
    merged: dict[tuple[type[Record], str], Record] = {}
    for record in records:
        first = merged.setdefault((type(record), record.id), record)
        for name in record.__struct_fields__:
            value = getattr(record, name)
            if value is not ABSENT:
                setattr(first, name, value)
    return merged.values()
