"""Keeping: what a source's terms limit is removed in time, here and in the landing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from phonofilm.landing.shelf import Shelf, drop_older
from phonofilm.landing.store import DataFolder, Writing
from phonofilm.sources import NAMES, get
from phonofilm.warehouse.load import seal_all
from phonofilm.warehouse.publish import publish, published, withdraw
from phonofilm.warehouse.where import open_warehouse, remembered


class Purged(msgspec.Struct):
    """Rows removed by table, and answers removed from the landing."""

    rows: dict[str, int]
    answers: int


def purge(folder: DataFolder, now: datetime | None = None) -> Purged:
    """Removes what expired before `now` (UTC); old snapshots go too, they hold the same rows."""
    instant = now or datetime.now(UTC)
    folder.must_exist()
    with Writing(folder, "purge"):
        seal_all(folder)
        rows = _from_warehouse(folder, instant, folder.database or remembered(folder))
        if published(folder) is not None and (folder.database or remembered(folder)):
            _from_warehouse(folder, instant, "")  # the folder's own holds the same rows
        answers = sum(_from_landing(folder, name, instant) for name in NAMES)
        if any(rows.values()) and published(folder) is not None:
            withdraw(folder)
            publish(folder)
    return Purged({table: number for table, number in rows.items() if number}, answers)


def _from_warehouse(folder: DataFolder, instant: datetime, url: str) -> dict[str, int]:
    naive = instant.astimezone(UTC).replace(tzinfo=None)
    warehouse = open_warehouse(folder, url)
    try:
        with warehouse.transaction():
            removed = warehouse.purge(naive)
        warehouse.settle()
    finally:
        warehouse.close()
    return removed


def _from_landing(folder: DataFolder, name: str, instant: datetime) -> int:
    keep_days = get(name).manifest.terms.keep_days
    if keep_days is None:
        return 0
    return drop_older(Shelf(folder), name, instant - timedelta(days=keep_days))
