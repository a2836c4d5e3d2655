"""Decode bodies by type; keep what fits of them and report the rest."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, TypeVar, overload

import msgspec
from msgspec import UNSET, UnsetType

from phonofilm.sources.contract import EXCERPT, ODD_VALUES, Finding, Malformed, Page
from phonofilm.sources.fitting import fit

T = TypeVar("T")
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Errors that decoding raises for a body that is no JSON, or not of the type."""
_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")
_DIGITS_MAX = 400


@overload
def json_or_none(body: bytes | msgspec.Raw, shape: type[T], *, strict: bool = True) -> T | None: ...
@overload
def json_or_none(body: bytes | msgspec.Raw, shape: Any = Any, *, strict: bool = True) -> Any: ...
def json_or_none(body: bytes | msgspec.Raw, shape: Any = Any, *, strict: bool = True) -> Any:
    """Decode JSON of a type; None when the body is something else.

    Not strict, it also takes `"42"` and `42.0` for 42.
    """
    try:
        return msgspec.json.decode(body, type=shape, strict=strict)
    except NOT_JSON:
        return None


def script_json(body: bytes, pattern: re.Pattern[bytes]) -> Any:
    """Decode the JSON that a page carries for its scripts; None when it carries none.

    The first group of `pattern` is the JSON.
    """
    match = pattern.search(body)
    try:
        return plain(match[1]) if match else None
    except Malformed:
        return None


def each(items: Sequence[Any], shape: type[T], page: Page) -> list[T | UnsetType]:
    """Convert the items of a list; UNSET stands in the place of one that does not fit.

    Nearly all lists fit as a whole, which takes one call; only others are converted one by one.
    Of an item that does not fit only the odd values are dropped, if it can do without them.
    """
    try:
        return msgspec.convert(items, list[shape], strict=False)  # type: ignore[valid-type]
    except ODD_VALUES:
        return [_item(item, shape, page) for item in items]


def _item(item: Any, shape: type[T], page: Page) -> T | UnsetType:
    try:
        return fit(item, shape, page)
    except ODD_VALUES as error:
        page.findings.append(malformed_item(error))
        return UNSET


def items_of(
    body: bytes, shape: Any, item: Any, path: Sequence[str], page: Page
) -> tuple[Any, list[Any]]:
    """Decode a list by the type of its envelope, or item by item when it does not fit as a whole.

    Returns the envelope and the items at `path`, UNSET in the places of items that do not fit.
    Strict first, because it is faster and tells `"null"` from null; then lax, which takes 42.0 for
    42: recorded bodies hold such numbers.
    """
    envelope = _decoded(body, shape)
    if envelope is not None:
        items = envelope
        for name in path:
            items = getattr(items, name)
        return envelope, items
    tree = plain(body)
    items, without = _taken_out(tree, path)
    return fit(without, shape, page), each(items, item, page)


def _taken_out(tree: Any, path: Sequence[str]) -> tuple[list[Any], Any]:
    """Return the list at a path, and the tree with an empty list there."""
    if not path:
        if isinstance(tree, list):
            return tree, []
        raise Malformed("no list at the top")
    node = tree
    for name in path[:-1]:
        node = node.get(name) if isinstance(node, dict) else None
    items = node.get(path[-1]) if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(items, list):
        raise Malformed(f"no list at {'.'.join(path)}")
    node[path[-1]] = []
    return items, tree


def _decoded(body: bytes, shape: Any) -> Any:
    strict = json_or_none(body, shape)
    return json_or_none(body, shape, strict=False) if strict is None else strict


def malformed_item(error: Exception) -> Finding:
    """Report an item of a list that does not fit, without its values.

    Only the message of a validation error is kept: it names the path and the types.
    """
    is_typed = isinstance(error, msgspec.ValidationError)
    return Finding("malformed_item", str(error) if is_typed else type(error).__name__)


def one_of(body: bytes, shape: type[T], page: Page | None = None) -> T:
    """Decode a single object by its type; Malformed with the path that does not fit.

    Odd values that it can do without are dropped and become findings of the page. Packages written
    before November 2026 pass no page.
    """
    decoded: T | None = _decoded(body, shape)
    if decoded is not None:
        return decoded
    try:
        return fit(plain(body), shape, page or Page(findings=[]))
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def plain(body: bytes) -> Any:
    """Decode any JSON; Malformed for anything else.

    JSON forbids half characters, NaN and numbers without end, but sources were seen to send them.
    They cost their own value: half characters become U+FFFD, and the others do not fit later.
    """
    try:
        return msgspec.json.decode(body)
    except NOT_JSON as error:
        tree = _lenient(body)
        if tree is not None:
            return tree
        start = body[:60].decode("utf-8", "replace")
        raise Malformed(f"not JSON ({error}){EXCERPT}{start!r}") from None


def mended(text: bytes) -> bytes:
    """Write JSON again without NaN and half characters; anything else stays as it is."""
    if json_or_none(text, msgspec.Raw) is not None:
        return text
    try:
        return msgspec.json.encode(plain(text))
    except (Malformed, *ODD_VALUES):
        return text


def _lenient(body: bytes) -> Any:
    """Decode JSON with NaN, infinities, half characters; None when it is none even so."""
    try:
        tree = json.loads(body, parse_int=_integer)
        text = json.dumps(tree, ensure_ascii=False)
        whole = _HALF_CHARACTERS.sub("\ufffd", text)
        return tree if whole == text else json.loads(whole, parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | float:
    """Return an integer; one of more digits than any column has is infinite."""
    return int(digits) if len(digits) <= _DIGITS_MAX else math.inf
