"""People who stand in responses with an id, and what belongs to one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from phonofilm.privacy.pseudonyms import PREFIX

OWNER_FIELDS = ("user", "owner", "creator")
_NAME_FIELDS = ("username", "permalink", "permalink_url", "display_name")


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


def id_of(node: Any) -> object:
    """Return the URN or id of an object, or None."""
    return (node.get("urn") or node.get("id")) if isinstance(node, dict) else None


def find_people(tree: Any, hash_of: Callable[[object], str]) -> Iterator[Person]:
    """Yield all people who stand in a decoded response as a user or an owner with an id."""
    if isinstance(tree, list):
        for element in tree:
            yield from find_people(element, hash_of)
    elif isinstance(tree, dict):
        for field, value in tree.items():
            if field in OWNER_FIELDS and (id_ := id_of(value)):
                yield _person(value, id_, hash_of)
            yield from find_people(value, hash_of)
        if tree.get("kind") == "user" and (id_ := id_of(tree)):
            yield _person(tree, id_, hash_of)


def _person(node: dict[str, Any], id_: object, hash_of: Callable[[object], str]) -> Person:
    names = frozenset(str(node[field]) for field in _NAME_FIELDS if node.get(field))
    handle = node.get("permalink")
    text = str(id_)
    return Person(
        hashed=hash_of(id_),
        id="" if text.startswith(PREFIX) else text.rsplit(":", 1)[-1],
        names=names,
        handles=frozenset((str(handle),) if handle else ()),
    )
