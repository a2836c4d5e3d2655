"""SPARQL results into records. Text, dates and people come joined, as the query asks for them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from phonofilm.records import ABSENT, Credit, Person, Record, Title, TitleGenre
from phonofilm.records.dates import release_date, year_of
from phonofilm.sources.contract import ODD_VALUES, Finding, Malformed, Page, Request, Response
from phonofilm.sources.decode import plain
from phonofilm.sources.wikidata.query import KINDS

_PRECISION = {"9": 4, "10": 7, "11": 10}
_PAGE = 200


class _Value(msgspec.Struct):
    value: str


def parse_results(request: Request, response: Response) -> Page:
    """Return titles, genres, people and credits of a result; Malformed when it is none."""
    body = plain(response.body)
    results = body.get("results") if isinstance(body, dict) else None
    rows = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(rows, list):
        raise Malformed("no result of SPARQL")
    page = Page(records=[], findings=[], continues=[])
    for row in filter(None, rows):  # some engines answer nothing with one empty row
        try:
            bindings = msgspec.convert(row, dict[str, _Value])
            page.records += _records({name: cell.value for name, cell in bindings.items()}, page)
        except (*ODD_VALUES, KeyError) as error:
            page.findings.append(Finding("malformed_item", str(error)))
    page.records = list({(r.kind, r.id): r for r in page.records}.values())
    if request.endpoint == "class_titles" and rows:
        page.continues.append(request._replace(offset=request.offset + _PAGE))
    return page


def _records(row: dict[str, str], page: Page) -> list[Record]:
    item = _id(row["item"])
    if not item:
        page.findings.append(Finding("without_id", f"title {row.get('name')!r}"))
        return []
    date, precision = _earliest(row.get("dates", ""), page)
    kind = _id(row.get("kind", ""))
    picture = row.get("picture")
    title = Title(
        "wikidata",
        item,
        name=row.get("name"),
        original_name=row.get("original"),
        title_type=KINDS.get(kind, ABSENT),
        is_series=(kind == "Q63952888") if kind else ABSENT,
        start_year=year_of(date),
        release_date=date,
        release_date_precision=precision,
        countries=_parts(row.get("countries")),
        poster_url=picture,
        poster_licence=_licence_page(picture),
        imdb_id=row.get("imdb"),
    )
    records: list[Record] = [title]
    for genre in _parts(row.get("genres")):
        records.append(TitleGenre("wikidata", f"{item}:{genre}", title_id=item, genre=genre))
    for role in ("director", "composer"):
        for person in _parts(row.get(f"{role}s")):
            records += _credit(item, role, person, page)
    return records


def _credit(item: str, role: str, person: str, page: Page) -> list[Record]:
    address, name, imdb_id = [*person.split("~"), "", ""][:3]
    who = _id(address)
    if not who:
        page.findings.append(Finding("without_id", f"{role} {name!r}"))
        return []
    return [
        Person("wikidata", who, name=name, imdb_id=imdb_id or None),
        Credit(
            "wikidata",
            f"{item}:{role}:{who}",
            title_id=item,
            person_id=who,
            role=role,
            category=role,
        ),
    ]


def _earliest(text: str, page: Page) -> tuple[str | None, str | None]:
    """Return the earliest date with its precision; the date of a country may be less precise."""
    dates = []
    for part in _parts(text):
        instant, _, precision = part.rpartition("/")
        length = _PRECISION.get(precision)
        if length is None or year_of(instant) is None:
            page.findings.append(Finding("odd_date", part[:60]))
            continue
        dates.append(release_date(instant[:length]))
    # A coarser date of the same start says less: 1997 stands after 1997-07-12.
    return min(dates, key=_order, default=(None, None))


def _order(dated: tuple[str | None, str | None]) -> tuple[str, int, str]:
    text = str(dated[0])
    return text[:4], -len(text), text


def _licence_page(picture: str | None) -> str | None:
    """Return the URL of the picture's licence: the page of its file at Commons."""
    if not picture:
        return None
    name = picture.rpartition("/")[2]
    return f"https://commons.wikimedia.org/wiki/File:{quote(name, safe='%')}"


def _id(address: str) -> str:
    return address.rpartition("/")[2]


def _parts(text: Any) -> list[str]:
    return [part for part in str(text).split("|") if part] if text else []
