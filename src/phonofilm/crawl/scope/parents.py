"""Levels of the nodes that a request was about, for each record of its response.

A batch may carry nodes of different levels, and a source may answer with others than were asked
for. So each record of a batch gets the level of its own node: of itself, of the album or playlist
that it names, or of a record that credits it. A stranger has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.levels import IGNORED, FollowLevel
from phonofilm.records import Record
from phonofilm.sources.contract import Request
from phonofilm.sources.manifest import Endpoint


class Parents:
    """Nodes of one request, with their levels."""

    def __init__(self, endpoint: Endpoint, request: Request, nodes: Frontier) -> None:
        self._subject = endpoint.node_kind
        numbers = (nodes.seq_of(self._subject, id_) for id_ in request.ids) if self._subject else ()
        levels = [IGNORED if number is None else nodes.level(number) for number in numbers]
        self._levels = dict(zip(request.ids, levels, strict=False))

    def levels(self, records: Sequence[Record]) -> list[FollowLevel]:
        """Return the level of the node that each record belongs to; IGNORED for strangers."""
        levels = set(self._levels.values()) or {IGNORED}
        if len(self._levels) < 2:
            return [levels.pop()] * len(records)
        direct = [self._direct_level(record) for record in records]
        if None not in direct:
            return [level or IGNORED for level in direct]
        credited = _credited_levels(records, direct)
        common = levels.pop() if len(levels) == 1 else IGNORED
        return [
            credited.get((record.kind, record.id), common) if level is None else level
            for record, level in zip(records, direct, strict=True)
        ]

    def _direct_level(self, record: Record) -> FollowLevel | None:
        """Return the level by the record's own fields; None when they name no node."""
        if record.kind == self._subject:
            return self._levels.get(record.id, IGNORED)
        for field in (f"{self._subject}_id", self._subject):
            level = self._levels.get(str(getattr(record, field, "")))
            if level is not None:
                return level
        return self._levels.get(record.id)


def _credited_levels(
    records: Sequence[Record], levels: Sequence[FollowLevel | None]
) -> Mapping[tuple[str, str], FollowLevel]:
    """Return the highest level of the records that credit an artist, by kind and id."""
    credited: dict[tuple[str, str], FollowLevel] = {}
    for record, level in zip(records, levels, strict=True):
        ids = getattr(record, "artist_ids", None)
        for id_ in ids if isinstance(ids, list) and level is not None else ():
            credited["artist", id_] = max(level or IGNORED, credited.get(("artist", id_), IGNORED))
    return credited
