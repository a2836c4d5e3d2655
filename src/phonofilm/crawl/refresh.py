"""Refresh a frontier: what was answered before an instant is due, and is requested again.

The tasks are reopened, and the records count as full only as far as newer responses in the landing
say so. An interrupted refresh goes on with the next crawl, because its tasks are open.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.sqlite.store import SqliteStore
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segments import read_segments
from phonofilm.records import BY_KIND, has_all
from phonofilm.records.kinds import WANTED
from phonofilm.sources.contract import ODD_RESPONSES
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import Workspace


def refresh(workspace: Workspace, source: HttpSource, access: str, before_seconds: float) -> int:
    """Reopen what a source answered before an instant (Unix seconds), and seal its logs.

    Returns the number of lists and look-ups that are due; 0 without a frontier. What queues were
    expected to bring is forgotten, because requests about known nodes brought nothing lately.
    """
    path = workspace.frontier / f"{source.manifest.name}.sqlite"
    if not path.exists():
        return 0
    workspace.seal_logs()
    before_us = int(before_seconds * 1e6)
    with closing(SqliteStore(path)) as store:
        reopened = store.reopen_answered_before(before_us)
    if reopened:
        _mark_full(workspace, source, access, path, before_us)
    return reopened


def _mark_full(
    workspace: Workspace, source: HttpSource, access: str, path: Path, since_us: int
) -> None:
    """Mark as full what the responses since an instant give all wanted fields of."""
    masks = {kind: source.manifest.wanted_mask(kind, access) for kind in WANTED}
    frontier, store = open_frontier(path), workspace.segments()
    try:
        for envelope in read_segments(store.paths(source.manifest.name)):
            if envelope.fetched_at >= since_us:
                _mark_response(frontier, source, masks, envelope)
        frontier.commit()
        frontier.forget_gains()
    finally:
        frontier.close()
        store.remove_fetched()


def _mark_response(
    frontier: Frontier, source: HttpSource, masks: dict[str, int], envelope: Envelope
) -> None:
    endpoint = source.manifest.endpoints.get(envelope.endpoint)
    if endpoint is None:
        return
    try:
        records = source.parse(envelope.request, envelope.response).records
    except ODD_RESPONSES:
        return
    for record in records:
        if record.kind not in masks:
            continue
        node = frontier.seq_of(record.kind, record.id)
        is_looked_up = record.kind == endpoint.subject and endpoint.looks_up
        is_full = has_all(BY_KIND[record.kind], masks[record.kind])
        if node is not None and ((is_looked_up and record.id in envelope.ids) or is_full(record)):
            frontier.mark_full(node)
