"""Cells of a SPARQL result: values of the type that their variable has, and nothing else.

"Unknown value" of Wikidata is a blank node: `bnode`, or since 2021 an IRI under
`/.well-known/genid/`. Neither is a value.
"""

from __future__ import annotations

import re
from typing import Any

from phonofilm.sources.contract import Finding, Page

_UNKNOWN = re.compile(r"_:[^\s|~]*|[^\s|~]*/\.well-known/genid/[^\s|~]*")
_ENTITY = re.compile(r"(?:\S*/)?(Q[1-9][0-9]*)")
_IRIS = ("item", "kind", "picture")  # every other variable is a literal
_EXCERPT_CHARS = 60


def cells_of(row: dict[str, Any], page: Page) -> dict[str, str]:
    """Return the values of a row by variable; what does not fit its variable is a finding."""
    values = {}
    for name, cell in row.items():
        value = cell.get("value") if isinstance(cell, dict) else None
        kind = cell.get("type", "") if isinstance(cell, dict) else ""
        if kind == "bnode" or (isinstance(value, str) and is_unknown(value)):
            continue
        if isinstance(value, str) and _fits(name, kind):
            values[name] = value.strip()
        else:
            page.findings.append(Finding("odd_value", f"{name}: {str(cell)[:_EXCERPT_CHARS]}"))
    return values


def _fits(name: str, kind: str) -> bool:
    """Tell whether a variable has this type; some engines write none."""
    return not kind or (kind == "uri") == (name in _IRIS)


def is_unknown(value: str) -> bool:
    """Tell whether a value is a blank node written as text."""
    return _UNKNOWN.fullmatch(value) is not None


def entity_of(iri: str) -> str:
    """Return the id at the end of an entity's IRI; empty for anything else."""
    match = _ENTITY.fullmatch(iri)
    return match[1] if match else ""


def imdb_id_of(text: str, prefix: str, page: Page) -> str | None:
    """Return an IMDb id of a kind (tt, nm); any other text is a finding and None."""
    if not text:
        return None
    if re.fullmatch(rf"{prefix}[0-9]{{7,}}", text):
        return text
    page.findings.append(Finding("odd_id", f"no {prefix} id: {text[:_EXCERPT_CHARS]}"))
    return None
