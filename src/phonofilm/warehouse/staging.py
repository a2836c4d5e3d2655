"""Staged records: what answers told, each with its instant, before it is merged.

The instant orders answers: milliseconds since 2020 in the upper bits, then 23 bits of the body's
hash, so that two answers of one millisecond still have one order everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from phonofilm.landing.envelope import Envelope
from phonofilm.records import Record, holder

_EPOCH_MS = 1_577_836_800_000
_DAY_US = 86_400_000_000


def instant(fetched_at: int, sha256: str) -> int:
    """The order of an answer; `fetched_at` in Unix microseconds."""
    return max(0, fetched_at // 1000 - _EPOCH_MS) << 23 | int(sha256[:8], 16) >> 9


class Staged(msgspec.Struct):
    """One record of one answer. `held` is the mask of its fields, times are Unix microseconds."""

    held: int
    told: int
    first_us: int
    last_us: int
    day: int
    complete: bool
    expires: int | None
    answer: str
    record: Record


class Stage:
    """Records of many answers by kind; what a later answer of the day holds too is dropped."""

    def __init__(self) -> None:
        self._rows: dict[type[Record], dict[str, list[Staged]]] = defaultdict(dict)
        self.size = 0

    def add(
        self, envelope: Envelope, records: Iterable[Record], full_masks: dict[str, int],
        looked_up: set[tuple[str, str]], keep_us: int | None,
    ) -> None:  # fmt: skip
        """Stages what an answer told; things that were looked up (kind, id) are full."""
        at = instant(envelope.fetched_at, envelope.sha256)
        fetched, answer = envelope.fetched_at, envelope.sha256[:16]
        day, expires = fetched // _DAY_US, None if keep_us is None else fetched + keep_us
        for record in records:
            held = holder(type(record))(record)
            mask = full_masks.get(record.kind, 0)
            full = held & mask == mask or (record.kind, record.id) in looked_up
            self._put(Staged(held, at, fetched, fetched, day, full, expires, answer, record))

    def _put(self, new: Staged) -> None:
        rows = self._rows[type(new.record)]
        key = f"{new.record.source} {new.record.id}"
        held = rows.get(key)
        if held is None:
            rows[key] = [new]
            self.size += 1
            return
        for place, old in enumerate(held):
            if old.day == new.day:
                kept, dropped = (new, old) if new.told >= old.told else (old, new)
                if dropped.held & ~kept.held == 0:
                    _absorb(kept, dropped)
                    held[place] = kept
                    return
        held.append(new)
        self.size += 1

    def kinds(self) -> list[type[Record]]:
        """The kinds that wait."""
        return list(self._rows)

    def write(self, cls: type[Record], path: Path) -> bool:
        """Writes a kind as newline-delimited JSON; True when some thing stands in it twice."""
        rows = self._rows[cls]
        repeated = any(len(held) > 1 for held in rows.values())
        flat = [staged for held in rows.values() for staged in held]
        path.write_bytes(msgspec.json.Encoder().encode_lines(flat))
        return repeated

    def clear(self) -> None:
        """Forgets everything staged."""
        self._rows.clear()
        self.size = 0


def _absorb(kept: Staged, dropped: Staged) -> None:
    kept.first_us = min(kept.first_us, dropped.first_us)
    kept.last_us = max(kept.last_us, dropped.last_us)
    kept.complete = kept.complete or dropped.complete
    if dropped.expires is not None:
        kept.expires = max(kept.expires or 0, dropped.expires)
