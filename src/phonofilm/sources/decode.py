"""Decode a body by its type; keep the items that fit and report the others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from phonofilm.sources.contract import EXCERPT, Finding, Malformed


def items_of(
    body: bytes, typed: Any, item: Any, path: Iterable[str]
) -> tuple[Any, list[Any], list[Finding]]:
    """A page decoded by its type; when it does not fit, what fits of it, item by item.

    Returns the typed page (None when only items could be had), the items at `path` and a finding
    per item that did not fit. Strict first: it is faster and knows `"null"` from null; then lax,
    which takes 42.0 for 42, as recorded answers hold it.
    """
    page = _decoded(body, typed)
    if page is not None:
        found = page
        for name in path:
            found = getattr(found, name)
        return page, found, []
    found = plain(body)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise Malformed(f"no list at {'.'.join(path) or 'the top'}")
    return None, *_each(found, item)


def _decoded(body: bytes, typed: Any) -> Any:
    for strict in (True, False):
        try:
            return msgspec.json.decode(body, type=typed, strict=strict)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return None


def malformed_item(error: Exception) -> Finding:
    """One item of a list that does not fit, told without its values unless a type explains it."""
    told = str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
    return Finding("malformed_item", told)


def one_of(body: bytes, typed: Any) -> Any:
    """A single object by its type; Malformed with the place that does not fit."""
    found = _decoded(body, typed)
    if found is not None:
        return found
    try:
        return msgspec.convert(plain(body), typed, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def plain(body: bytes) -> Any:
    """Any JSON; Malformed for anything else.

    What JSON itself forbids but sources were seen to send (half characters, NaN) costs only the
    place it stands in: half characters become U+FFFD, NaN and the infinities null.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
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


def _each(found: list[Any], item: Any) -> tuple[list[Any], list[Finding]]:
    fit, findings = [], []
    for element in found:
        try:
            fit.append(msgspec.convert(element, item, strict=False))
        except (msgspec.ValidationError, RecursionError) as error:
            findings.append(Finding("malformed_item", str(error)))
    return fit, findings
