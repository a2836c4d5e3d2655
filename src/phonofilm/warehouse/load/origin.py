"""Where the rows of a warehouse come from: the live services or a sandbox, never both."""

from __future__ import annotations

import json
from collections.abc import Iterable

from phonofilm.errors import OriginError
from phonofilm.net.origin.origin import LOCAL_FILES, SAVED_RESPONSES, origin_kind
from phonofilm.sql import literal
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.load.runs import crawl_runs
from phonofilm.workspace import Workspace


def bind_origin(workspace: Workspace, warehouse: Warehouse) -> None:
    """Bind a warehouse to the origin of a folder; OriginError when it has rows of the other.

    Warehouses and folders of November 2026 say it in the results of their crawls alone.
    """
    bound = {name for (name,) in warehouse.rows("SELECT name FROM store.origin")}
    runs = (result for (result,) in warehouse.rows("SELECT result FROM store.run"))
    existing = bound or _origins(runs)
    origins = {workspace.origin} - {""}
    origins |= _origins(run.result for run in crawl_runs(workspace))
    for origin in sorted(origins):
        if existing - {origin}:
            raise OriginError(
                f"Cannot load {workspace.root}: its rows are from {_NAMES[origin]}, and the"
                f" warehouse has rows from {_NAMES[min(existing - {origin})]}.",
                expected=min(existing - {origin}),
                actual=origin,
                saved="Nothing was touched.",
                next_step="Name another warehouse with --warehouse, or another folder with --data.",
            )
        if origin not in bound:
            warehouse.execute(f"INSERT INTO store.origin VALUES ({literal(origin)})")
            bound, existing = bound | {origin}, existing | {origin}


_OF_A_PERSON = (None, LOCAL_FILES, SAVED_RESPONSES)
_NAMES = {"live": "live services", "sandbox": "a sandbox"}


def _origins(results: Iterable[str]) -> set[str]:
    """Return the origins in results of crawls (JSON)."""
    names = (json.loads(result).get("origin") for result in results if result)
    return {origin_kind(name) for name in names if name not in _OF_A_PERSON}
