"""SPARQL results into records. Text, dates and people come joined, as the query asks for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from phonofilm.records import ABSENT, Credit, Person, Record, Title, TitleGenre
from phonofilm.records.values.dates import PartialDate, read_date, year_of
from phonofilm.sources.contract import Finding, Malformed, Page, Request, Response
from phonofilm.sources.decode import plain
from phonofilm.sources.wikidata.cells import cells_of, entity_of, imdb_id_of
from phonofilm.sources.wikidata.joined import Entry, labels_of, parts_of, people_of
from phonofilm.sources.wikidata.query import KINDS

_PRECISION = {"9": 4, "10": 7, "11": 10}
_PAGE = 200
_COMMONS_FILE = "/Special:FilePath/"


def parse_results(request: Request, response: Response) -> Page:
    """Return titles, genres, people and credits of a result; Malformed when it is none."""
    body = plain(response.body)
    results = body.get("results") if isinstance(body, dict) else None
    rows = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(rows, list):
        raise Malformed("no result of SPARQL")
    page = Page(records=[], findings=[], continues=[])
    for row in filter(None, rows):  # some engines answer nothing with one empty row
        if isinstance(row, dict):
            page.records += _records(cells_of(row, page), page)
        else:
            page.findings.append(Finding("malformed_item", f"a row that is {type(row).__name__}"))
    page.records = _once(page.records, page)
    if request.endpoint == "class_titles" and rows:
        page.continues.append(request._replace(offset=request.offset + _PAGE))
    return page


def _once(records: Iterable[Record], page: Page) -> list[Record]:
    """Keep one record of each id: an item with two ids of IMDb comes in two rows.

    A title has room for one id; the first in order is stored, whatever the order of the rows.
    """
    once: dict[tuple[str, str], Record] = {}
    for record in records:
        other = once.setdefault((record.kind, record.id), record)
        if isinstance(record, Title) and isinstance(other, Title):
            ids = sorted({id_ for id_ in (record.imdb_id, other.imdb_id) if isinstance(id_, str)})
            other.imdb_id = ids[0] if ids else None
            if len(ids) > 1:
                page.findings.append(Finding("second_id", f"{record.id} is {' and '.join(ids)}"))
    return list(once.values())


def _records(row: dict[str, str], page: Page) -> list[Record]:
    item = entity_of(row.get("item", ""))
    if not item:
        page.findings.append(Finding("without_id", f"title {row.get('name')!r}"))
        return []
    records: list[Record] = [_title(item, row, page)]
    for genre in labels_of(row.get("genres", "")):
        records.append(TitleGenre("wikidata", f"{item}:{genre}", title_id=item, genre=genre))
    for role in ("director", "composer"):
        for person in people_of(row.get(f"{role}s", "")):
            records += _credit(item, role, person, page)
    return records


def _title(item: str, row: dict[str, Any], page: Page) -> Title:
    date, precision = _earliest(row.get("dates", ""), page)
    kind = _kind(row.get("kind", ""), page)
    picture = row.get("picture")
    return Title(
        "wikidata",
        item,
        name=row.get("name") or None,
        original_name=row.get("original") or None,
        title_type=KINDS.get(kind, ABSENT),
        is_series=(kind == "Q63952888") if kind else ABSENT,
        start_year=year_of(date),
        release_date=date,
        release_date_precision=precision,
        countries=parts_of(row.get("countries", "")),
        poster_url=picture,
        poster_licence=_licence_page(picture),
        imdb_id=imdb_id_of(row.get("imdb", ""), "tt", page),
    )


def _kind(text: str, page: Page) -> str:
    """Return the item of a class that was requested; empty, with a finding, for any other."""
    kind = entity_of(text)
    if text and kind not in KINDS:
        page.findings.append(Finding("odd_value", f"kind: {text[:60]}"))
    return kind if kind in KINDS else ""


def _credit(item: str, role: str, person: Entry, page: Page) -> list[Record]:
    who = entity_of(person.iri)
    if not who:
        page.findings.append(Finding("without_id", f"{role} {person.label!r}"))
        return []
    imdb_id = imdb_id_of(person.imdb_id, "nm", page)
    return [
        Person("wikidata", who, name=person.label or None, imdb_id=imdb_id),
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
    for part in parts_of(text):
        instant, _, precision = part.rpartition("/")
        length = _PRECISION.get(precision)
        date = read_date(instant[:length]) if length else PartialDate(None, None, odd=True)
        if date.date is None or date.odd:
            page.findings.append(Finding("odd_date", part[:60]))
        if date.date is not None:
            dates.append((date.date, date.precision))
    # A coarser date of the same start says less: 1997 stands after 1997-07-12.
    return min(dates, key=_order, default=(None, None))


def _order(dated: tuple[str | None, str | None]) -> tuple[str, int, str]:
    text = str(dated[0])
    return text[:4], -len(text), text


def _licence_page(picture: str | None) -> str | None:
    """Return the URL of the picture's licence: the page of its file at Commons."""
    if not picture or _COMMONS_FILE not in picture:
        return None
    name = picture.rpartition("/")[2]
    return f"https://commons.wikimedia.org/wiki/File:{quote(name, safe='%')}"
