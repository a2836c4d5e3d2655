"""Erase a person everywhere, from the landed responses to the last snapshot.

Erased are what they wrote and what they put up: comments, the profile, uploads with all that
depends on these, files that no other object has. A keyed hash stays, to leave them out of later
responses. All that belongs to them is noted before anything is touched: an interruption, or a
database that does not respond, leaves work, and the next `erase_person` does it first.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from phonofilm.erasure.find_person import collect_person_data, find_person, is_named_by
from phonofilm.erasure.frontiers import erase_from_frontiers
from phonofilm.erasure.identity import erase_from_identity
from phonofilm.erasure.media_files import erase_files
from phonofilm.erasure.responses import erase_from_responses
from phonofilm.erasure.rows import erase_rows
from phonofilm.errors import UsageError, storage_error
from phonofilm.files import atomic_write
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.privacy.erased import ErasedPeople
from phonofilm.privacy.names_key import names_key
from phonofilm.privacy.people import PersonData
from phonofilm.sources import get
from phonofilm.warehouse.snapshots import publish, published, withdraw
from phonofilm.workspace import FolderLock, Workspace

_NOTE_FILE = "forgetting.json"


class Removed(msgspec.Struct):
    """Rows by table, responses (`answers`) changed or dropped, and files deleted."""

    rows: dict[str, int]
    answers: int
    files: int


def erase_person(workspace: Workspace, text: str, source: str = "soundcloud") -> Removed:
    """Erase the person named by id, URN, link, handle or name.

    UsageError when the text names no person or several; StoreError, when all else is done, for a
    database that could not be reached.
    """
    workspace.must_exist()
    get(source)
    with FolderLock(workspace, "forgetting of a person"):
        workspace.seal_logs()
        store, key = workspace.segments(), names_key(workspace)
        unfinished = _read_note(workspace)
        removed = _erase(workspace, store, unfinished) if unfinished else None
        try:
            person = find_person(store, source, text, key)
        except UsageError:
            if unfinished and removed and is_named_by(unfinished, text, key):
                return removed
            raise
        is_published = published(workspace) is not None
        data = collect_person_data(store, source, person, is_published, key)
        _write_note(workspace, data)
        return _erase(workspace, store, data)


def _note_path(workspace: Workspace) -> Path:
    return workspace.root / _NOTE_FILE


def _read_note(workspace: Workspace) -> PersonData | None:
    """Return the data of a person whose erasure was not finished."""
    path = _note_path(workspace)
    return msgspec.json.decode(path.read_bytes(), type=PersonData) if path.exists() else None


def _write_note(workspace: Workspace, person: PersonData) -> None:
    path = _note_path(workspace)
    try:
        atomic_write(path, msgspec.json.encode(person), 0o600, locked=True)
    except OSError as error:
        raise storage_error(path, error) from error


def _erase(workspace: Workspace, store: SegmentStore, person: PersonData) -> Removed:
    """Erase all that was noted; each step can be repeated."""
    erased = ErasedPeople.of(person, get(person.source).manifest.people, names_key(workspace))
    # Listed first, so that the person is not collected again when something fails below.
    erased.save(workspace.root, person.source)
    rows, unreachable = erase_rows(workspace, person, erased)
    responses = erase_from_responses(store, person, erased)
    files = erase_files(workspace, store, person)
    erase_from_frontiers(workspace, person)
    erase_from_identity(workspace, person)
    if person.published:
        withdraw(workspace)
        publish(workspace)
    if unreachable:
        raise unreachable[-1].with_saved(
            "Everything that could be reached is clean; the rest is noted."
        )
    _note_path(workspace).unlink(missing_ok=True)
    removed_rows = {table: count for table, count in rows.items() if count}
    return Removed(rows=removed_rows, answers=responses, files=files)
