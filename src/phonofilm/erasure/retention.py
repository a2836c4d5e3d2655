"""Retention: delete what a source's terms limit in time, from warehouses and from the landing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec

from phonofilm.crawl.fresh import forget_frontier
from phonofilm.crawl.frontier.sqlite.read_only import bound_access
from phonofilm.crawl.refresh import refresh
from phonofilm.erasure.identity import delete_match_store
from phonofilm.errors import StoreError
from phonofilm.sources import get, source_names
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.every import every_warehouse
from phonofilm.warehouse.schema.tables import EXPIRING_TABLES
from phonofilm.warehouse.snapshots import open_snapshot, publish, published, withdraw
from phonofilm.workspace import FolderLock, Workspace


class Purged(msgspec.Struct):
    """Rows deleted by table, and responses (`answers`) deleted from the landing."""

    rows: dict[str, int]
    answers: int


def purge(workspace: Workspace, now: datetime | None = None) -> Purged:
    """Delete all that expired before `now` (UTC), and the snapshots that hold the same rows.

    StoreError, when all else is done, for a database that could not be reached.
    """
    instant = now or datetime.now(UTC)
    workspace.must_exist()
    with FolderLock(workspace, "purge"):
        workspace.seal_logs()
        rows, unreached = _purge_warehouses(workspace, instant)
        # The snapshot is replaced last, so that a purge that was killed is finished by the next.
        is_stale = rows.total() > 0 or _shows_expired(workspace, instant)
        if is_stale:  # it holds facts of the same rows, and can be computed again
            delete_match_store(workspace)
        responses = _purge_landing(workspace, instant)
        _reopen_purged(workspace, instant)
        if is_stale and published(workspace) is not None:
            withdraw(workspace)
            publish(workspace)
    if unreached:
        raise unreached[-1].with_saved("Everything that could be reached was purged.")
    return Purged({table: count for table, count in rows.items() if count}, responses)


def _shows_expired(workspace: Workspace, instant: datetime) -> bool:
    """Tell whether the newest snapshot has expired rows, be it because a purge was killed."""
    if published(workspace) is None:
        return False
    expired = " UNION ALL ".join(
        f"(SELECT 1 FROM store.{table} WHERE expires_at <= $instant LIMIT 1)"
        for table in EXPIRING_TABLES
    )
    with open_snapshot(workspace) as connection:
        naive = instant.astimezone(UTC).replace(tzinfo=None)
        return bool(connection.execute(expired, {"instant": naive}).fetchone())


def _purge_warehouses(
    workspace: Workspace, instant: datetime
) -> tuple[Counter[str], list[StoreError]]:
    """Delete expired rows of every warehouse; return their number by table, and the failures."""
    rows: Counter[str] = Counter()
    unreached: list[StoreError] = []
    for warehouse in every_warehouse(workspace, unreached):
        try:
            rows.update(_purge_rows(warehouse, instant))
        except StoreError as error:
            unreached.append(error)
    return rows, unreached


def _purge_rows(warehouse: Warehouse, instant: datetime) -> dict[str, int]:
    with warehouse.transaction():
        rows = warehouse.purge(instant.astimezone(UTC).replace(tzinfo=None))
    warehouse.checkpoint()
    return rows


def _reopen_purged(workspace: Workspace, instant: datetime) -> None:
    """Let the frontiers know what expired, so that the next crawl requests it again.

    A source of which nothing is landed any more begins anew; its pause and the requests of its last
    day stay.
    """
    for source in source_names():
        path = workspace.frontier / f"{source}.sqlite"
        keep_days = get(source).manifest.terms.keep_days
        if keep_days is None or not path.exists():
            continue
        if not workspace.segments().names(source):
            forget_frontier(workspace, source)
            continue
        limit = instant - timedelta(days=keep_days)
        if access := bound_access(path):
            refresh(workspace, get(source), access, limit.timestamp())


def _purge_landing(workspace: Workspace, instant: datetime) -> int:
    """Delete expired responses and return their number."""
    deleted = 0
    for source in source_names():
        keep_days = get(source).manifest.terms.keep_days
        if keep_days is not None:
            limit = instant - timedelta(days=keep_days)
            deleted += workspace.segments().delete_before(source, limit)
    return deleted
