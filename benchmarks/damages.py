"""Damages of the files of a data folder, for the storm."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from phonofilm.workspace import Workspace


def _files(folder: Workspace, *patterns: str) -> list[Path]:
    return [p for pattern in patterns for p in sorted(folder.root.glob(pattern)) if p.is_file()]


def removed(*patterns: str) -> Callable[[Workspace], None]:
    """Remove files."""
    return lambda folder: [p.unlink() for p in _files(folder, *patterns)] and None


def emptied(*patterns: str) -> Callable[[Workspace], None]:
    """Cut files to nothing."""
    return lambda folder: [p.write_bytes(b"") for p in _files(folder, *patterns)] and None


def halved(*patterns: str) -> Callable[[Workspace], None]:
    """Cut files in the middle."""
    return lambda folder: [os.truncate(p, p.stat().st_size // 2) for p in _files(folder, *patterns)]


def overwritten(part: float, *patterns: str) -> Callable[[Workspace], None]:
    """Overwrite 4,096 bytes of files at a part of their length."""

    def hurt(folder: Workspace) -> None:
        for path in _files(folder, *patterns):
            with path.open("r+b") as file:
                file.seek(int(part * path.stat().st_size))
                file.write(b"rubbish!" * 512)

    return hurt


FRONTIER, LOGS = "frontier/*.sqlite", "landing/log/*.ndjson"
SEGMENTS, WAREHOUSE = "landing/source=*/**/*.parquet", "warehouse/*.duckdb"
SNAPSHOTS = "warehouse/snapshots/*"
DAMAGES: dict[str, Callable[[Workspace], object]] = {
    "frontier removed": removed(f"{FRONTIER}*"),
    "frontier cut": halved(FRONTIER),
    "frontier overwritten at its head": overwritten(0.0, FRONTIER),
    "frontier overwritten in the middle": overwritten(0.5, FRONTIER),
    "log cut": halved(LOGS),
    "log emptied": emptied(LOGS),
    "log removed": removed(LOGS),
    "segment cut": halved(SEGMENTS),
    "segment overwritten": overwritten(0.3, SEGMENTS),
    "warehouse overwritten": overwritten(0.0, WAREHOUSE),
    "snapshot overwritten": overwritten(0.0, SNAPSHOTS),
}
