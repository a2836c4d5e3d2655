"""Staged records: what answers told, each with its instant, before it is merged.

The instant orders answers: milliseconds since 2020 in the upper bits, then 23 bits of the body's
hash, so that two answers of one millisecond still have one order everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from phonofilm.landing.envelope import Envelope
from phonofilm.records import ABSENT, Record, columns, field_mask_of

_EPOCH_MS = 1_577_836_800_000
_DAY_US = 86_400_000_000


def instant(fetched_at: int, sha256: str) -> int:
    """The order of an answer; `fetched_at` in Unix microseconds."""
    return max(0, fetched_at // 1000 - _EPOCH_MS) << 23 | int(sha256[:8], 16) >> 9


class ResponseInfo(msgspec.Struct, gc=False):
    """What all records of one answer share; times are Unix microseconds."""

    number: int
    told: int
    fetched: int
    day: int
    expires: int | None
    answer: str


class Staged(msgspec.Struct, gc=False, omit_defaults=True):
    """One record of one answer. `held` is the mask of its fields.

    `first_us`, `last_us` and `expires` are written only where an answer was absorbed whose own
    times they keep; else they are those of the answer.
    """

    held: int
    complete: bool
    number: int
    record: Record
    first_us: int | None = None
    last_us: int | None = None
    expires: int | None = None


class Stage:
    """Records of many answers by kind; what a later answer of the day holds too is dropped."""

    def __init__(self) -> None:
        self._rows: dict[type[Record], dict[tuple[str, str], Staged]] = defaultdict(dict)
        self._more: dict[type[Record], list[Staged]] = defaultdict(list)
        self._told: list[ResponseInfo] = []
        self.size = 0

    def add(
        self,
        envelope: Envelope,
        records: Sequence[Record],
        full_masks: dict[str, int],
        looked_up: set[tuple[str, str]],
        keep_us: int | None,
    ) -> None:
        """Stages what an answer told; things that were looked up (kind, id) are full."""
        number, fetched = len(self._told), envelope.fetched_at
        self._told.append(
            ResponseInfo(
                number,
                instant(fetched, envelope.sha256),
                fetched,
                fetched // _DAY_US,
                None if keep_us is None else fetched + keep_us,
                envelope.sha256[:16],
            )
        )
        for record in _once(records):
            cls = type(record)
            held, mask = field_mask_of(cls)(record), full_masks.get(cls.kind, 0)
            full = held & mask == mask or (cls.kind, record.id) in looked_up
            rows, key = self._rows[cls], (record.source, record.id)
            new = Staged(held, full, number, record)
            old = rows.get(key)
            if old is None:
                rows[key] = new
                self.size += 1
            else:
                rows[key] = self._meet(cls, old, new)

    def _meet(self, cls: type[Record], old: Staged, new: Staged) -> Staged:
        """Two answers told of one thing; the one that is kept in the first place."""
        a, b = self._told[old.number], self._told[new.number]
        kept, dropped = (new, old) if b.told >= a.told else (old, new)
        if a.day == b.day and dropped.held & ~kept.held == 0:
            self._absorb(kept, dropped)
        else:
            self._more[cls].append(dropped)
            self.size += 1
        return kept

    def _absorb(self, kept: Staged, dropped: Staged) -> None:
        a, b = self._told[kept.number], self._told[dropped.number]
        kept.first_us = min(kept.first_us or a.fetched, dropped.first_us or b.fetched)
        kept.last_us = max(kept.last_us or a.fetched, dropped.last_us or b.fetched)
        kept.complete = kept.complete or dropped.complete
        expiries = (kept.expires, a.expires, dropped.expires, b.expires)
        kept.expires = max((e for e in expiries if e is not None), default=None)

    def kinds(self) -> list[type[Record]]:
        """The kinds that wait."""
        return list(self._rows)

    def write(self, cls: type[Record], folder: Path) -> bool:
        """Writes `staged.ndjson` and `told.ndjson`; True when some thing stands there twice."""
        encode = msgspec.json.Encoder().encode_lines
        more = self._more[cls]
        (folder / "staged.ndjson").write_bytes(encode([*self._rows[cls].values(), *more]))
        (folder / "told.ndjson").write_bytes(encode(self._told))
        return bool(more)


_KINDS = {"VARCHAR": (str,), "BIGINT": (int,), "DOUBLE": (int, float), "BOOLEAN": (bool,)}


def fits(record: Record) -> bool:
    """Whether every value of a record is one that its column can hold."""
    for column in columns(type(record)):
        value = getattr(record, column.name)
        if value is None or value is ABSENT:
            continue
        if column.sql_type == "VARCHAR[]":
            if not isinstance(value, list) or not all(
                v is None or isinstance(v, str) for v in value
            ):
                return False
        elif not isinstance(value, _KINDS[column.sql_type]) or (
            isinstance(value, int) and not -(2**63) <= value < 2**63
        ):
            return False
    return True


def _once(records: Sequence[Record]) -> Iterable[Record]:
    """Things an answer lists twice become one: what comes later in it stands."""
    if len({(type(record), record.id) for record in records}) == len(records):
        return records
    found: dict[tuple[type[Record], str], Record] = {}
    for record in records:
        old = found.setdefault((type(record), record.id), record)
        for name in record.__struct_fields__:
            value = getattr(record, name)
            if value is not ABSENT:
                setattr(old, name, value)
    return found.values()
