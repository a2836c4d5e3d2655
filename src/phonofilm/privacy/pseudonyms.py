"""People's names in answers, replaced by keyed hashes before anything is written.

A manifest says where they stand: `a.b` inside objects, `a[]` in each of a list, `a[kind=x]` in
those of a kind, `**[kind=x]` in those of a kind at any depth, `b.*` for all text in b,
`user{id,name}` for an object of which only these stay, hashed, and `body@` for a text in which
people are mentioned as `@name`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec

from phonofilm.sources.contract import Malformed
from phonofilm.sources.decode import plain

_KINDS = re.compile(r"\[(?:kind=([^\]]+))?\]$")
# What services let people be called; after a letter or digit it is an address, not a mention.
MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9][\w-]{2,})")
Hash = Callable[[str], str]
Mask = Callable[[Any, Hash], None]
PREFIX = "person-"


def pseudonym(key: bytes, text: str) -> str:
    """A keyed hash of a person's name: the same person stays the same, and stays unknown.

    A URN (`soundcloud:users:7`) and the number it ends in are one person.
    """
    return _hasher(key)(text)


def _hasher(key: bytes) -> Hash:
    """HMAC-SHA256 with its key worked in once: a page of comments names hundreds of people."""
    began, ended = (half.copy for half in _begun(key))
    known: dict[str, str] = {}
    look = known.get

    def hashed(text: str) -> str:
        if found := look(text):
            return found
        name = text[text.rfind(":") + 1 :] if ":" in text and text.count(":") == 2 else text
        inner, outer = began(), ended()
        inner.update(name.encode() if name.isascii() else name.encode("utf-8", "surrogatepass"))
        outer.update(inner.digest())
        found = known[text] = PREFIX + str(outer.hexdigest())[:16]
        return found

    return hashed


@cache
def _begun(key: bytes) -> tuple[Any, Any]:
    """The two halves of HMAC (RFC 2104) with the key already in them."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    return inner, hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def pseudonymise(body: bytes, paths: Iterable[str], key: bytes, anywhere: bool = False) -> bytes:
    """The body with personal fields replaced; `anywhere` in whatever it is that they stand in.

    In a body that is no JSON nobody knows where names stand: only its size and hash are kept.
    """
    try:
        tree = plain(body)
    except Malformed:
        return redacted(body)
    hashed = _hasher(key)
    if anywhere:
        paths = dict.fromkeys(f"**{path.rpartition('[].')[2]}" for path in paths)
    for path in paths:
        _mask(path)(tree, hashed)
    return msgspec.json.encode(tree)


def redacted(body: bytes) -> bytes:
    """What is kept of a body that may name people where nobody looks: its size and hash."""
    told = "not readable, and it may hold people's names"
    digest = hashlib.sha256(body).hexdigest()
    return msgspec.json.encode({"redacted": told, "bytes": len(body), "sha256": digest})


@cache
def _mask(path: str) -> Mask:
    """What replaces the names at a path."""
    head, _, rest = _parted(path)
    if head.startswith("**"):
        return _anywhere(_mask(path.removeprefix("**")))
    kinds = _KINDS.search(head)
    if kinds:
        return _in_each(head[: kinds.start()], kinds[1], _mask(rest))
    if rest:
        return _inside(head, _mask(rest)) if rest != "*" else _everything(head)
    if head.endswith("}"):
        name, _, fields = head[:-1].partition("{")
        return _only(name, fields.split(","))
    return _mentions(head[:-1]) if head.endswith("@") else _name(head)


def _parted(path: str) -> tuple[str, str, str]:
    """The first step of a path, and the rest; dots inside brackets part nothing."""
    match = re.match(r"((?:[^.\[{]|\[[^\]]*\]|\{[^}]*\})*)(\.?)(.*)$", path, re.DOTALL)
    return (match[1], match[2], match[3]) if match else (path, "", "")


def _in_each(name: str, kind: str | None, inner: Mask) -> Mask:
    def mask(node: Any, hashed: Hash) -> None:
        held = (node.get(name) if isinstance(node, dict) else None) if name else node
        if kind and not name and isinstance(node, dict):
            held = [node]
        for element in held if isinstance(held, list) else ():
            if kind is None or (isinstance(element, dict) and element.get("kind") == kind):
                inner(element, hashed)

    return mask


def _anywhere(inner: Mask) -> Mask:
    def mask(node: Any, hashed: Hash) -> None:
        held = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        for element in held:
            mask(element, hashed)
        if isinstance(node, dict):
            inner(node, hashed)

    return mask


def _inside(name: str, inner: Mask) -> Mask:
    def mask(node: Any, hashed: Hash) -> None:
        if isinstance(node, dict) and node.get(name) not in (None, ""):
            inner(node[name], hashed)

    return mask


def _name(name: str) -> Mask:
    def mask(node: Any, hashed: Hash) -> None:
        if isinstance(node, dict) and node.get(name) not in (None, ""):
            node[name] = hashed(str(node[name]))

    return mask


def _only(name: str, fields: list[str]) -> Mask:
    """Who somebody is: of the object these fields stay, hashed, and nothing else."""

    def mask(node: Any, hashed: Hash) -> None:
        held = node.get(name) if isinstance(node, dict) else None
        if isinstance(held, dict):
            kept = {}
            for field in fields:
                value = held.get(field)
                if value not in (None, ""):
                    kept[field] = hashed(value if value.__class__ is str else str(value))
            node[name] = kept
        elif held not in (None, ""):
            node[name] = hashed(str(held))

    return mask


def _mentions(name: str) -> Mask:
    def mask(node: Any, hashed: Hash) -> None:
        text = node.get(name) if isinstance(node, dict) else None
        if isinstance(text, str) and "@" in text:
            node[name] = MENTION.sub(lambda match: "@" + hashed(match[1].lower()), text)

    return mask


def _everything(name: str) -> Mask:
    def mask(node: Any, hashed: Hash) -> None:
        held = node.get(name) if isinstance(node, dict) else None
        if isinstance(held, dict):
            for inner in held:
                _replace_all(held, inner, hashed)

    return mask


def _replace_all(node: dict[str, Any], name: str, hashed: Hash) -> None:
    """Everything that could name a person: ids, names, addresses; `type` says what it is."""
    held = node[name]
    if isinstance(held, dict):
        for inner in held:
            _replace_all(held, inner, hashed)
    elif isinstance(held, str | int) and not isinstance(held, bool) and held and name != "type":
        node[name] = hashed(str(held))
