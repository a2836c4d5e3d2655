"""Keeping: what a source's terms limit is removed in time, here and in the landing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec

from phonofilm.errors import PhonofilmError, StoreError
from phonofilm.landing.segment_store import SegmentStore, drop_older
from phonofilm.sources import NAMES, get
from phonofilm.warehouse.engines.location import databases, open_warehouse, same_database
from phonofilm.warehouse.load.load import seal_all
from phonofilm.warehouse.snapshots import publish, published, withdraw
from phonofilm.workspace import FolderLock, Workspace


class Purged(msgspec.Struct):
    """Rows removed by table, and answers removed from the landing."""

    rows: dict[str, int]
    answers: int


def purge(folder: Workspace, now: datetime | None = None) -> Purged:
    """Removes what expired before `now` (UTC); old snapshots go too, they hold the same rows."""
    instant = now or datetime.now(UTC)
    folder.must_exist()
    with FolderLock(folder, "purge"):
        seal_all(folder)
        rows, unreached = _from_all(folder, instant)
        if any(rows.values()):  # it holds facts of the same rows, and can be made anew
            for book in (folder.root / "identity").glob("matches.duckdb*"):
                book.unlink()
        answers = sum(_from_landing(folder, name, instant) for name in NAMES)
        if any(rows.values()) and published(folder) is not None:
            withdraw(folder)
            publish(folder)
    if unreached is not None:
        unreached.saved = "Everything that could be reached was purged."
        raise unreached
    return Purged({table: number for table, number in rows.items() if number}, answers)


def _from_all(folder: Workspace, instant: datetime) -> tuple[Counter[str], PhonofilmError | None]:
    """Rows removed from every warehouse this folder was ever loaded into; what was not reached."""
    rows: Counter[str] = Counter()
    unreached: PhonofilmError | None = None
    others = [url for url in databases(folder) if not same_database(url, folder.database)]
    elsewhere = [folder.database, *others] if folder.database else others
    here = [""] if (folder.warehouse / "phonofilm.duckdb").exists() or not elsewhere else []
    for url in [*here, *elsewhere]:
        try:
            rows.update(_from_warehouse(folder, instant, url))
        except StoreError as error:
            unreached = error
    return rows, unreached


def _from_warehouse(folder: Workspace, instant: datetime, url: str) -> dict[str, int]:
    naive = instant.astimezone(UTC).replace(tzinfo=None)
    warehouse = open_warehouse(folder, url)
    try:
        with warehouse.transaction():
            removed = warehouse.purge(naive)
        warehouse.checkpoint()
    finally:
        warehouse.close()
    return removed


def _from_landing(folder: Workspace, name: str, instant: datetime) -> int:
    keep_days = get(name).manifest.terms.keep_days
    if keep_days is None:
        return 0
    return drop_older(SegmentStore(folder), name, instant - timedelta(days=keep_days))
