"""Drift: responses that no longer have what their endpoint promises, or gave before.

A field that is absent from its records, or a key from its body, is a change of the source. A null
is a statement of the source, so that nulls alone never end a crawl.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from phonofilm.crawl.responses.body_keys import keys_read, replacement
from phonofilm.crawl.responses.watched_endpoint import SavedEndpoint, WatchedEndpoint
from phonofilm.crawl.responses.watched_kind import Fall
from phonofilm.crawl.scope.goal import Goal
from phonofilm.records import BY_KIND, Record, core_fields
from phonofilm.sources.contract import Finding
from phonofilm.sources.http import HttpSource
from phonofilm.sources.shares import promises_of

# What a folder remembers is read only by the version that wrote it.
_VERSION = 1
# A promise of the manifest alone ends a crawl only for core fields: others must have been there in
# about so many responses of this folder. Chosen, not tuned.
_WEIGHT_MIN = 5.0


class Drift(NamedTuple):
    """A finding about a field that drifted; `ends` when the goal exists for this field."""

    finding: Finding
    ends: bool


class _Memory(msgspec.Struct):
    """What a folder remembers of a source, by access level and endpoint."""

    version: int = _VERSION
    endpoints: dict[str, dict[str, SavedEndpoint]] = {}


class FieldDrift:
    """Drift of all fields of one source in one crawl.

    `share` (0 to 1): a field that the goal exists for may be absent from so many records. `memory`
    is what `dump` of an earlier run of this folder returned.
    """

    def __init__(
        self, source: HttpSource, access: str, goal: Goal, share: float, memory: str | None = None
    ) -> None:
        self._manifest, self._access = source.manifest, access
        self._package = source.__class__.__module__.rpartition(".")[0]
        self._goal, self._share = goal, share
        self._memory = _read(memory)
        self._before = self._memory.endpoints.setdefault(access, {})
        self._watched: dict[str, WatchedEndpoint] = {}
        self._reported: set[tuple[str, str, str, bool]] = set()

    def check(self, name: str, records: Sequence[Record], body: bytes) -> list[Drift]:
        """Check a response of an endpoint; return what drifted and was not reported yet."""
        watched = self._watched.get(name)
        if watched is None:
            promises = promises_of(self._manifest, self._access, name)
            before = self._before.get(name) or SavedEndpoint()
            watched = self._watched[name] = WatchedEndpoint(promises, before)
        if not watched.add(records, body):
            return []
        return list(self._new_drifts(name, watched, body))

    def _new_drifts(self, name: str, watched: WatchedEndpoint, body: bytes) -> Iterator[Drift]:
        for fall in watched.falls():
            ends = self._ends(name, fall)
            about = (name, fall.kind, fall.field, ends)
            if about not in self._reported:
                self._reported.add(about)
                yield Drift(self._finding(name, fall, watched, body), ends)

    def _ends(self, name: str, fall: Fall) -> bool:
        """Tell whether going on would fill the tables with nothing that was wanted."""
        test = fall.test
        if not fall.kind or not fall.field or fall.lack != "absent" or not test.is_nearly_always:
            return False
        if not test.fell_for_certain or test.lacking <= self._share * test.records:
            return False
        is_listed = fall.kind == self._manifest.endpoints[name].item_kind
        is_core = is_listed and fall.field in core_fields(BY_KIND[fall.kind])
        return is_core or (fall.kind in self._goal.wants and test.weight >= _WEIGHT_MIN)

    def _finding(self, name: str, fall: Fall, watched: WatchedEndpoint, body: bytes) -> Finding:
        test = fall.test
        of = f"of the last {test.records} " + ("records" if fall.field and fall.kind else "bodies")
        detail = (
            f"{fall.label} is {fall.lack} in {test.lacking} {of} of {name},"
            f" usually {test.usual:.0%} have it"
        )
        read = keys_read(self._package)
        if key := replacement(fall.field or fall.kind, body, watched.keys, read):
            detail += f", new key: {key}"
        return Finding("field_drift", detail)

    def dump(self) -> str:
        """Return what later runs of this folder compare with."""
        self._before.update({name: watched.saved() for name, watched in self._watched.items()})
        return msgspec.json.encode(self._memory).decode()


def _read(memory: str | None) -> _Memory:
    """Read what an earlier run left; nothing when another version wrote it."""
    try:
        read = msgspec.json.decode(memory or "{}", type=_Memory)
    except msgspec.DecodeError:
        return _Memory()
    return read if read.version == _VERSION else _Memory()
