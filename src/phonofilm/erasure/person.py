"""`erase_person`: a person is removed everywhere, from the raw answers to the last snapshot.

What goes is what they wrote and what they put up: comments, the profile, uploads with all that
hangs on these, files that nobody else has. What stays is a keyed hash that keeps them out. What is
theirs is written down before anything is touched: a cut or a database that does not answer leaves
work, and the next `erase_person` does it first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from phonofilm.config import hash_key
from phonofilm.crawl.frontier.sqlite import SqliteFrontier
from phonofilm.erasure.rows import erase_rows
from phonofilm.errors import UsageError, storage_error
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segment_store import SegmentStore
from phonofilm.landing.segments import answers
from phonofilm.privacy.people import (
    TOMBSTONE,
    Change,
    ErasedPeople,
    Person,
    PersonData,
    changed_body,
    find_people,
    remember,
    rewrite,
)
from phonofilm.privacy.pseudonyms import PREFIX
from phonofilm.records.kinds import TYPED
from phonofilm.sources import NAMES, get
from phonofilm.sources.contract import ODD_ANSWERS, Malformed
from phonofilm.sources.decode import plain
from phonofilm.warehouse.load.load import seal_all
from phonofilm.warehouse.snapshots import publish, published, withdraw
from phonofilm.workspace import FolderLock, Workspace

_HANDLE = re.compile(r"soundcloud\.com/([^/?#\s]+)")
_BEGUN = "forgetting.json"


class Removed(msgspec.Struct):
    """What went: rows by table, answers changed or dropped, files."""

    rows: dict[str, int]
    answers: int
    files: int


def erase_person(folder: Workspace, who: str, source: str = "soundcloud") -> Removed:
    """Removes a person named by id, URN, link, handle or name; UsageError for nobody or several."""
    folder.must_exist()
    get(source)
    with FolderLock(folder, "forgetting of a person"):
        seal_all(folder)
        shelf = SegmentStore(folder)
        begun = _begun(folder)
        done = _remove(folder, shelf, begun) if begun else None
        try:
            person = _find(shelf, source, who)
        except UsageError:
            if begun and done and _is_called(begun, who):
                return done
            raise
        theirs = _theirs(shelf, source, person, published(folder) is not None)
        _note(folder, theirs)
        return _remove(folder, shelf, theirs)


def _begun(folder: Workspace) -> PersonData | None:
    """What an earlier command noted and did not finish."""
    path = folder.root / _BEGUN
    return msgspec.json.decode(path.read_bytes(), type=PersonData) if path.exists() else None


def _note(folder: Workspace, theirs: PersonData) -> None:
    path = folder.root / _BEGUN
    growing = path.with_suffix(".growing")
    try:
        descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(theirs))
        growing.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error


def _remove(folder: Workspace, shelf: SegmentStore, theirs: PersonData) -> Removed:
    """Everything of theirs goes; each step can be done again."""
    gone = theirs.gone(hash_key())
    # Noted first: when something fails below, nobody is collected again meanwhile.
    remember(folder.root, theirs.source, gone)
    rows, unreached = erase_rows(folder, theirs, gone)
    touched = _from_landing(shelf, theirs, gone)
    files = _files(folder, shelf, theirs)
    for name in NAMES:
        _from_frontier(folder, name, theirs)
    _from_identity(folder, theirs)
    if theirs.published:
        withdraw(folder)
        publish(folder)
    if unreached is not None:
        unreached.saved = "Everything that could be reached is clean; the rest is noted."
        raise unreached
    (folder.root / _BEGUN).unlink(missing_ok=True)
    return Removed({table: n for table, n in rows.items() if n}, touched, files)


def _called(who: str) -> tuple[str, bool]:
    """What a text names somebody by, and whether that is a handle out of an address."""
    handle = _HANDLE.search(who)
    return (handle[1] if handle else who).strip(), handle is not None


def _is_called(theirs: PersonData, who: str) -> bool:
    text, _ = _called(who)
    hashed = ErasedPeople(frozenset(), frozenset(), hash_key()).hash_of(text)
    told = theirs.ids | theirs.names | {theirs.hashed}
    return text in told or hashed in told


def _find(shelf: SegmentStore, source: str, who: str) -> Person:
    """The one person whom a text names."""
    text, is_handle = _called(who)
    nobody = ErasedPeople(frozenset(), frozenset(), hash_key())
    hashed = nobody.hash_of(text)
    found: dict[str, Person] = {}
    for envelope in answers(shelf.paths(source)):
        for person in _people(envelope, nobody):
            own = set() if is_handle else {person.hashed, person.id, *person.names}
            if not {text, hashed}.isdisjoint(own | person.handles):
                found[person.hashed] = _merged(person, found.get(person.hashed))
    shelf.tidy()
    everyone = list(found.values())
    exact = [p for p in everyone if not is_handle and (text == p.id or hashed == p.hashed)]
    return _the_one(exact or everyone, who, source)


def _merged(person: Person, held: Person | None) -> Person:
    if held is None:
        return person
    return Person(
        person.hashed,
        person.id or held.id,
        person.names | held.names,
        person.handles | held.handles,
    )


def _the_one(found: list[Person], who: str, source: str) -> Person:
    if len(found) == 1:
        return found[0]
    told = f"{len(found)} people are called {who!r}."
    if not found:
        told = f"Nobody called {who!r} is in what was collected from {source}."
    raise UsageError(
        told,
        saved="Nothing was touched.",
        next_step="Give the id, the URN or the address of the profile.",
    )


def _people(envelope: Envelope, nobody: ErasedPeople) -> Iterator[Person]:
    try:
        tree = plain(envelope.response.body)
    except Malformed:
        return
    yield from find_people(tree, nobody.hash_of)


def _theirs(shelf: SegmentStore, source: str, person: Person, public: bool) -> PersonData:
    """Uploads, playlists and files of a person, and all they were called, from the answers."""
    ids = frozenset(filter(None, (person.hashed, person.id)))
    names, nobody = set(person.names), ErasedPeople(frozenset(), frozenset(), hash_key())
    tracks: set[str] = set()
    playlists: set[str] = set()
    for envelope in answers(shelf.paths(source)):
        for other in _people(envelope, nobody):
            if other.hashed == person.hashed:
                names |= other.names
        for kind, id_ in _owned(source, envelope, ids):
            (tracks if kind == "track" else playlists).add(id_)
    told = PersonData(
        source,
        person.hashed,
        ids,
        frozenset(names),
        frozenset(tracks),
        frozenset(playlists),
        frozenset(),
        public,
    )
    files = {path for path, own, _ in _listed_files(shelf, source, told) if own}
    shelf.tidy()
    return msgspec.structs.replace(told, files=frozenset(files))


def _owned(source: str, envelope: Envelope, ids: frozenset[str]) -> Iterator[tuple[str, str]]:
    try:
        page = get(source).parse(envelope.request, envelope.response)
    except ODD_ANSWERS:
        return
    for record in page.records:
        owners = getattr(record, "artist_ids", None)
        owner = owners[0] if isinstance(owners, list) and owners else None
        if record.kind == "playlist":
            owner = getattr(record, "owner_id", None)
        if record.kind in ("track", "playlist") and owner in ids:
            yield record.kind, record.id


def _listed_files(
    shelf: SegmentStore, source: str, theirs: PersonData
) -> Iterator[tuple[str, list[dict[str, str]], list[dict[str, str]]]]:
    """Files that answers list, with their owners: those that are this person's, and others."""
    for envelope in answers(shelf.paths(source)):
        if envelope.endpoint == "media":
            told = msgspec.json.decode(envelope.body)
            yield (
                told["path"],
                *_parted(told["of"], theirs if envelope.source == theirs.source else None),
            )


def _parted(
    owners: list[dict[str, str]], theirs: PersonData | None
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    things = theirs.things if theirs else {}
    own = [of for of in owners if of["id"] in things.get(of["kind"], ())]
    return own, [of for of in owners if of not in own]


def _from_landing(shelf: SegmentStore, theirs: PersonData, gone: ErasedPeople) -> int:
    """Answers about them are dropped, others lose what is theirs; elsewhere, who was looked for."""
    changes = {name: _unasked(name, theirs) for name in NAMES}
    changes[theirs.source] = _changed(theirs, gone)
    touched = 0
    for source, change in changes.items():
        for name in shelf.names(source):
            touched += shelf.rewrite(name, partial(rewrite, change=change))
    return touched


def _changed(theirs: PersonData, gone: ErasedPeople) -> Change:
    endpoints = get(theirs.source).manifest.endpoints

    def change(envelope: Envelope) -> Envelope | None:
        node = endpoints[envelope.endpoint].subject if envelope.endpoint in endpoints else ""
        things = theirs.things.get(node, frozenset())
        if len(envelope.ids) == 1 and envelope.ids[0] in things:
            return None
        if envelope.endpoint == "media":
            return _media(envelope, theirs)
        body = gone.without(envelope.response.body)
        if body is None:
            return None
        named = things | (theirs.names if _is_asked(node) else frozenset())
        ids = [TOMBSTONE if id_ in named else id_ for id_ in envelope.ids]
        if body == envelope.response.body and ids == envelope.ids:
            return envelope
        return msgspec.structs.replace(changed_body(envelope, body), ids=ids, url="")

    return change


def _is_asked(node: str) -> bool:
    """Whether what is asked about is a name or an address that somebody typed."""
    return node in TYPED


def _unasked(source: str, theirs: PersonData) -> Change:
    """Other sources were asked for their tracks by name."""
    endpoints = get(source).manifest.endpoints
    names = _words(theirs)

    def change(envelope: Envelope) -> Envelope | None:
        node = endpoints[envelope.endpoint].subject if envelope.endpoint in endpoints else ""
        if not _is_asked(node) or not any(_begins(id_, names) for id_ in envelope.ids):
            return envelope
        ids = [TOMBSTONE if _begins(id_, names) else id_ for id_ in envelope.ids]
        return msgspec.structs.replace(envelope, ids=ids, url="")

    return change


def _begins(asked: str, names: tuple[str, ...]) -> bool:
    return f"{asked} ".casefold().startswith(names)


def _words(theirs: PersonData) -> tuple[str, ...]:
    """Their names as searches begin with them; hashes and very short ones are none."""
    known = (name for name in theirs.names if not name.startswith(PREFIX) and len(name) > 2)
    return tuple(f"{name.casefold()} " for name in sorted(known))


def _media(envelope: Envelope, theirs: PersonData) -> Envelope | None:
    """A file that others have, too, stays theirs alone."""
    told = msgspec.json.decode(envelope.body)
    own, others = _parted(told["of"], theirs)
    if not own:
        return envelope
    body = msgspec.json.encode({**told, "of": others})
    return changed_body(envelope, body) if others else None


def _files(folder: Workspace, shelf: SegmentStore, theirs: PersonData) -> int:
    """Removes files that belong to nobody else, here and in the object store."""
    left = {path for path, _, others in _listed_files(shelf, "*", theirs) if others}
    shelf.tidy()
    there = set(shelf.objects.names("media")) if shelf.objects is not None else set()
    for path in theirs.files - left:
        (folder.root / path).unlink(missing_ok=True)
        if shelf.objects is not None and path in there:
            shelf.objects.delete(path)
    return len(theirs.files - left)


def _from_frontier(folder: Workspace, source: str, theirs: PersonData) -> None:
    """What was known to be asked about: ids and names become a word that names nobody."""
    path = folder.frontier / f"{source}.sqlite"
    if not path.exists():
        return
    frontier = SqliteFrontier(path)
    if source == theirs.source:
        frontier.erase_person(theirs.things, theirs.names, TOMBSTONE)
    elif words := _words(theirs):
        kinds = ("artist_query", "track_query")
        known = {frontier.id_of(seq) for kind in kinds for seq in frontier.index.by_kind[kind]}
        asked = {id_ for id_ in known if _begins(id_, words)}
        if asked:
            frontier.erase_person({}, asked, TOMBSTONE)
    frontier.close()


def _from_identity(folder: Workspace, theirs: PersonData) -> None:
    """The book is made anew; decisions about what is theirs go."""
    for book in (folder.root / "identity").glob("matches.duckdb*"):
        book.unlink()
    decided: Path = folder.root / "identity" / "decisions.jsonl"
    if decided.exists():
        named = [f'"{theirs.source}:{id_}"' for id_ in theirs.ids | theirs.tracks]
        lines = decided.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not any(name in line for name in named)]
        decided.write_text("".join(kept), "utf-8")
