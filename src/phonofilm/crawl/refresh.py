"""Refresh a frontier: what was answered before an instant is due, and is requested again.

The tasks are reopened, and the records count as full only as far as newer responses in the landing
say so. An interrupted refresh goes on with the next crawl, because its tasks are open.

At another access level other fields can be had, so that what counts as full is looked at again.
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


def look_at_full_again(workspace: Workspace, source: HttpSource, access: str) -> None:
    """Look again which records are full, when this access level gives other fields than the last.

    Look-ups of those that lack a field are open again. Costs no request, and one pass over the
    landing at each change of level.
    """
    path = workspace.frontier / f"{source.manifest.name}.sqlite"
    if not path.exists():
        return
    with closing(open_frontier(path)) as frontier:
        last_access = frontier.settings.get("access") or access
        changed = _changed_kinds(source, last_access, access)
        for kind in changed:
            for node in frontier.index.by_kind[kind]:
                frontier.index.mark_not_full(node)
        frontier.commit()
    if not changed:
        return
    workspace.seal_logs()
    _mark_full(workspace, source, access, path, 0)
    endpoints = source.manifest.permitted(access).items()
    with closing(SqliteStore(path)) as store:
        for kind in changed:
            look_ups = [name for name, e in endpoints if e.role == "detail" and e.subject == kind]
            store.reopen_look_ups(kind, look_ups)


def _changed_kinds(source: HttpSource, last_access: str, access: str) -> list[str]:
    """Return the kinds whose full records have other fields at one access level than at another."""
    manifest = source.manifest
    if access == last_access or last_access not in manifest.access:
        return []
    mask = manifest.wanted_mask
    return [kind for kind in WANTED if mask(kind, last_access) != mask(kind, access)]


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
