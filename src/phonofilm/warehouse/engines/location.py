"""Where the warehouse of a data folder is: its own DuckDB file, or a database server by its URL."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, cast

import duckdb

from phonofilm.errors import UsageError
from phonofilm.files import atomic_write
from phonofilm.warehouse.engines import postgres_url
from phonofilm.warehouse.engines.base import EngineModule, Warehouse
from phonofilm.warehouse.engines.duckdb import DuckWarehouse
from phonofilm.workspace import Workspace

DATABASE_FILE = "phonofilm.duckdb"
_LAST_LOCATION, _ALL_LOCATIONS = "elsewhere", "databases"


class Engine(NamedTuple):
    """The engine of a URL scheme.

    `module` is imported when a database is opened, because its driver is an optional extra; its
    functions are those of `EngineModule`. `without_secrets` returns a URL that connects again, for
    a file; `display_url` one for the screen.
    """

    module: str
    without_secrets: Callable[[str], str]
    display_url: Callable[[str], str]


_POSTGRES = Engine(
    module="phonofilm.warehouse.engines.postgres",
    without_secrets=postgres_url.without_secrets,
    display_url=postgres_url.display_url,
)
# By URL scheme. Without a URL, the warehouse is the DuckDB file of the data folder.
ENGINES = {"postgresql": _POSTGRES, "postgres": _POSTGRES}


def engine_of(url: str) -> Engine:
    """Return the engine of a URL.

    UsageError for a URL of no engine. It does not repeat the URL, which may contain a password.
    """
    engine = ENGINES.get(url.partition("://")[0]) if "://" in url else None
    if engine is None:
        raise UsageError(
            "Invalid warehouse URL.",
            next_step="Say postgresql://user@host:port/database, or leave it out for DuckDB.",
        )
    return engine


def check_url(url: str) -> None:
    """Check that a URL has an engine; an empty one is fine."""
    if url:
        engine_of(url)


def open_warehouse(workspace: Workspace, url: str = "") -> Warehouse:
    """Open the warehouse at a URL for writing; without a URL, that of the folder itself."""
    if not url:
        return DuckWarehouse(workspace.warehouse / DATABASE_FILE)
    return _module_of(url).open_writer(url)


def open_database(url: str) -> duckdb.DuckDBPyConnection:
    """Open a read-only DuckDB connection to the warehouse at a URL."""
    return _module_of(url).open_reader(url)


def _module_of(url: str) -> EngineModule:
    return cast(EngineModule, import_module(engine_of(url).module))


def save_location(workspace: Workspace, url: str) -> None:
    """Save where the folder was last loaded to, without secrets; empty for its own DuckDB."""
    last = workspace.warehouse / _LAST_LOCATION
    if not url:
        last.unlink(missing_ok=True)
        return
    public = without_secrets(url)
    atomic_write(last, public + "\n")
    urls = dict.fromkeys([*databases(workspace), public])
    atomic_write(workspace.warehouse / _ALL_LOCATIONS, "\n".join(urls) + "\n")


def saved_location(workspace: Workspace) -> str:
    """Return where the folder was last loaded to; empty for its own DuckDB."""
    path: Path = workspace.warehouse / _LAST_LOCATION
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def databases(workspace: Workspace) -> list[str]:
    """Return the URLs of all databases that the folder was ever loaded into, without secrets."""
    path: Path = workspace.warehouse / _ALL_LOCATIONS
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def same_database(url: str, other: str) -> bool:
    """Tell whether two URLs name one database, passwords aside; an empty `other` names none."""
    return bool(other) and without_secrets(url) == without_secrets(other)


def without_secrets(url: str) -> str:
    """Return a URL without its secrets, complete enough to connect again."""
    return engine_of(url).without_secrets(url)


def display_url(url: str) -> str:
    """Return a URL as it may be shown, without its password."""
    return engine_of(url).display_url(url)
