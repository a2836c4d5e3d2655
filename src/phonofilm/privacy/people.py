"""People who are to be forgotten: found in answers, and taken out of them.

A person is told by the keyed hash of the id, so that the list of the forgotten names nobody. It
stays in the data folder: whoever was forgotten is left out of later answers, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec

from phonofilm.errors import storage_error
from phonofilm.landing.envelope import COLUMNS, Envelope, digest_of
from phonofilm.landing.segments import answers
from phonofilm.privacy.pseudonyms import MENTION, PREFIX, pseudonym
from phonofilm.sources.contract import Malformed
from phonofilm.sources.decode import plain

FILE = "forgotten.jsonl"
_OWNERS = ("user", "owner", "creator")
_GONE: Any = object()
TOMBSTONE = "forgotten"
Change = Callable[[Envelope], Envelope | None]


class Person(NamedTuple):
    """Somebody met in answers: the hash of the id, the id where it stands there, and names.

    `handles` are those of the names that stand in addresses: nobody else has them.
    """

    hashed: str
    id: str
    names: frozenset[str]
    handles: frozenset[str]


class PersonData(msgspec.Struct, frozen=True):
    """What belongs to a person of a source; written down, so that a cut leaves nothing behind.

    `ids` as rows hold them, `names` as they were met, `files` as paths in the data folder;
    `published`: a snapshot was there for readers.
    """

    source: str
    hashed: str
    ids: frozenset[str]
    names: frozenset[str]
    tracks: frozenset[str]
    playlists: frozenset[str]
    files: frozenset[str]
    published: bool

    @property
    def things(self) -> dict[str, frozenset[str]]:
        """Their ids by kind of thing."""
        return {"artist": self.ids, "track": self.tracks, "playlist": self.playlists}

    def gone(self, key: bytes) -> ErasedPeople:
        """The filter that leaves them out."""
        nobody = ErasedPeople(frozenset(), frozenset(), key)
        called = {nobody.hash_of(form) for n in self.names for form in (n, n.lower())}
        return ErasedPeople(frozenset((self.hashed,)), frozenset(called), key, self.tracks)


class ErasedPeople:
    """The people of one source who are left out, told by hashes of ids and of names.

    A number can be somebody's id and somebody else's name: the two are never mixed. `key` is the
    key of the hashes; comments on `tracks` go with them.
    """

    def __init__(
        self,
        ids: frozenset[str],
        names: frozenset[str],
        key: bytes,
        tracks: frozenset[str] = frozenset(),
    ) -> None:
        self.ids, self.names, self._key, self._tracks = ids, names, key, tracks

    @classmethod
    def of(cls, root: Path, source: str, key: Callable[[], bytes]) -> ErasedPeople | None:
        """Those of a data folder; None when there are none."""
        path = root / FILE
        if not path.exists():
            return None
        rows = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line)
        told = [(row["what"], row["person"]) for row in rows if row["source"] == source]
        ids, names = (frozenset(p for w, p in told if w == what) for what in ("id", "name"))
        return cls(ids, names, key()) if told else None

    def hash_of(self, value: object) -> str:
        """The hash of an id; one that is hashed already stays."""
        text = str(value)
        return text if text.startswith(PREFIX) else pseudonym(self._key, text)

    def without(self, body: bytes) -> bytes | None:
        """A body without them and what is theirs; the same one when they are not in it.

        None when it is about nothing else. A body that is no JSON stays as it is.
        """
        try:
            tree = plain(body)
        except Malformed:
            return body
        before = msgspec.json.encode(tree)
        kept = self._prune(tree)
        if kept is _GONE:
            return None
        after = msgspec.json.encode(kept)
        return body if after == before else after

    def _prune(self, node: Any) -> Any:
        if isinstance(node, list):
            return [kept for element in node if (kept := self._prune(element)) is not _GONE]
        if not isinstance(node, dict):
            return self.unmentioned(node) if isinstance(node, str) and "@" in node else node
        if self._is_theirs(node):
            return _GONE
        for name, value in node.items():
            kept = self._prune(value)
            node[name] = None if kept is _GONE else kept
        return node

    def unmentioned(self, text: str) -> str:
        """A text in which others call them by name."""

        def silent(match: re.Match[str]) -> str:
            called = self.hash_of(match[1]), self.hash_of(match[1].lower())
            return f"@{TOMBSTONE}" if self.names.intersection(called) else match[0]

        return MENTION.sub(silent, text)

    def _is_theirs(self, node: dict[str, Any]) -> bool:
        """Whether an object is one of them, or belongs to one of them."""
        named = [held for held in (_id_of(node.get(owner)) for owner in _OWNERS) if held]
        if node.get("kind") == "user" and (own := _id_of(node)):
            named.append(own)
        if not named:
            named = [held for held in (node.get("user_urn"), node.get("user_id")) if held]
        if node.get("kind") == "comment" and self._tracks:
            track = node.get("track_urn") or node.get("track_id") or ""
            if str(track).rsplit(":", 1)[-1] in self._tracks:
                return True
        return any(self.hash_of(held) in self.ids for held in named)


def _id_of(node: Any) -> object:
    return (node.get("urn") or node.get("id")) if isinstance(node, dict) else None


def remember(root: Path, source: str, gone: ErasedPeople) -> None:
    """Notes who is left out from now on."""
    path = root / FILE
    held = path.read_text("utf-8") if path.exists() else ""
    people = (("id", gone.ids), ("name", gone.names))
    told = [
        json.dumps({"source": source, "what": what, "person": person}) + "\n"
        for what, hashes in people
        for person in sorted(hashes)
    ]
    lines = "".join(line for line in told if line not in held)
    try:
        growing = path.with_suffix(".growing")
        growing.write_text(held + lines, "utf-8")
        growing.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error


def find_people(tree: Any, hash_of: Callable[[object], str]) -> Iterator[Person]:
    """Everybody who stands in an answer as somebody with an id."""
    if isinstance(tree, list):
        for element in tree:
            yield from find_people(element, hash_of)
    elif isinstance(tree, dict):
        for name, value in tree.items():
            if name in _OWNERS and (held := _id_of(value)):
                yield _person(value, held, hash_of)
            yield from find_people(value, hash_of)
        if tree.get("kind") == "user" and (held := _id_of(tree)):
            yield _person(tree, held, hash_of)


def _person(node: dict[str, Any], held: object, hash_of: Callable[[object], str]) -> Person:
    told = (node.get(name) for name in ("username", "permalink", "permalink_url", "display_name"))
    handle = node.get("permalink")
    text = str(held)
    own = "" if text.startswith(PREFIX) else text.rsplit(":", 1)[-1]
    names = frozenset(str(name) for name in told if name)
    return Person(hash_of(held), own, names, frozenset((str(handle),) if handle else ()))


def told_without(result: str, texts: Iterable[str]) -> str:
    """What a run told, without examples of findings in which one of the texts stands."""
    tree, listed = json.loads(result), list(texts)
    for finding in tree.get("findings", ()):
        if any(text in str(finding.get("example")) for text in listed):
            finding["example"] = TOMBSTONE
    return json.dumps(tree, ensure_ascii=False)


def rewrite(path: Path, change: Change) -> int:
    """Rewrites the answers of a segment that a change touches; how many. None drops an answer."""
    kept: list[Envelope] = []
    touched = 0
    for envelope in answers([path]):
        changed = change(envelope)
        touched += changed is not envelope
        if changed is not None:
            kept.append(changed)
    if not touched:
        return 0
    try:
        if kept:
            _write(path, kept)
        else:
            path.unlink()
    except (OSError, duckdb.Error) as error:
        raise storage_error(path, error) from error
    return touched


def _write(path: Path, kept: list[Envelope]) -> None:
    lines, growing = path.with_suffix(".lines"), path.with_suffix(".growing")
    lines.write_bytes(msgspec.json.Encoder().encode_lines(kept))
    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
    longest = max(len(msgspec.json.encode(envelope)) for envelope in kept) + 1024
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT * FROM read_json('{_quoted(lines)}', columns = {columns},
            format = 'newline_delimited', maximum_object_size = {max(longest, 1 << 22)}))
            TO '{_quoted(growing)}' (FORMAT parquet, COMPRESSION zstd)"""
        )
    lines.unlink()
    growing.replace(path)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def changed_body(envelope: Envelope, body: bytes) -> Envelope:
    """An answer with another body."""
    return msgspec.structs.replace(
        envelope, body=body.decode(), encoding="utf-8", sha256=digest_of(body)
    )  # a body that was changed is JSON, hence text
