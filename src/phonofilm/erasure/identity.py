"""Delete what matching and its decisions hold of erased rows."""

from __future__ import annotations

from phonofilm.errors import storage_error
from phonofilm.files import atomic_write
from phonofilm.identity.entity_files import erase_entities
from phonofilm.privacy.people import PersonData
from phonofilm.workspace import Workspace


def delete_match_store(workspace: Workspace) -> None:
    """Delete the match store, which is computed again from the warehouse when it is needed."""
    for path in (workspace.root / "identity").glob("matches.duckdb*"):
        path.unlink()


def erase_from_identity(workspace: Workspace, person: PersonData) -> None:
    """Delete the match store, and decisions about the person and the uploads."""
    delete_match_store(workspace)
    erase_entities(workspace.root / "identity", person.record_names)
    path = workspace.root / "identity" / "decisions.jsonl"
    if not path.exists():
        return
    keys = [f'"{name}"' for name in person.record_names]
    lines = path.read_text("utf-8").splitlines(keepends=True)
    remaining = [line for line in lines if not any(key in line for key in keys)]
    try:
        atomic_write(path, "".join(remaining), locked=True)
    except OSError as error:
        raise storage_error(path, error) from error
