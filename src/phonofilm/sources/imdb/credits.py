"""Credits of a title page: the groups until 2025, those since then, and JSON-LD."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from phonofilm.records import ABSENT, Credit, Person, Record
from phonofilm.records.values.texts import plain_text
from phonofilm.sources.contract import Finding
from phonofilm.sources.imdb.shapes import nodes_of
from phonofilm.sources.imdb.tables import ROLES

_PERSON_ID = re.compile(r"nm\d{7,}")
_PREFIX = "amzn1.imdb.concept.name_credit_"
# What groups are called since 2025: read from pages of August and October of that year.
_GROUPS = {
    "group.7caf7d16-5db9-4f4f-8864-d4c6e711c686": "cast",
    "group.7510356e-fde9-438e-b3ad-0099ba6bc8ce": "cast",
    "group.85198717-6c2d-481e-93a5-47858774bcce": "creator",
    "category.ace5cb4c-8708-4238-9542-04641e7c8171": "director",
    "category.c84ecaff-add5-4f2e-81db-102a41881fe3": "writer",
}
_ROLES_OF_A_PAGE = {"director", "writer", "cast"}
_WORDS = {
    "star": "cast",
    "cast": "cast",
    "director": "director",
    "writer": "writer",
    "creator": "creator",
}


class _CreditsBuilder:
    """Records of one title; a person is kept once, a credit once a role."""

    def __init__(self, title_id: str) -> None:
        self._title_id = title_id
        self._people: dict[str, Person] = {}
        self._credits: dict[tuple[str, str], Credit] = {}
        self._places: dict[str, int] = {}
        self._counted: dict[str, Any] = {}
        self.findings: list[Finding] = []

    def roles(self) -> set[str]:
        """Return the roles that somebody is credited with."""
        return {role for role, _ in self._credits}

    def count(self, category: str, total: Any) -> None:
        """Note how many people a list says it has in a category."""
        if total:
            self._counted.setdefault(category, total)

    def report_unnamed(self) -> None:
        """Report the categories that count people and name none in any list of the page."""
        for category, total in self._counted.items():
            if ROLES.get(category, category) not in self.roles():
                self.findings.append(Finding("missing_credits", f"{category}: {total} are counted"))

    def add(self, category: str, name: Any, job: Any, characters: Any) -> bool:
        """Return a credit of somebody; False when the person has no id."""
        person_id = name.get("id") if isinstance(name, dict) else None
        if not isinstance(person_id, str) or not _PERSON_ID.fullmatch(person_id):
            return False
        named = name.get("nameText")
        credited_name = named.get("text") if isinstance(named, dict) else None
        credited_name = credited_name if isinstance(credited_name, str) else None
        self._people.setdefault(
            person_id, Person("imdb", person_id, name=credited_name, imdb_id=person_id)
        )
        role = ROLES.get(category, category)
        if (role, person_id) in self._credits:
            credit = self._credits[role, person_id]
            credit.characters = credit.characters or characters
            return True
        self._places[role] = self._places.get(role, 0) + 1
        self._credits[role, person_id] = Credit(
            "imdb",
            f"{self._title_id}:{role}:{person_id}",
            title_id=self._title_id,
            person_id=person_id,
            role=role,
            category=category,
            position=self._places[role],
            job=job,
            characters=characters,
        )
        return True

    def records(self) -> list[Record]:
        """Return people, then their credits."""
        return [*self._people.values(), *self._credits.values()]


def credits_of(
    title_id: str, groups: Any, cast: Any, longer: Iterable[dict[str, Any]] = ()
) -> tuple[list[Record], list[Finding]]:
    """Return people and credits of the groups of a page; `cast` is its longer list with characters.

    Roles that the groups lack are read from `longer` lists; these are not read when there is none.
    A group that counts people and names none is a finding: parsers that went on with an empty list
    took it for data when the groups changed in 2025.
    """
    builder = _CreditsBuilder(title_id)
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, dict):
            _group(builder, group)
    for node in nodes_of(cast):
        builder.add("cast", node.get("name"), None, _characters(node))
    lacking = _ROLES_OF_A_PAGE - builder.roles()
    for group in longer if lacking else ():
        category = _category(group)
        if category is not None and ROLES.get(category, category) in lacking:
            _add_group(builder, category, group)
    builder.report_unnamed()
    return builder.records(), builder.findings


def _group(builder: _CreditsBuilder, group: dict[str, Any]) -> None:
    category = _category(group)
    if category is None:
        builder.findings.append(Finding("unknown_credits", str(_label(group))[:80]))
        return
    _add_group(builder, category, group)


def _add_group(builder: _CreditsBuilder, category: str, group: dict[str, Any]) -> None:
    builder.count(category, group.get("totalCredits"))
    people = group.get("credits")
    for person in people if isinstance(people, list) else ():
        if isinstance(person, dict):
            builder.add(category, person.get("name"), _job(person), _characters(person))


def _label(group: dict[str, Any]) -> str:
    category = group.get("category") or group.get("grouping") or {}
    return str(category.get("text") or "") if isinstance(category, dict) else ""


def _category(group: dict[str, Any]) -> str | None:
    """Return the kind of a group: by its id, else by the word above it."""
    grouping = group.get("category") or group.get("grouping")
    grouping = grouping if isinstance(grouping, dict) else {}
    category_id = str(grouping.get("id") or grouping.get("groupingId") or "").removeprefix(_PREFIX)
    if category_id in _WORDS.values():
        return category_id
    if category_id in _GROUPS:
        return _GROUPS[category_id]
    return _WORDS.get(_label(group).strip().lower().removesuffix("s"))


def _job(person: dict[str, Any]) -> Any:
    """Return the exact jobs, in the form until 2025 (`attributes`) or since then (`jobDetails`)."""
    rows = person.get("attributes") or person.get("jobDetails")
    rows = (
        [r.get("job") or r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []
    )
    texts = [row.get("text") for row in rows if isinstance(row, dict)]
    return "; ".join(text for text in texts if isinstance(text, str)) or (
        None if "attributes" in person or "jobDetails" in person else ABSENT
    )


def _characters(person: dict[str, Any]) -> Any:
    if "characters" not in person:
        return ABSENT
    rows = person["characters"]
    if not isinstance(rows, list):
        return None
    names = [row.get("name") if isinstance(row, dict) else row for row in rows]
    return [name for name in names if isinstance(name, str)]


def stars_of_json_ld(title_id: str, json_ld: dict[str, Any]) -> tuple[list[Record], list[Finding]]:
    """Return people as JSON-LD lists them; companies stand among them and are left out."""
    builder = _CreditsBuilder(title_id)
    for name, category in (("director", "director"), ("creator", "creator"), ("actor", "cast")):
        rows = json_ld.get(name)
        for row in rows if isinstance(rows, list) else [rows]:
            if isinstance(row, dict) and row.get("@type") == "Person":
                person_match = _PERSON_ID.search(str(row.get("url", "")))
                text = plain_text(str(row.get("name", "")))
                builder.add(
                    category,
                    {"id": person_match[0] if person_match else None, "nameText": {"text": text}},
                    ABSENT,
                    ABSENT,
                )
    return builder.records(), builder.findings
