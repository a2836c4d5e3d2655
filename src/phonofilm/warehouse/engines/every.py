"""Every warehouse that a data folder was ever loaded into, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.errors import StoreError
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.location import (
    DATABASE_FILE,
    databases,
    open_warehouse,
    same_database,
)
from phonofilm.workspace import Workspace


def every_warehouse(workspace: Workspace, unreachable: list[StoreError]) -> Iterator[Warehouse]:
    """Yield each warehouse, open for writing, and close it after its turn.

    One that cannot be opened adds its error to `unreachable`, and the next one follows: what must
    be deleted is deleted wherever it can be.
    """
    for url in _urls(workspace):
        try:
            warehouse = open_warehouse(workspace, url)
        except StoreError as error:
            unreachable.append(error)
            continue
        try:
            yield warehouse
        finally:
            warehouse.close()


def _urls(workspace: Workspace) -> list[str]:
    """Return the URLs, empty for the DuckDB in the folder; the one that was named comes first."""
    others = [url for url in databases(workspace) if not same_database(url, workspace.database)]
    remote = [workspace.database, *others] if workspace.database else others
    has_local = (workspace.warehouse / DATABASE_FILE).exists() or not remote
    return ["", *remote] if has_local else remote
