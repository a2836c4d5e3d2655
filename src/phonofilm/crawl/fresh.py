"""Forget a frontier: what is known and learned of a source, never its landing."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.values import RequestRecord
from phonofilm.crawl.responses.recorder import DRIFT_KEY
from phonofilm.crawl.responses.writer import seal_waiting
from phonofilm.crawl.single_counts import requests_of_day
from phonofilm.errors import StoreError
from phonofilm.landing.journal import LogFolder
from phonofilm.workspace import Workspace

_KEPT = ("origin", DRIFT_KEY)
_PARKING = "parked_"  # the settings of every origin that asked for a pause begin so


def forget_frontier(workspace: Workspace, source: str) -> None:
    """Delete the frontier of a source, except its pauses and the requests of the last day.

    The pauses of all origins stay, because none of them knows of the other. With them it keeps the
    shares of fields, so that drift shows in a crawl from scratch, too.

    Logs are sealed first, as far as the frontier knows that they are committed. Of a frontier that
    cannot be read nothing can be kept; its logs are sealed whole when the next crawl begins.
    """
    path = workspace.frontier / f"{source}.sqlite"
    if not path.exists():
        return
    try:
        frontier = open_frontier(path)
        seal_waiting(LogFolder(workspace.landing), frontier, source)
        kept = {
            name: value
            for name, value in frontier.settings.items()
            if name in _KEPT or name.startswith(_PARKING)
        }
        requests = requests_of_day(frontier, time.time())
        frontier.close()
    except (StoreError, sqlite3.Error):
        kept, requests = {}, []
    _delete(path)
    if requests or any(name.startswith(_PARKING) for name in kept):
        _restore(path, kept, requests)


def _restore(path: Path, settings: dict[str, str], requests: list[tuple[float, str]]) -> None:
    """Create a frontier with the parking of an older one, and the requests that count for it."""
    frontier = open_frontier(path)
    origin = settings.pop("origin", None)
    if origin and any(name.startswith(_PARKING) for name in settings):
        settings.setdefault("parked_origin", origin)
    frontier.settings.update(settings)
    for instant, endpoint in requests:
        frontier.record_request(
            RequestRecord(
                endpoint=endpoint,
                answered_at=int(instant * 1e6),
                status=0,
                verdict="before",
                queue="",
                gain=0.0,
                discovered="",
                run="before",
            )
        )
    frontier.commit()
    frontier.close()


def _delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
