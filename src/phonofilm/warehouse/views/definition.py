"""Parts of the database that are created by one statement each."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Definition(NamedTuple):
    """A part of the database: its name, and the statement that creates it where it is missing."""

    name: str
    statement: str
    kind: Literal["schema", "table", "index", "view"] = "table"


def view(name: str, query: str) -> Definition:
    """Define a view, which replaces an older one of that name."""
    return Definition(name, f"CREATE OR REPLACE VIEW {name} AS {query}", kind="view")


def schema(name: str) -> Definition:
    """Define a schema."""
    return Definition(name, f"CREATE SCHEMA IF NOT EXISTS {name}", kind="schema")


def index(name: str, columns: str) -> Definition:
    """Define an index on a table, given with its columns: `store.title (imdb_id)`."""
    return Definition(name, f"CREATE INDEX IF NOT EXISTS {name} ON {columns}", kind="index")
