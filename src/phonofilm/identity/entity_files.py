"""Files of the ids of entities in a data folder; they need no extra to be read and erased."""

from __future__ import annotations

from pathlib import Path

import duckdb

from phonofilm.errors import storage_error
from phonofilm.files import atomic_path
from phonofilm.sql import literal

FILES = {
    "given": "kind VARCHAR, source VARCHAR, id VARCHAR, entity VARCHAR, since TIMESTAMP",
    "entity_history": (
        "kind VARCHAR, changed_at TIMESTAMP, event VARCHAR, entity VARCHAR, other VARCHAR"
    ),
}
"""Columns of the files by name: which record has which entity, and what became of entities."""


def entity_file(identity_folder: Path, name: str) -> Path:
    """Return the path of one of the files."""
    return identity_folder / f"entities_{name}.parquet"


def erase_entities(identity_folder: Path, names: set[str]) -> None:
    """Delete everything of the state that mentions one of these records, `source:id`."""
    listed = ", ".join(map(literal, sorted(names)))
    conditions = {
        "given": f"entity IN ({listed}) OR source || ':' || id IN ({listed})",
        "entity_history": f"entity IN ({listed}) OR other IN ({listed})",
    }
    for name, condition in conditions.items():
        path = entity_file(identity_folder, name)
        if not path.exists() or not names:
            continue
        query = f"SELECT * FROM read_parquet({literal(path)}) WHERE NOT ({condition})"
        try:
            with atomic_path(path, locked=True) as partial, duckdb.connect() as connection:
                connection.execute(f"COPY ({query}) TO {literal(partial)} (FORMAT parquet)")
        except (OSError, duckdb.Error) as error:
            raise storage_error(path, error) from error
