"""`forget`: a person is removed everywhere, from the raw answers to the last snapshot.

What goes is what they wrote and what they put up: comments, the profile, uploads with all that
hangs on these, files that nobody else has. What stays is a keyed hash that keeps them out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from phonofilm.config import hash_key
from phonofilm.crawl.frontier import Frontier
from phonofilm.errors import PhonofilmError, StoreError, UsageError
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.forgetting import (
    TOMBSTONE,
    Forgotten,
    Person,
    changed_body,
    people_in,
    remember,
    rewrite,
)
from phonofilm.landing.segments import answers
from phonofilm.landing.shelf import Shelf
from phonofilm.landing.store import DataFolder, Writing
from phonofilm.sources import get
from phonofilm.sources.base import Malformed, plain
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.load import seal_all
from phonofilm.warehouse.publish import publish, published, withdraw
from phonofilm.warehouse.where import databases, open_warehouse, same_database

_HANDLE = re.compile(r"soundcloud\.com/([^/?#\s]+)")


class Removed(msgspec.Struct):
    """What went: rows by table, answers changed or dropped, files."""

    rows: dict[str, int]
    answers: int
    files: int


class Theirs(NamedTuple):
    """What belongs to a person: ids as rows hold them, uploads, playlists."""

    ids: frozenset[str]
    names: frozenset[str]
    tracks: frozenset[str]
    playlists: frozenset[str]


def forget(folder: DataFolder, who: str, source: str = "soundcloud") -> Removed:
    """Removes a person named by id, URN, link, handle or name; UsageError for nobody or several."""
    folder.must_exist()
    get(source)
    with Writing(folder, "forgetting of a person"):
        seal_all(folder)
        shelf = Shelf(folder)
        person = _find(shelf, source, who)
        key = hash_key()
        mentions = (Forgotten(frozenset(), key).hash_of(name) for name in person.names)
        gone = Forgotten(frozenset((person.hashed, *mentions)), key)
        # Noted first: when something fails below, nobody is collected again meanwhile.
        remember(folder.root, source, gone.people)
        theirs = _theirs(shelf, source, person, gone)
        rows, paths, unreached = _from_all(folder, source, theirs)
        answers_touched = _from_landing(shelf, source, theirs, gone)
        files = _files(folder, shelf, paths)
        _from_frontier(folder, source, theirs)
        _from_identity(folder, source, theirs)
        if published(folder) is not None:
            withdraw(folder)
            publish(folder)
    if unreached is not None:
        unreached.saved = "Everything that could be reached is clean."
        raise unreached
    return Removed({table: n for table, n in rows.items() if n}, answers_touched, files)


def _find(shelf: Shelf, source: str, who: str) -> Person:
    """The one person whom a text names."""
    handle = _HANDLE.search(who)
    text = (handle[1] if handle else who).strip()
    gone = Forgotten(frozenset(), hash_key())
    hashed = gone.hash_of(text)
    found: dict[str, Person] = {}
    for envelope in answers(shelf.paths(source)):
        for person in _people(envelope, gone):
            told = {person.hashed, person.id, *person.names}
            if text in told or hashed in told:
                held = found.get(person.hashed)
                names = person.names | (held.names if held else frozenset())
                found[person.hashed] = person._replace(
                    names=names, id=person.id or (held.id if held else "")
                )
    exact = [p for p in found.values() if text == p.id or hashed == p.hashed] or list(
        found.values()
    )
    shelf.tidy()
    if not exact:
        raise UsageError(
            f"Nobody called {who!r} is in what was collected from {source}.",
            saved="Nothing was touched.",
            next_step="Give the id, the URN or the address of the profile.",
        )
    if len(exact) > 1:
        raise UsageError(
            f"{len(exact)} people are called {who!r}.", saved="Nothing was touched.",
            next_step="Give the id, the URN or the address of the profile.",
        )  # fmt: skip
    return exact[0]


def _people(envelope: Envelope, gone: Forgotten) -> Iterator[Person]:
    try:
        tree = plain(envelope.response.body)
    except Malformed:
        return
    yield from people_in(tree, gone.hash_of)


def _theirs(shelf: Shelf, source: str, person: Person, gone: Forgotten) -> Theirs:
    """Uploads and playlists of a person, from the answers themselves."""
    ids = frozenset(filter(None, (person.hashed, person.id)))
    tracks: set[str] = set()
    playlists: set[str] = set()
    parse = get(source).parse
    for envelope in answers(shelf.paths(source)):
        try:
            page = parse(envelope.request, envelope.response)
        except (Malformed, ValueError, KeyError, TypeError):
            continue
        for record in page.records:
            owners = getattr(record, "artist_ids", None)
            if record.kind == "track" and isinstance(owners, list) and owners[:1]:
                tracks.update({record.id} if owners[0] in ids else ())
            elif record.kind == "playlist" and getattr(record, "owner_id", None) in ids:
                playlists.add(record.id)
    shelf.tidy()
    return Theirs(ids, person.names, frozenset(tracks), frozenset(playlists))


def _from_landing(shelf: Shelf, source: str, theirs: Theirs, gone: Forgotten) -> int:
    """Answers about them are dropped, others lose what is theirs."""
    endpoints = get(source).manifest.endpoints
    own = {"artist": theirs.ids, "track": theirs.tracks, "playlist": theirs.playlists}

    def change(envelope: Envelope) -> Envelope | None:
        node = endpoints[envelope.endpoint].node if envelope.endpoint in endpoints else ""
        named = own.get(node, theirs.names) if node else frozenset()
        single = len(envelope.ids) == 1
        if single and envelope.ids[0] in named:
            return None
        if envelope.endpoint == "media":
            return _media(envelope, theirs)
        body = gone.without(envelope.response.body)
        if body is None:
            return None
        ids = [TOMBSTONE if id_ in named else id_ for id_ in envelope.ids]
        if body == envelope.response.body and ids == envelope.ids:
            return envelope
        return msgspec.structs.replace(changed_body(envelope, body), ids=ids, url="")

    return sum(
        shelf.rewrite(name, lambda path: rewrite(path, change)) for name in shelf.names(source)
    )


def _media(envelope: Envelope, theirs: Theirs) -> Envelope | None:
    """A file that others have, too, stays theirs alone."""
    told = msgspec.json.decode(envelope.body)
    own = {"artist": theirs.ids, "track": theirs.tracks, "playlist": theirs.playlists}
    kept = [of for of in told["of"] if of["id"] not in own.get(of["kind"], frozenset())]
    if len(kept) == len(told["of"]):
        return envelope
    body = msgspec.json.encode({**told, "of": kept})
    return changed_body(envelope, body) if kept else None


def _from_all(
    folder: DataFolder, source: str, theirs: Theirs
) -> tuple[Counter[str], set[str], PhonofilmError | None]:
    """Rows removed from every warehouse of this folder, and the files that nobody has any more."""
    rows: Counter[str] = Counter()
    paths: set[str] = set()
    unreached: PhonofilmError | None = None
    others = [url for url in databases(folder) if not same_database(url, folder.database)]
    elsewhere = [folder.database, *others] if folder.database else others
    here = [""] if (folder.warehouse / "phonofilm.duckdb").exists() or not elsewhere else []
    for url in [*here, *elsewhere]:
        try:
            warehouse = open_warehouse(folder, url)
        except StoreError as error:
            unreached = error
            continue
        try:
            with warehouse.transaction():
                removed, files = _rows(warehouse, source, theirs)
            rows.update(removed)
            paths |= files
            warehouse.settle()
            warehouse.wipe()
        finally:
            warehouse.close()
    return rows, paths, unreached


def _rows(warehouse: Warehouse, source: str, theirs: Theirs) -> tuple[dict[str, int], set[str]]:
    ids, tracks, lists = (_listed(held) for held in (theirs.ids, theirs.tracks, theirs.playlists))
    own = f"source = '{source}'"
    either = f"""((of_kind = 'artist' AND of_id IN {ids})
        OR (of_kind = 'track' AND of_id IN {tracks})
        OR (of_kind = 'playlist' AND of_id IN {lists}))"""
    files = {
        path for (path,) in warehouse.rows(f"SELECT path FROM store.media WHERE {own} AND {either}")
    }
    where = {
        "comment": f"user_id IN {ids} OR track_id IN {tracks}",
        "playlist_entry": f"playlist_id IN {lists} OR track_id IN {tracks}",
        "playlist": f"id IN {lists}", "features": f"id IN {tracks}", "track": f"id IN {tracks}",
        "tag": either, "external_id": either, "media": either,
        "web_profile": f"artist_id IN {ids}", "artist_genre": f"artist_id IN {ids}",
        "artist_relation": f"artist_id IN {ids} OR related_id IN {ids}",
        "artist": f"id IN {ids}", "chart_entry": f"track_id IN {tracks}",
        "observation": f"""(kind = 'artist' AND id IN {ids}) OR (kind = 'track' AND id IN {tracks})
            OR (kind = 'playlist' AND id IN {lists})""",
        "quarantine": "true",  # what did not parse cannot be looked through
    }  # fmt: skip
    removed = {
        table: warehouse.change(f"DELETE FROM store.{table} WHERE {own} AND ({condition})")
        for table, condition in where.items()
    }
    things = f"(kind = 'artist' AND id IN {ids}) OR (kind = 'recording' AND id IN {tracks})"
    warehouse.change(f"DELETE FROM identity.members WHERE {own} AND ({things})")
    names = (
        " OR ".join(f"result LIKE '%{_like(name)}%'" for name in sorted(theirs.names)) or "false"
    )
    warehouse.change(f"DELETE FROM store.run WHERE {own} AND ({names})")
    for name in sorted(theirs.names):  # as others call them
        said, silent = _quoted(f"@{name}"), _quoted(f"@{TOMBSTONE}")
        warehouse.change(
            f"UPDATE store.comment SET body = replace(body, {said}, {silent}) WHERE {own}"
            f" AND position({said} IN body) > 0"
        )
    left = warehouse.rows(f"SELECT path FROM store.media WHERE path IN {_listed(files)}")
    return removed, files - {path for (path,) in left}


def _listed(values: Iterable[str]) -> str:
    return f"({', '.join(map(_quoted, sorted(values))) or 'NULL'})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _like(text: str) -> str:
    return text.replace("'", "''").replace("%", "_")


def _files(folder: DataFolder, shelf: Shelf, paths: set[str]) -> int:
    """Removes files that belong to nobody else, here and in the object store."""
    there = set(shelf.objects.names("media")) if shelf.objects is not None else set()
    for path in paths:
        (folder.root / path).unlink(missing_ok=True)
        if shelf.objects is not None and path in there:
            shelf.objects.delete(path)
    return len(paths)


def _from_frontier(folder: DataFolder, source: str, theirs: Theirs) -> None:
    """What was known to be asked about: ids and names become a word that names nobody."""
    path = folder.frontier / f"{source}.sqlite"
    if path.exists():
        frontier = Frontier(path)
        frontier.forget(theirs.ids | theirs.tracks | theirs.playlists, theirs.names, TOMBSTONE)
        frontier.close()


def _from_identity(folder: DataFolder, source: str, theirs: Theirs) -> None:
    """The book is made anew; decisions about what is theirs go."""
    for book in (folder.root / "identity").glob("matches.duckdb*"):
        book.unlink()
    decided: Path = folder.root / "identity" / "decisions.jsonl"
    if decided.exists():
        named = [f'"{source}:{id_}"' for id_ in theirs.ids | theirs.tracks]
        lines = decided.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not any(name in line for name in named)]
        decided.write_text("".join(kept), "utf-8")
