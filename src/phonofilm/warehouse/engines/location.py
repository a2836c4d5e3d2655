"""Which warehouse: the embedded one of a data folder, or a PostgreSQL that was named."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from phonofilm.errors import UsageError
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.duckdb import DuckWarehouse
from phonofilm.workspace import Workspace

_NOTE, _ALL = "elsewhere", "databases"
_SECRETS = ("password", "sslpassword", "passfile")


def is_postgres(url: str) -> bool:
    """Whether an address is that of a PostgreSQL."""
    return url.startswith(("postgresql://", "postgres://"))


def check_url(url: str) -> None:
    """UsageError for an address that is no warehouse; it is not repeated, it may hold a secret."""
    if url and not is_postgres(url):
        raise UsageError(
            "The address of the warehouse is none.",
            next_step="Say postgresql://user@host:port/database, or leave it out for DuckDB.",
        )


def open_warehouse(folder: Workspace, url: str = "") -> Warehouse:
    """The warehouse for writing."""
    check_url(url)
    if not url:
        return DuckWarehouse(folder.warehouse / "phonofilm.duckdb")
    from phonofilm.warehouse.engines.postgres import PostgresWarehouse  # noqa: PLC0415 - an extra

    return PostgresWarehouse(url)


def save_location(folder: Workspace, url: str) -> None:
    """Notes where this folder was loaded to, without the password."""
    note, known = folder.warehouse / _NOTE, folder.warehouse / _ALL
    if not url:
        note.unlink(missing_ok=True)
        return
    plain = for_keeping(url)
    note.write_text(plain + "\n", encoding="utf-8")
    every = dict.fromkeys([*databases(folder), plain])
    known.write_text("\n".join(every) + "\n", encoding="utf-8")


def saved_location(folder: Workspace) -> str:
    """Where this folder was last loaded to; empty for its own DuckDB."""
    note: Path = folder.warehouse / _NOTE
    return note.read_text(encoding="utf-8").strip() if note.is_file() else ""


def databases(folder: Workspace) -> list[str]:
    """All databases that this folder was ever loaded into, without passwords."""
    known: Path = folder.warehouse / _ALL
    return known.read_text(encoding="utf-8").split() if known.is_file() else []


def same_database(one: str, other: str) -> bool:
    """Whether two addresses name one database, passwords aside."""
    return bool(other) and for_keeping(one) == for_keeping(other)


def parameters(url: str) -> dict[str, str]:
    """What an address says, as libpq reads it; empty for one that it cannot read."""
    try:
        from psycopg import Error  # noqa: PLC0415 - an extra
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415
    except ImportError:
        return {}
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except Error:
        return {}


def for_keeping(url: str) -> str:
    """The address without its secrets, whole enough to connect again."""
    told = {n: v for n, v in parameters(url).items() if n not in _SECRETS}
    return f"postgresql:///?{urlencode(told, quote_via=quote)}"


def without_password(url: str) -> str:
    """The address as it may be shown."""
    told = parameters(url)
    if any("@" in told.get(name, "") for name in ("host", "port", "dbname")):
        return "postgresql://..."  # a password that was not escaped reaches into these
    user = told["user"] + "@" if "user" in told else ""
    port = ":" + told["port"] if "port" in told else ""
    return f"postgresql://{user}{told.get('host', '')}{port}/{told.get('dbname', '')}"


def scrubbed(text: str, url: str) -> str:
    """A message of libpq without anything that stood where a password stands."""
    secrets = {value for name, value in parameters(url).items() if name in _SECRETS}
    login = url.partition("://")[2].rpartition("@")[0]
    told = login.partition(":")[2]
    secrets |= {told, unquote(told), *re.split(r"[@/#?]", told)}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 2:
            text = text.replace(secret, "***")
    return text
