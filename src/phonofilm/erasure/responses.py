"""Erase a person from the landed responses of all sources."""

from __future__ import annotations

from functools import partial

import msgspec

from phonofilm.erasure import media_files
from phonofilm.erasure.search_texts import NamePrefixes
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.landing.segments import Change, rewrite_segment
from phonofilm.privacy.erased import TOMBSTONE, ErasedPeople
from phonofilm.privacy.people import PersonData
from phonofilm.records.kinds import TYPED
from phonofilm.sources import get, source_names
from phonofilm.sources.manifest import Manifest


def erase_from_responses(store: SegmentStore, person: PersonData, erased: ErasedPeople) -> int:
    """Erase the person from all segments; return the number of responses changed or dropped.

    At the person's source, responses about them are dropped and others lose their objects. At other
    sources, the texts of searches that begin with their names are replaced.
    """
    store.remove_partials()
    changes = {source: _redact_searches(source, person) for source in source_names()}
    changes[person.source] = _redact_person(person, erased)
    touched = 0
    for source, change in changes.items():
        for name in store.names(source):
            touched += store.rewrite(name, partial(rewrite_segment, change=change))
    return touched


def _redact_person(person: PersonData, erased: ErasedPeople) -> Change:
    manifest = get(person.source).manifest

    def change(envelope: Envelope) -> Envelope | None:
        kind = _subject(manifest, envelope)
        ids = person.ids_by_kind.get(kind, frozenset())
        if len(envelope.ids) == 1 and envelope.ids[0] in ids:
            return None
        if envelope.endpoint == media_files.ENDPOINT:
            return media_files.without_owner(envelope, person)
        body = erased.remove_from(envelope.response.body)
        if body is None:
            return None
        texts = ids | (person.names if kind in TYPED else frozenset())
        new_ids = [TOMBSTONE if id_ in texts else id_ for id_ in envelope.ids]
        if body == envelope.response.body and new_ids == envelope.ids:
            return envelope
        return msgspec.structs.replace(envelope.with_body(body), ids=new_ids, url="")

    return change


def _redact_searches(source: str, person: PersonData) -> Change:
    manifest, names = get(source).manifest, NamePrefixes(person)

    def change(envelope: Envelope) -> Envelope | None:
        if _subject(manifest, envelope) not in TYPED:
            return envelope
        new_ids = [TOMBSTONE if names.match(id_) else id_ for id_ in envelope.ids]
        if new_ids == envelope.ids:
            return envelope
        return msgspec.structs.replace(envelope, ids=new_ids, url="")

    return change


def _subject(manifest: Manifest, envelope: Envelope) -> str:
    """Return the kind of node that a request was about; empty for an endpoint of other versions."""
    endpoint = manifest.endpoints.get(envelope.endpoint)
    return endpoint.subject if endpoint else ""
