"""Which warehouse: the embedded one of a data folder, or a PostgreSQL that was named."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from phonofilm.errors import UsageError
from phonofilm.landing.store import DataFolder
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.duckdb import DuckWarehouse

_NOTE = "elsewhere"


def is_postgres(url: str) -> bool:
    """Whether an address is that of a PostgreSQL."""
    return url.startswith(("postgresql://", "postgres://"))


def check_url(url: str) -> None:
    """UsageError for an address that is no warehouse."""
    if url and not is_postgres(url):
        raise UsageError(
            f"{without_password(url)!r} is no warehouse.",
            next_step="Say postgresql://user@host:port/database, or leave it out for DuckDB.",
        )


def open_warehouse(folder: DataFolder, url: str = "") -> Warehouse:
    """The warehouse for writing."""
    check_url(url)
    if not url:
        return DuckWarehouse(folder.warehouse / "phonofilm.duckdb")
    from phonofilm.warehouse.engines.postgres import PostgresWarehouse  # noqa: PLC0415 - an extra

    return PostgresWarehouse(url)


def remember(folder: DataFolder, url: str) -> None:
    """Notes where this folder was loaded to, without the password."""
    note = folder.warehouse / _NOTE
    if url:
        note.write_text(without_password(url) + "\n", encoding="utf-8")
    else:
        note.unlink(missing_ok=True)


def remembered(folder: DataFolder) -> str:
    """Where this folder was last loaded to; empty for its own DuckDB."""
    note: Path = folder.warehouse / _NOTE
    return note.read_text(encoding="utf-8").strip() if note.is_file() else ""


def without_password(url: str) -> str:
    """The address as it may be shown and kept."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        user = (parts.username or "") + "@" if parts.username else ""
        query = "&".join(p for p in parts.query.split("&") if not p.startswith("password="))
        return urlunsplit(parts._replace(netloc=user + host, query=query))
    except ValueError:
        return url.rpartition("@")[2]
