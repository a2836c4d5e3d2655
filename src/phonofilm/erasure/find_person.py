"""Find the one person whom a text names, and all that belongs to them, in landed responses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import unquote

import msgspec

from phonofilm.erasure.media_files import owned_files
from phonofilm.errors import UsageError
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.landing.segments import read_segments
from phonofilm.privacy.people import Person, PersonData, find_people
from phonofilm.privacy.pseudonyms import person_hash
from phonofilm.sources import get
from phonofilm.sources.contract import ODD_RESPONSES, Malformed
from phonofilm.sources.decode import plain
from phonofilm.sources.manifest import People


def find_person(store: SegmentStore, source: str, text: str, key: bytes) -> Person:
    """Find the person named by id, URN, hash, address, handle or name.

    An id or its hash goes before equal names. UsageError when the text names no person or several.
    """
    fields = get(source).manifest.people
    name, is_handle = _name_in(text, fields)
    hash_of = partial(person_hash, key)
    hashed = hash_of(name)
    matches: dict[str, Person] = {}
    for envelope in read_segments(store.paths(source)):
        for person in _people_in(envelope, fields, hash_of):
            names = set() if is_handle else {person.hashed, person.id, *person.names}
            if not (names | person.handles).isdisjoint((name, hashed)):
                known = matches.get(person.hashed)
                matches[person.hashed] = person.merged_with(known) if known else person
    store.remove_fetched()
    people = list(matches.values())
    exact = [p for p in people if not is_handle and (name == p.id or hashed == p.hashed)]
    return _single_match(exact or people, text, source)


def is_named_by(person: PersonData, text: str, key: bytes) -> bool:
    """Tell whether a text names this person."""
    name, _ = _name_in(text, get(person.source).manifest.people)
    hashed = person_hash(key, name)
    return not {name, hashed}.isdisjoint(person.ids | person.names | {person.hashed})


def collect_person_data(
    store: SegmentStore, source: str, person: Person, published: bool, key: bytes
) -> PersonData:
    """Collect a person's uploads, playlists, files and all names from landed responses."""
    fields = get(source).manifest.people
    ids = frozenset(filter(None, (person.hashed, person.id)))
    names, hash_of = set(person.names), partial(person_hash, key)
    uploads: dict[str, set[str]] = {"track": set(), "playlist": set()}
    for envelope in read_segments(store.paths(source)):
        for other in _people_in(envelope, fields, hash_of):
            if other.hashed == person.hashed:
                names |= other.names
        for kind, id_ in _uploads_in(source, envelope, ids):
            uploads[kind].add(id_)
    data = PersonData(
        source=source,
        hashed=person.hashed,
        ids=ids,
        names=frozenset(names),
        tracks=frozenset(uploads["track"]),
        playlists=frozenset(uploads["playlist"]),
        files=frozenset(),
        published=published,
    )
    data = msgspec.structs.replace(data, files=owned_files(store, data))
    store.remove_fetched()
    return data


def _name_in(text: str, fields: People) -> tuple[str, bool]:
    """Return the name in a text, and whether it is the handle of an address."""
    handle = re.search(fields.profile, text) if fields.profile else None
    return (unquote(handle[1]) if handle else text).strip(), handle is not None


def _single_match(people: list[Person], text: str, source: str) -> Person:
    if len(people) == 1:
        return people[0]
    raise UsageError(
        f"{len(people)} people are called {text!r}."
        if people
        else f"No person called {text!r} is in what was collected from {source}.",
        saved="Nothing was touched.",
        next_step="Give the id, the URN or the address of the profile.",
    )


def _people_in(
    envelope: Envelope, fields: People, hash_of: Callable[[object], str]
) -> Iterator[Person]:
    try:
        tree = plain(envelope.response.body)
    except Malformed:
        return
    yield from find_people(tree, fields, hash_of)


def _uploads_in(source: str, envelope: Envelope, ids: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield kind and id of the tracks and playlists in a response whose first owner is in `ids`."""
    try:
        page = get(source).parse(envelope.request, envelope.response)
    except ODD_RESPONSES:
        return
    for record in page.records:
        if record.kind == "playlist":
            owner = getattr(record, "owner_id", None)
        elif record.kind == "track":
            owners = getattr(record, "artist_ids", None)
            owner = owners[0] if isinstance(owners, list) and owners else None
        else:
            continue
        if owner in ids:
            yield record.kind, record.id
