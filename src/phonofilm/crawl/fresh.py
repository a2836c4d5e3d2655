"""Forget a frontier: what is known and learned of a source, never its landing."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from phonofilm.crawl.frontier.sqlite import SqliteFrontier
from phonofilm.crawl.responses.recorder import DRIFT_KEY
from phonofilm.crawl.responses.writer import seal_waiting
from phonofilm.errors import StoreError
from phonofilm.landing.journal import LogFolder
from phonofilm.workspace import Workspace

_DAY_SECONDS = 86_400
_PARKING = ("parked_until", "parked_at", "parked_origin", "origin")


def forget_frontier(workspace: Workspace, source: str) -> None:
    """Delete the frontier of a source, except its parking and the requests of the last day.

    With them it keeps the shares of fields, so that drift shows in a crawl from scratch, too.

    Logs are sealed first, as far as the frontier knows that they are committed. Of a frontier that
    cannot be read nothing can be kept; its logs are sealed whole when the next crawl begins.
    """
    path = workspace.frontier / f"{source}.sqlite"
    if not path.exists():
        return
    try:
        frontier = SqliteFrontier(path)
        seal_waiting(LogFolder(workspace.landing), frontier, source)
        parking = {key: frontier.meta(key) for key in _PARKING}
        spent = frontier.requests_since(time.time() - _DAY_SECONDS)
        shares = frontier.meta(DRIFT_KEY)
        frontier.close()
    except (StoreError, sqlite3.Error):
        parking, spent, shares = {}, [], None
    _delete(path)
    if parking.get("parked_until") or spent:
        fresh = SqliteFrontier(path)
        fresh.restore_parking(parking, spent)
        fresh.set_meta(DRIFT_KEY, shares)
        fresh.close()


def _delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
