"""The longer lists of credits on a page, as groups of the form of its principal credits.

Principal credits lack whole roles on some pages: reference pages of August 2025 name stars alone
there, and their directors and writers stand in `creditCategories` and `categories`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from phonofilm.sources.imdb.shapes import nodes_of

Group = dict[str, Any]
_GROUPS = ("directors", "writers", "creators", "crewV2", "castV2")
_OF_PAGE_TITLES = {"directorsPageTitle": "director", "creatorsPageTitle": "creator"}


def longer_lists(block: Callable[[str], Any]) -> Iterator[Group]:
    """Yield the groups of all longer lists, those with jobs and characters first.

    `block` returns a block of the page by name, or None.
    """
    for row in _objects(block("creditCategories")):
        yield _of_connection(row)
    for row in _objects(block("categories")):
        yield _of_section(row)
    for name in _GROUPS:
        yield from _objects(block(name))
    for name, category in _OF_PAGE_TITLES.items():
        for group in _objects(block(name)):
            yield group | {"category": {"id": category}}
    people = list(nodes_of(block("castPageTitle")))
    yield {"category": {"id": "cast"}, "credits": people}


def _of_connection(row: Group) -> Group:
    """Return the group of `{category, credits: {total, edges: [{node}]}}`."""
    people = row.get("credits")
    total = people.get("total") if isinstance(people, dict) else None
    return {
        "category": row.get("category"),
        "totalCredits": total,
        "credits": list(nodes_of(people)),
    }


def _of_section(row: Group) -> Group:
    """Return the group of `{id, section: {total, items: [{id, rowTitle, characters}]}}`."""
    section = row.get("section")
    section = section if isinstance(section, dict) else {}
    people = [
        {"name": {"id": item.get("id"), "nameText": {"text": item.get("rowTitle")}}}
        | {name: item[name] for name in ("characters",) if name in item}
        for item in _objects(section.get("items"))
    ]
    return {
        "category": {"id": row.get("id")},
        "totalCredits": section.get("total"),
        "credits": people,
    }


def _objects(rows: Any) -> Iterator[Group]:
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield row
