"""People who stand in responses with an id, and what belongs to one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from phonofilm.privacy.pseudonyms import PREFIX
from phonofilm.sources.manifest import People


class Person(NamedTuple):
    """A person met in responses: the hash of the id, the id where it stands there, and names.

    `handles` are those of the names that stand in addresses, which are unique at a source.
    """

    hashed: str
    id: str
    names: frozenset[str]
    handles: frozenset[str]

    def merged_with(self, other: Person) -> Person:
        """Return this person with what another response says of the same one."""
        return self._replace(
            id=self.id or other.id,
            names=self.names | other.names,
            handles=self.handles | other.handles,
        )


class PersonData(msgspec.Struct, frozen=True, kw_only=True):
    """All that belongs to a person of a source, as it is noted before it is erased.

    `ids` as rows have them, `names` as they stood in responses, `files` as paths in the data
    folder; `published`: there is a snapshot for readers.
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
    def ids_by_kind(self) -> dict[str, frozenset[str]]:
        """The ids of the person and of the uploads, by kind of node."""
        return {"artist": self.ids, "track": self.tracks, "playlist": self.playlists}

    @property
    def record_names(self) -> set[str]:
        """The records of the person and of the uploads, as `source:id`."""
        return {f"{self.source}:{id_}" for id_ in self.ids | self.tracks}


def first_field(node: Any, fields: Iterable[str]) -> object:
    """Return the first field of an object that is set, such as its URN or else its id; or None."""
    if not isinstance(node, dict):
        return None
    return next((value for field in fields if (value := node.get(field))), None)


def is_person(node: dict[str, Any], fields: People) -> bool:
    """Tell whether an object says by its kind that it is a person."""
    return bool(fields.kind) and node.get("kind") == fields.kind


def find_people(tree: Any, fields: People, hash_of: Callable[[object], str]) -> Iterator[Person]:
    """Yield all people who stand in a decoded response as a person or an owner with an id."""
    if isinstance(tree, list):
        for element in tree:
            yield from find_people(element, fields, hash_of)
    elif isinstance(tree, dict):
        for field, value in tree.items():
            if field in fields.owners and (id_ := first_field(value, fields.ids)):
                yield _person(value, id_, fields, hash_of)
            yield from find_people(value, fields, hash_of)
        if is_person(tree, fields) and (id_ := first_field(tree, fields.ids)):
            yield _person(tree, id_, fields, hash_of)


def _person(
    node: dict[str, Any], id_: object, fields: People, hash_of: Callable[[object], str]
) -> Person:
    names = frozenset(str(node[field]) for field in fields.names if node.get(field))
    handle = node.get(fields.handle)
    text = str(id_)
    return Person(
        hashed=hash_of(id_),
        id="" if text.startswith(PREFIX) else text.rsplit(":", 1)[-1],
        names=names,
        handles=frozenset((str(handle),) if handle else ()),
    )
