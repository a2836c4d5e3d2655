"""Decode bodies by type; keep the items that fit and report the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, overload

import msgspec

from phonofilm.sources.contract import EXCERPT, ODD_VALUES, Finding, Malformed, Page

T = TypeVar("T")
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Errors that decoding raises for a body that is no JSON, or not of the type."""


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
    return json_or_none(match[1]) if match else None


def each(items: Sequence[Any], shape: type[T], page: Page) -> list[T]:
    """Convert the items of a list; one that does not fit becomes a finding of the page.

    Nearly all lists fit as a whole, which takes one call; only others are converted one by one.
    """
    try:
        return msgspec.convert(items, list[shape], strict=False)  # type: ignore[valid-type]
    except ODD_VALUES:
        return list(_each(items, shape, page))


def _each(items: Iterable[Any], shape: type[T], page: Page) -> Iterator[T]:
    for item in items:
        try:
            converted = msgspec.convert(item, shape, strict=False)
        except ODD_VALUES as error:
            page.findings.append(malformed_item(error))
            continue
        yield converted


def items_of(
    body: bytes, shape: Any, item: Any, path: Iterable[str]
) -> tuple[Any, list[Any], list[Finding]]:
    """Decode a page by its type, or item by item when it does not fit as a whole.

    Returns the page (None when only items could be decoded), the items at `path` and a finding
    per item that did not fit. Strict first, because it is faster and tells `"null"` from null;
    then lax, which takes 42.0 for 42: recorded bodies hold such numbers.
    """
    page = _decoded(body, shape)
    if page is not None:
        items = page
        for name in path:
            items = getattr(items, name)
        return page, items, []
    tree = plain(body)
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(tree, list):
        raise Malformed(f"no list at {'.'.join(path) or 'the top'}")
    loose = Page(findings=[])
    return None, each(tree, item, loose), loose.findings


def _decoded(body: bytes, shape: Any) -> Any:
    strict = json_or_none(body, shape)
    return json_or_none(body, shape, strict=False) if strict is None else strict


def malformed_item(error: Exception) -> Finding:
    """Report an item of a list that does not fit, without its values.

    Only the message of a validation error is kept: it names the path and the types.
    """
    is_typed = isinstance(error, msgspec.ValidationError)
    return Finding("malformed_item", str(error) if is_typed else type(error).__name__)


def one_of(body: bytes, shape: Any) -> Any:
    """Decode a single object by its type; Malformed with the path that does not fit."""
    decoded = _decoded(body, shape)
    if decoded is not None:
        return decoded
    try:
        return msgspec.convert(plain(body), shape, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def plain(body: bytes) -> Any:
    """Decode any JSON; Malformed for anything else.

    JSON forbids half characters and NaN, but sources were seen to send them. They cost only their
    own value: half characters become U+FFFD, NaN and the infinities null.
    """
    try:
        return msgspec.json.decode(body)
    except NOT_JSON as error:
        repaired = _repaired(body)
        if repaired is not None:
            return repaired
        start = body[:60].decode("utf-8", "replace")
        raise Malformed(f"not JSON ({error}){EXCERPT}{start!r}") from None


def _repaired(body: bytes) -> Any:
    try:
        tree = json.loads(body, parse_constant=lambda _: None)
        text = json.dumps(tree, ensure_ascii=False)
        whole = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
        return msgspec.json.decode(whole.encode())
    except (ValueError, RecursionError):
        return None
