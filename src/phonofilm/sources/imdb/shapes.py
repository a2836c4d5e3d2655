"""Small shapes inside a title page: dates, lists of texts, durations, certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from phonofilm.records import ABSENT
from phonofilm.records.values.dates import release_date

_DURATION = re.compile(r"^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$")


def date_of(block: Any) -> tuple[Any, Any, Any]:
    """Return date, precision and country of a block: each ABSENT, null or a value."""
    if block is ABSENT:
        return ABSENT, ABSENT, ABSENT
    if isinstance(block, str):
        date, precision = release_date(block)
        return date, precision, ABSENT
    if not isinstance(block, dict) or not _between(block.get("year"), 9999):
        return None, None, None
    text = f"{block['year']:04d}"
    for name, most in (("month", 12), ("day", 31)):
        if not _between(block.get(name), most):
            break
        text += f"-{block[name]:02d}"
    date, precision = release_date(text)
    country = block.get("country", ABSENT)
    if isinstance(country, dict):
        country = country.get("id")
    return date, precision, country if isinstance(country, str) or country is ABSENT else None


def _between(number: Any, most: int) -> bool:
    return isinstance(number, int) and 1 <= number <= most


def texts_of(block: Any, name: str, own: str = "text") -> Any:
    """Return the texts of a list: `{text}`, `{genre: {text}}` or `{node: {keyword: ...}}`."""
    if block is ABSENT:
        return ABSENT
    rows = block.get(name) if isinstance(block, dict) else None
    if not isinstance(rows, list):
        return None
    return [text for text in (_text(row, own) for row in rows) if text]


def _text(row: Any, own: str) -> str | None:
    for _ in range(4):
        if isinstance(row, str):
            return row
        if not isinstance(row, dict):
            return None
        inner = [row[k] for k in (own, "node", "genre", "keyword", "text", "id") if row.get(k)]
        row = inner[0] if inner else None
    return row if isinstance(row, str) else None


def minutes_of(text: Any) -> Any:
    """Return milliseconds of `PT2H14M`; ABSENT for anything else."""
    match = _DURATION.match(text) if isinstance(text, str) else None
    if not match:
        return ABSENT
    hours, minutes, seconds = (int((part or "0")[:6]) for part in match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def nodes_of(connection: Any) -> Iterator[dict[str, Any]]:
    """Yield the nodes of `{edges: [{node: {...}}]}`; any other shape has none."""
    edges = connection.get("edges") if isinstance(connection, dict) else None
    for edge in edges if isinstance(edges, list) else ():
        node = edge.get("node") if isinstance(edge, dict) else None
        if isinstance(node, dict):
            yield node


def certificate_country(rating: str | None, release_country: Any, listed: Any) -> Any:
    """Return the country of a page's certificate, which depends on the reader's country.

    The list of all certificates tells, where the page has one; else it is the country that the
    release date is for, which depends on the reader in the same way.
    """
    countries = []
    for node in nodes_of(listed):
        if node.get("rating") == rating:
            country = node.get("country")
            countries.append(country.get("id") if isinstance(country, dict) else None)
    if countries and release_country not in countries:
        return countries[0] if len(countries) == 1 else None
    return release_country
