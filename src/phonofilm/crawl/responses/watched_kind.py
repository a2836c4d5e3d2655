"""Watch one kind of record that an endpoint returns: which of its promised fields have values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from msgspec import UNSET

from phonofilm.crawl.responses.share_test import ShareTest
from phonofilm.records import Record, columns
from phonofilm.sources.shares import KindPromises

# More records of one response tell little more, because they are alike.
SAMPLE_MAX = 8

SavedShares = dict[str, list[float]]
"""What a folder remembers of each field: weight and having of `present`, the same of `filled`."""


class Fall(NamedTuple):
    """A field of a kind whose share fell; `lack` says what it is now: absent or empty.

    Without a field it is the records of the kind, without a kind a key of the body.
    """

    kind: str
    field: str
    lack: str
    test: ShareTest

    @property
    def label(self) -> str:
        """Name of what fell, for a person."""
        if not self.kind:
            return f"the key {self.field}"
        return f"{self.kind}.{self.field}" if self.field else f"every {self.kind}"


@cache
def sampler(cls: type[Record], fields: tuple[str, ...]) -> Callable[[Any], int]:
    """Compile a function that returns which fields a record has: bit 2i present, 2i + 1 filled.

    Empty text, empty lists and lists of nothing but such are no values; 0 and False are.
    """
    lists = {column.name for column in columns(cls) if column.sql_type == "VARCHAR[]"}
    terms = ["0"]
    for index, name in enumerate(fields):
        filled = f"any(r.{name})" if name in lists else "True"
        says = f"({filled} if r.{name} else r.{name}.__class__ in NUMBERS)"
        terms.append(f"(r.{name} is not UNSET) << {2 * index} | {says} << {2 * index + 1}")
    names = {"UNSET": UNSET, "NUMBERS": (int, float, bool)}
    return cast(Callable[[Any], int], eval(f"lambda r: {' | '.join(terms)}", names))  # noqa: S307


class WatchedKind:
    """Shares of the fields of one kind in the responses of one endpoint."""

    def __init__(self, cls: type[Record], promises: KindPromises, before: SavedShares) -> None:
        self.kind = cls.kind
        self._fields = tuple(promise.field for promise in promises.fields)
        self._sample = sampler(cls, self._fields)
        self._tests: list[ShareTest] = []
        for promise in promises.fields:
            saved = before.get(promise.field, [0.0] * 4)
            self._tests.append(ShareTest(promise.present, *saved[:2]))
            self._tests.append(ShareTest(promise.filled, *saved[2:]))
        self._mention_fields_max = promises.mention_fields_max
        self._present_bits = sum(1 << 2 * index for index in range(len(self._fields)))
        self._before, self._fell = before, set[int]()

    def add(self, records: Sequence[Record]) -> bool | None:
        """Add some records of a response; return whether a share may be falling.

        Records with few of the fields are mentions, which say nothing. None when all are.
        """
        masks = [mask for record in records if self._is_whole(mask := self._sample(record))]
        if not masks:
            return None
        number, every, some = len(masks), masks[0], masks[0]
        for mask in masks:
            every &= mask
            some |= mask
        suspicious = False
        for index, test in enumerate(self._tests):
            if every >> index & 1:
                having = number
            elif not some >> index & 1:
                having = 0
            else:
                having = sum(mask >> index & 1 for mask in masks)
            test.add(number, having)
            suspicious = suspicious or test.score > 0
        return suspicious

    def _is_whole(self, mask: int) -> bool:
        return (mask & self._present_bits).bit_count() > self._mention_fields_max

    def falls(self) -> Iterator[Fall]:
        """Yield the fields whose share fell.

        A field that is absent is not named again for being empty.
        """
        for index, test in enumerate(self._tests):
            if test.fell:
                self._fell.add(index)
                field = self._fields[index // 2]
                if index % 2 == 0:
                    yield Fall(self.kind, field, "absent", test)
                elif not self._tests[index - 1].score:
                    yield Fall(self.kind, field, "empty", test)

    def saved(self) -> SavedShares:
        """Return what the folder remembers; fields that fell stay as they were before."""
        saved: SavedShares = {}
        for number, field in enumerate(self._fields):
            tests = self._tests[2 * number : 2 * number + 2]
            if not {2 * number, 2 * number + 1} & self._fell:
                saved[field] = [figure for test in tests for figure in test.saved()]
            elif field in self._before:
                saved[field] = self._before[field]
        return saved
