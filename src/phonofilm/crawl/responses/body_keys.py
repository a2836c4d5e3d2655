"""Names of the keys in bodies: the key under another name that may have replaced a lost one."""

from __future__ import annotations

import contextlib
import inspect
import sys
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec

from phonofilm.sources.contract import Malformed
from phonofilm.sources.decode import plain

# Chosen, not tuned: names are compared as a person would, `plays` is near `play_count`.
_NEAR = 0.65
_ITEMS_MAX = 8


def keys_of(body: bytes) -> set[str]:
    """Return the names of the keys of a JSON body, of the first items of its lists.

    NaN and other values that JSON forbids hide no key, because parsers read such bodies, too.
    """
    names: set[str] = set()
    with contextlib.suppress(Malformed):
        _collect(plain(body), names)
    return names


def _collect(node: Any, names: set[str]) -> None:
    if isinstance(node, dict):
        names.update(node)
        for child in node.values():
            _collect(child, names)
    elif isinstance(node, list):
        for child in node[:_ITEMS_MAX]:
            _collect(child, names)


@cache
def keys_read(package: str) -> frozenset[str]:
    """Return the names of the keys that the types of a source's package read."""
    return frozenset(
        key
        for name, module in list(sys.modules.items())
        if name.startswith(f"{package}.")
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, msgspec.Struct)
        for key in cls.__struct_encode_fields__
    )


def replacement(field: str, body: bytes, usual: set[str], read: frozenset[str]) -> str:
    """Return the unknown key of a body that may have replaced the one of a field; empty for none.

    `usual` are the keys of earlier bodies, `read` those that the source reads. Where a usual key is
    gone, the name most like its name is the likeliest; else only a name like that of the field.
    """
    keys = keys_of(body)
    unknown = sorted(keys - usual - read)
    gone = sorted((usual & read) - keys)
    for name in gone or [field]:
        if near := get_close_matches(name, unknown, 1, _NEAR):
            return near[0]
    return unknown[0] if gone and unknown else ""
