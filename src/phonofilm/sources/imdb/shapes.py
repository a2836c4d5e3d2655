"""Small shapes inside a title page: dates, lists of texts, durations, certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from phonofilm.records import ABSENT
from phonofilm.records.values.dates import date_of_parts, read_date

_DURATION = re.compile(r"^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$")


def date_of(block: Any) -> tuple[Any, Any, Any]:
    """Return date, precision and country of a block: each ABSENT, null or a value.

    An odd date is as it came: its parts that are none are dropped when the record is checked.
    """
    if block is ABSENT:
        return ABSENT, ABSENT, ABSENT
    if isinstance(block, str):
        return *_dated(block), ABSENT
    if not isinstance(block, dict) or not _is_year(block.get("year")):
        return None, None, None
    parts = (block.get(name) for name in ("month", "day"))
    text = date_of_parts(block["year"], *(part if _is_whole(part) else None for part in parts))
    country = block.get("country", ABSENT)
    if isinstance(country, dict):
        country = country.get("id")
    country = country if isinstance(country, str) or country is ABSENT else None
    return *_dated(text), country


def _dated(text: str) -> tuple[str | None, str | None]:
    """Return a date and its precision; an odd one as it came."""
    date = read_date(text)
    return (text if date.odd else date.date), date.precision


def _is_year(number: Any) -> bool:
    return type(number) is int and 1 <= number <= 9999


def _is_whole(number: Any) -> bool:
    return type(number) is int and 0 <= number <= 99


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
