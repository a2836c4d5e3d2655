"""Replace people's names in responses by keyed hashes before anything is written.

A manifest says where they stand: `a.b` inside objects, `a[]` in each of a list, `a[kind=x]` in
those of a kind, `**[kind=x]` in those of a kind at any depth, `b.*` for all text in b,
`user{id,name}` for an object of which only these fields stay, hashed, and `body@` for a text in
which people are mentioned as `@name`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

import msgspec

from phonofilm.sources.contract import Malformed
from phonofilm.sources.decode import plain

_KINDS = re.compile(r"\[(?:kind=([^\]]+))?\]$")
_STEP = re.compile(r"((?:[^.\[{]|\[[^\]]*\]|\{[^}]*\})*)(\.?)(.*)$", re.DOTALL)
# What services allow as a user name; after a letter or digit it is an address, not a mention.
MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9][\w-]{2,})")
PREFIX = "person-"
_ABSENT = object()
_HASH_BYTES = 8
Hash = Callable[[str], str]
Mask = Callable[[Any, Hash], None]


def pseudonym(key: bytes, text: str) -> str:
    """Return the keyed hash of a person's id or name; the same person stays the same, unknown.

    A URN (`soundcloud:users:7`) and the number it ends in are one person.
    """
    return _keyed_hash(key, _without_namespace(text))


def person_hash(key: bytes, value: object) -> str:
    """Return the keyed hash of an id or name; one that is hashed already stays."""
    text = str(value)
    return text if text.startswith(PREFIX) else pseudonym(key, text)


def _without_namespace(text: str) -> str:
    return text[text.rfind(":") + 1 :] if ":" in text and text.count(":") == 2 else text


def _keyed_hash(key: bytes, name: str) -> str:
    """Return HMAC-SHA256 of a name, cut to 64 bits."""
    digest = hmac.digest(key, name.encode("utf-8", "surrogatepass"), "sha256")
    return PREFIX + digest[:_HASH_BYTES].hex()


def _caching_hasher(key: bytes) -> Hash:
    """Return `pseudonym` for the names of one body, where most people stand several times."""
    keyed_hash = cache(partial(_keyed_hash, key))
    return cache(lambda text: keyed_hash(_without_namespace(text)))


def pseudonymise(body: bytes, paths: Iterable[str], key: bytes, anywhere: bool = False) -> bytes:
    """Replace the personal fields of a body; `anywhere` at any depth of any object.

    Of a body that is not JSON only size and hash are kept, because names may stand anywhere in it.
    """
    try:
        tree = plain(body)
    except Malformed:
        return redacted(body)
    hash_name = _caching_hasher(key)
    if anywhere:
        paths = dict.fromkeys(f"**{path.rpartition('[].')[2]}" for path in paths)
    for path in paths:
        _mask(path)(tree, hash_name)
    return msgspec.json.encode(tree)


def redacted(body: bytes) -> bytes:
    """Return what replaces a body that may name people at unknown places: its size and hash."""
    reason = "not readable, and it may hold people's names"
    digest = hashlib.sha256(body).hexdigest()
    return msgspec.json.encode({"withheld": reason, "bytes": len(body), "sha256": digest})


@cache
def _mask(path: str) -> Mask:
    """Compile a path of a manifest to the function that replaces the names there."""
    step, _, rest = _split_step(path)
    if step.startswith("**"):
        return _mask_at_any_depth(_mask(path.removeprefix("**")))
    kinds = _KINDS.search(step)
    if kinds:
        return _mask_elements(step[: kinds.start()], kinds[1], _mask(rest))
    if rest:
        return _mask_inside(step, _mask(rest)) if rest != "*" else _mask_all_text(step)
    if step.endswith("}"):
        field, _, names = step[:-1].partition("{")
        return _mask_object(field, names.split(","))
    return _mask_mentions(step[:-1]) if step.endswith("@") else _mask_field(step)


def _split_step(path: str) -> tuple[str, str, str]:
    """Split off the first step of a path; dots inside brackets do not end it."""
    match = _STEP.match(path)
    return (match[1], match[2], match[3]) if match else (path, "", "")


def _mask_elements(field: str, kind: str | None, inner: Mask) -> Mask:
    """Apply a mask to the elements of a list, or of those of a kind; no field is the node."""

    def mask(node: Any, hash_name: Hash) -> None:
        elements = (node.get(field) if isinstance(node, dict) else None) if field else node
        if kind and not field and isinstance(node, dict):
            elements = [node]
        for element in elements if isinstance(elements, list) else ():
            if kind is None or (isinstance(element, dict) and element.get("kind") == kind):
                inner(element, hash_name)

    return mask


def _mask_at_any_depth(inner: Mask) -> Mask:
    def mask(node: Any, hash_name: Hash) -> None:
        children = (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        )
        for child in children:
            mask(child, hash_name)
        if isinstance(node, dict):
            inner(node, hash_name)

    return mask


def _mask_inside(field: str, inner: Mask) -> Mask:
    def mask(node: Any, hash_name: Hash) -> None:
        if isinstance(node, dict) and node.get(field) not in (None, ""):
            inner(node[field], hash_name)

    return mask


def _mask_field(field: str) -> Mask:
    def mask(node: Any, hash_name: Hash) -> None:
        if isinstance(node, dict) and node.get(field) not in (None, ""):
            node[field] = hash_name(str(node[field]))

    return mask


def _mask_object(field: str, names: list[str]) -> Mask:
    """Reduce an object that is a person to the named fields, hashed."""

    def mask(node: Any, hash_name: Hash) -> None:
        person = node.get(field) if isinstance(node, dict) else None
        if isinstance(person, dict):
            hashed = {}
            for name in names:
                value = person.get(name, _ABSENT)
                if value in (None, ""):  # null is not absent, for the warehouse either
                    hashed[name] = value
                elif value is not _ABSENT:
                    hashed[name] = hash_name(value if value.__class__ is str else str(value))
            node[field] = hashed
        elif person not in (None, ""):
            node[field] = hash_name(str(person))

    return mask


def _mask_mentions(field: str) -> Mask:
    def mask(node: Any, hash_name: Hash) -> None:
        text = node.get(field) if isinstance(node, dict) else None
        if isinstance(text, str) and "@" in text:
            node[field] = MENTION.sub(lambda match: "@" + hash_name(match[1].lower()), text)

    return mask


def _mask_all_text(field: str) -> Mask:
    def mask(node: Any, hash_name: Hash) -> None:
        person = node.get(field) if isinstance(node, dict) else None
        if isinstance(person, dict):
            for name in person:
                _replace_all(person, name, hash_name)

    return mask


def _replace_all(node: dict[str, Any], field: str, hash_name: Hash) -> None:
    """Replace all that could name a person: ids, names, addresses; `type` names the object's."""
    value = node[field]
    if isinstance(value, dict):
        for name in value:
            _replace_all(value, name, hash_name)
    elif isinstance(value, str | int) and not isinstance(value, bool) and value and field != "type":
        node[field] = hash_name(str(value))
