"""Landing to warehouse: parse again, merge, publish. Loading twice changes nothing."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack

import duckdb
import msgspec

from phonofilm.errors import LockedError, ShapeError
from phonofilm.landing.dump_views import UnparsableDump
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.location import open_warehouse, save_location
from phonofilm.warehouse.load.counts import LoadCounts, Loaded
from phonofilm.warehouse.load.dump_loader import DumpLoader
from phonofilm.warehouse.load.origin import bind_origin
from phonofilm.warehouse.load.response_loader import SCRATCH_PREFIX, ResponseLoader
from phonofilm.warehouse.load.runs import crawl_runs
from phonofilm.warehouse.snapshots import publish, published
from phonofilm.workspace import LANDING, WAREHOUSE, FolderLock, Workspace

# DuckDB's errors for a value that no column can store.
_ODD_VALUES = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)


def load(workspace: Workspace, again: bool = False) -> Loaded:
    """Load what is new (`again`: everything) into the warehouse and publish what changed.

    Logs are sealed first. All is one transaction: LockedError, StoreError and ShapeError leave the
    warehouse as the last load left it.
    """
    began = time.monotonic()
    workspace.must_exist()
    with FolderLock(workspace, "load", WAREHOUSE), ExitStack() as stack:
        for path in workspace.warehouse.glob(f"{SCRATCH_PREFIX}*"):  # of a load that was killed
            shutil.rmtree(path, ignore_errors=True)
        segments = workspace.segments()
        crawl = _seal(workspace, segments, stack)
        segments.pull_dumps()
        warehouse = open_warehouse(workspace, workspace.database)
        try:
            counts = _load(workspace, segments, warehouse, again)
            changed = warehouse.wrote or counts.quarantined > 0
            warehouse.checkpoint()
        finally:
            warehouse.close()
            segments.remove_fetched()
        save_location(workspace, workspace.database)
        if not workspace.database and (changed or published(workspace) is None):
            publish(workspace)
    result = counts.result(time.monotonic() - began)
    return msgspec.structs.replace(result, landing_in_use=crawl)


def _seal(workspace: Workspace, segments: SegmentStore, stack: ExitStack) -> str:
    """Seal the logs and ship the segments; return the process that writes them, if there is one.

    Then the load reads what is sealed already. With an object store it cannot, because both would
    fetch and ship the same files.
    """
    try:
        stack.enter_context(FolderLock(workspace, "load", LANDING))
    except LockedError as error:
        if workspace.objects_url:
            raise
        return error.holder
    workspace.seal_logs()
    segments.ship()
    if not workspace.objects_url:
        stack.close()  # a crawl may begin while this load goes on
    return ""


def _load(
    workspace: Workspace, segments: SegmentStore, warehouse: Warehouse, again: bool
) -> LoadCounts:
    """Load everything in one transaction; again and carefully, if a value or file is odd."""
    try:
        return _load_once(workspace, segments, warehouse, again, careful=False)
    except (UnparsableDump, *_ODD_VALUES):
        pass
    try:
        return _load_once(workspace, segments, warehouse, again, careful=True)
    except _ODD_VALUES as error:
        raise ShapeError(
            f"Something that was collected cannot be loaded: {str(error).splitlines()[0][:200]}",
            saved="The landing holds everything; the warehouse is as the last load left it.",
            next_step="Update phonofilm; load reads it again then.",
        ) from error


def _load_once(
    workspace: Workspace, segments: SegmentStore, warehouse: Warehouse, again: bool, careful: bool
) -> LoadCounts:
    counts = LoadCounts()
    with warehouse.transaction():
        bind_origin(workspace, warehouse)
        loaded = set() if again else warehouse.loaded_names()
        names = [name for name in segments.names() if name not in loaded]
        ResponseLoader(workspace.warehouse, warehouse, counts, careful).load(segments, names)
        DumpLoader(workspace, warehouse, counts, careful).load(again)
        _save_runs(workspace, warehouse)
    return counts


def _save_runs(workspace: Workspace, warehouse: Warehouse) -> None:
    """Copy the results of all crawls; a run that is there already is replaced."""
    for run in crawl_runs(workspace):
        warehouse.save_run(run.source, run.id, run.started, run.result)


__all__ = ["Loaded", "load"]
