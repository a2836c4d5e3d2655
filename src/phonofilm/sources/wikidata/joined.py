"""Joined values of a cell. Labels hold any character, so entries are split at their IRIs."""

from __future__ import annotations

import re
from typing import NamedTuple

_IRI = r"(?:https?://[^\s|~]+|_:[^\s|~]+)"
_NEXT_ENTRY = re.compile(rf"\|(?={_IRI}~)")
_FIRST_ENTRY = re.compile(rf"{_IRI}~")
# IMDb's ids of people, titles, companies and events.
_IMDB_ID = re.compile(r"\s*[a-z]{2}[0-9]+\s*")


class Entry(NamedTuple):
    """One joined entity: its IRI, its label, and its IMDb id or an empty text."""

    iri: str
    label: str
    imdb_id: str


def people_of(text: str) -> list[Entry]:
    """Split `IRI~label~IMDb id|...`; the id may be empty or missing."""
    return [_person(entry) for entry in _NEXT_ENTRY.split(text) if entry]


def _person(text: str) -> Entry:
    iri, _, rest = text.partition("~")
    label, _, imdb_id = rest.rpartition("~")
    if imdb_id and not _IMDB_ID.fullmatch(imdb_id):
        label, imdb_id = rest, ""
    return Entry(iri.strip(), label.strip(), imdb_id.strip())


def labels_of(text: str) -> list[str]:
    """Split `IRI~label|...` into labels; responses until November 2026 have labels alone."""
    if not _FIRST_ENTRY.match(text):
        return parts_of(text)
    labels = (entry.partition("~")[2].strip() for entry in _NEXT_ENTRY.split(text))
    return [label for label in dict.fromkeys(labels) if label]


def parts_of(text: str) -> list[str]:
    """Split values that never hold a `|`: codes and dates."""
    parts = (part.strip() for part in text.split("|"))
    return [part for part in dict.fromkeys(parts) if part]
