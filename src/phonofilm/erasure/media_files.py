"""Erase media files that belong to a person alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.landing.segments import read_segments
from phonofilm.privacy.people import PersonData
from phonofilm.workspace import Workspace

ENDPOINT = "media"
_Owner = dict[str, Any]


class _ListedFile(NamedTuple):
    """A file that a landed response lists, with its owners."""

    path: str
    erased_owners: list[_Owner]
    other_owners: list[_Owner]


def owned_files(store: SegmentStore, person: PersonData) -> frozenset[str]:
    """Return the paths of all files that objects of a person have."""
    files = _listed_files(store, person.source, person)
    return frozenset(file.path for file in files if file.erased_owners)


def erase_files(workspace: Workspace, store: SegmentStore, person: PersonData) -> int:
    """Delete files that no other object has, here and in the object store; return their number."""
    shared = {file.path for file in _listed_files(store, "*", person) if file.other_owners}
    store.remove_fetched()
    stored = set(store.objects.names(ENDPOINT)) if store.objects is not None else set()
    for path in person.files - shared:
        (workspace.root / path).unlink(missing_ok=True)
        if store.objects is not None and path in stored:
            store.objects.delete(path)
    return len(person.files - shared)


def without_owner(envelope: Envelope, person: PersonData) -> Envelope | None:
    """Return a listed file without the person's objects; None when no other object has it."""
    fields = msgspec.json.decode(envelope.body)
    erased_owners, other_owners = _split_owners(fields["of"], person)
    if not erased_owners:
        return envelope
    return (
        envelope.with_body(msgspec.json.encode({**fields, "of": other_owners}))
        if other_owners
        else None
    )


def _listed_files(store: SegmentStore, source: str, person: PersonData) -> Iterator[_ListedFile]:
    for envelope in read_segments(store.paths(source)):
        if envelope.endpoint == ENDPOINT:
            fields = msgspec.json.decode(envelope.body)
            same_source = person if envelope.source == person.source else None
            yield _ListedFile(fields["path"], *_split_owners(fields["of"], same_source))


def _split_owners(
    owners: list[_Owner], person: PersonData | None
) -> tuple[list[_Owner], list[_Owner]]:
    ids_by_kind = person.ids_by_kind if person else {}
    erased_owners = [owner for owner in owners if owner["id"] in ids_by_kind.get(owner["kind"], ())]
    return erased_owners, [owner for owner in owners if owner not in erased_owners]
