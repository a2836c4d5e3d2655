"""Connections to PostgreSQL, and its failures as errors of ours."""

from __future__ import annotations

from typing import Any

from phonofilm.errors import ConfigurationError, StoreError
from phonofilm.warehouse.engines.postgres_url import display_url, redact

try:
    import psycopg
except ImportError:
    raise ConfigurationError(
        "A PostgreSQL warehouse needs psycopg.",
        next_step="Install it: pip install 'phonofilm[postgres]'",
    ) from None

# Chosen, not tuned.
_CONNECT_SECONDS = 10


def connect(url: str) -> psycopg.Connection[Any]:
    """Connect to a database; StoreError, never with the password, when that fails."""
    try:
        return psycopg.connect(
            url,
            connect_timeout=_CONNECT_SECONDS,
            application_name="phonofilm",
            prepare_threshold=None,
        )
    except (psycopg.Error, UnicodeError, ValueError) as error:
        raise database_error(url, error) from None


def check_encoding(connection: psycopg.Connection[Any]) -> None:
    """Raise StoreError for a database that cannot store every text; before the first row."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"Cannot load into this database: its encoding is {encoding}, and texts need UTF8.",
            saved="Nothing was touched.",
            next_step="Create another: CREATE DATABASE films ENCODING 'UTF8' TEMPLATE template0",
        )


def database_error(url: str, error: Exception) -> StoreError:
    """Describe a failure of the database at a URL."""
    text = redact(" ".join(str(error).split()), url)
    return StoreError(
        f"{display_url(url)} fails: {text[:400]}",
        saved="The landing holds everything; the database is as the last whole load left it.",
        next_step="Check address, user and password (PGPASSWORD, ~/.pgpass), then load again.",
    )


# The driver, for modules that must not import it before the message above was tried.
__all__ = ["check_encoding", "connect", "database_error", "psycopg"]
