"""Watch the responses of one endpoint: the kinds, the fields and the keys that they have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from phonofilm.crawl.responses.body_keys import keys_of
from phonofilm.crawl.responses.share_test import ShareTest
from phonofilm.crawl.responses.watched_kind import SAMPLE_MAX, Fall, SavedShares, WatchedKind
from phonofilm.records import Record
from phonofilm.sources.shares import Promises

# Chosen in November 2026, on the time of a durable crawl: the first responses of an endpoint are
# all looked at, later ones only now and then, until one of them looks odd.
_ALL_RESPONSES, _THEN_EVERY = 64, 8
# Bodies of which the names of the keys are remembered. Chosen, not tuned.
_BODIES_REMEMBERED = 3


class SavedEndpoint(msgspec.Struct, omit_defaults=True):
    """What a folder remembers of an endpoint: shares by kind and field, and names of keys.

    Under the field "" is the share of responses that have a record of the kind.
    """

    shares: dict[str, SavedShares] = {}
    keys: list[str] = []


class WatchedEndpoint:
    """Shares of the responses of one endpoint, against its promises and what came before.

    `keys` are the names of the keys of its first bodies.
    """

    def __init__(self, promises: Promises, before: SavedEndpoint) -> None:
        self.keys, self._before = set(before.keys), before
        self._bodies_left = 0 if before.keys else _BODIES_REMEMBERED
        self._responses, self._is_odd = 0, False
        self._kinds: dict[type[Record], WatchedKind] = {}
        self._any: dict[type[Record], ShareTest] = {}
        for cls, kind in promises.kinds.items():
            saved = before.shares.get(cls.kind, {})
            self._kinds[cls] = WatchedKind(cls, kind, saved)
            if kind.any:  # how many lists are empty depends on the order of the requests
                self._any[cls] = ShareTest(kind.any, *saved.get("", ()))
        self._keys = {key: ShareTest(1.0) for key in promises.keys}
        self._find = {key: re.compile(rb'"%b"\s*:' % key.encode()).search for key in promises.keys}

    def add(self, records: Sequence[Record], body: bytes) -> bool:
        """Add a response; return whether some share may be falling."""
        self._responses += 1
        is_sampled = self._responses <= _ALL_RESPONSES or not self._responses % _THEN_EVERY
        if not is_sampled and not self._is_odd:
            return False
        tests = [*self._add_records(_sampled(records)), *self._add_keys(records, body)]
        self._is_odd = any(tests)
        if self._bodies_left and records and not self._is_odd:
            self._bodies_left -= 1
            self.keys |= keys_of(body)
        return self._is_odd

    def _add_records(self, sampled: Mapping[type[Record], list[Record]]) -> Iterator[bool]:
        for cls, watched in self._kinds.items():
            is_odd = watched.add(sampled.get(cls, ()))
            if test := self._any.get(cls):
                test.add(1, is_odd is not None)
                yield test.score > 0
            yield bool(is_odd)

    def _add_keys(self, records: Sequence[Record], body: bytes) -> Iterator[bool]:
        if records:
            for key, test in self._keys.items():
                test.add(1, self._find[key](body) is not None)
                yield test.score > 0

    def falls(self) -> Iterator[Fall]:
        """Yield what fell: fields, records of a kind (field "") and keys (kind "")."""
        for cls, watched in self._kinds.items():
            if (test := self._any.get(cls)) and test.fell:
                yield Fall(cls.kind, "", "absent", test)
            yield from watched.falls()
        for key, test in self._keys.items():
            if test.fell:
                yield Fall("", key, "absent", test)

    def saved(self) -> SavedEndpoint:
        """Return what the folder remembers of this run and those before."""
        shares = {watched.kind: watched.saved() for watched in self._kinds.values()}
        for cls, test in self._any.items():
            before = self._before.shares.get(cls.kind, {}).get("", [])
            if row := before if test.fell else test.saved():
                shares[cls.kind][""] = row
        return SavedEndpoint(shares=shares, keys=sorted(self.keys))


def _sampled(records: Sequence[Record]) -> dict[type[Record], list[Record]]:
    """Return the first records of each kind."""
    sampled: dict[type[Record], list[Record]] = {}
    for record in records:
        same = sampled.get(record.__class__)
        if same is None:
            sampled[record.__class__] = [record]
        elif len(same) < SAMPLE_MAX:
            same.append(record)
    return sampled
