"""Wikidata's odd answers: time-outs inside HTTP 200, unknown values, odd ids, odd labels."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from phonofilm.crawl.scope.scopes import Named
from phonofilm.errors import StoreError
from phonofilm.net import limiter
from phonofilm.sources import get
from phonofilm.sources.classify import is_cut_json
from phonofilm.sources.contract import InvalidId, Link, Page, Request, Response
from phonofilm.sources.wikidata.query import of_items
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from tests.conftest import collect

ENTITY = "http://www.wikidata.org/entity/"
GENID = "http://www.wikidata.org/.well-known/genid/0a1b2c"
UNKNOWN = (
    {"type": "uri", "value": GENID},
    {"type": "literal", "value": GENID},
    {"type": "bnode", "value": "t55"},
    {"type": "uri", "value": "_:b7"},
)
TITLE_FIELDS = ("imdb", "name", "original", "kind", "dates", "countries", "picture")


def item(number: int) -> dict[str, str]:
    return {"type": "uri", "value": f"{ENTITY}Q{number}"}


def literal(text: str) -> dict[str, str]:
    return {"type": "literal", "value": text}


def row(number: int) -> dict[str, dict[str, str]]:
    """Return a row as the service sends it, with all its variables."""
    return {
        "item": item(number),
        "imdb": literal(f"tt{number:07d}"),
        "name": literal(f"Title {number}"),
        "original": literal(f"題 {number}"),
        "kind": {"type": "uri", "value": f"{ENTITY}Q20650540"},
        "dates": literal(f"{1950 + number % 70}-07-12T00:00:00Z/11"),
        "countries": literal("JP"),
    }


def result(*rows: Any) -> bytes:
    return json.dumps({"head": {"vars": []}, "results": {"bindings": rows}}).encode()


def parsed(*rows: Any) -> Page:
    return get("wikidata").parse(Request("title", ("Q1",)), Response(200, {}, result(*rows)))


def titles(page: Page) -> list[Any]:
    return [record for record in page.records if record.kind == "title"]


def names(page: Page, kind: str) -> list[str]:
    return [record.name for record in page.records if record.kind == kind]


def trace(frames: int, before: int = 0) -> bytes:
    """Return what the service writes when a query runs out of time: the query, then a trace."""
    text = "SPARQL-QUERY: queryStr=SELECT ?item WHERE { }\n" + "\tat org.Other.filter\n" * before
    text += "java.util.concurrent.TimeoutException\n"
    return (
        text + "\tat java.util.concurrent.FutureTask.get(FutureTask.java:205)\n" * frames
    ).encode()


WHOLE = result(*map(row, range(1, 200)))


@pytest.mark.parametrize("frames", [0, 10, 57, 400])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.6, 1.0])
def test_a_time_out_is_seen_wherever_its_trace_stands(frames: int, share: float) -> None:
    body = WHOLE[: int(len(WHOLE) * share)] + trace(frames, before=frames)
    outcome = get("wikidata").classify(Request("title", ("Q1",)), Response(200, {}, body))
    assert outcome.verdict == "unavailable"


def test_a_title_may_be_called_like_an_exception() -> None:
    body = result({"item": item(1), "name": literal("java.util.concurrent.TimeoutException")})
    outcome = get("wikidata").classify(Request("title", ("Q1",)), Response(200, {}, body))
    assert outcome.verdict == "answer"


@pytest.mark.parametrize("source", ["tmdb", "wikidata"])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=8,
    ),
    cut=st.integers(1, 10_000),
)
def test_json_that_was_cut_anywhere_is_requested_again(source: str, value: Any, cut: int) -> None:
    body = json.dumps({"results": [value]}).encode()
    request = Request("title", ("Q1",))
    assert get(source).classify(request, Response(200, {}, body)).verdict == "answer"
    part = body[: cut % (len(body) - 1) + 1]
    assert get(source).classify(request, Response(200, {}, part)).verdict == "unavailable"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"<html>", b'{"a": NaN}', b'{"a":"\\ud83d"}', b'{"a":1,}', b'{"a" 1}']
)
def test_odd_json_that_is_whole_was_not_cut(body: bytes) -> None:
    assert not is_cut_json(body)


def pages(cut_first: int):
    """Answer with 100 titles on one page; the first `cut_first` answers run out of time."""
    sent = []

    async def answer(server: Any, request: web.BaseRequest) -> web.Response:
        query = parse_qs(urlsplit(request.path_qs).query)["query"][0]
        rows = list(map(row, range(1, 101)))
        if "wd:Q20650540" not in query or "OFFSET 0" not in query:
            rows = []
        sent.append(query)
        body = result(*rows)
        if rows and sum("OFFSET 0" in q and "wd:Q20650540" in q for q in sent) <= cut_first:
            body = body[: len(body) * 3 // 5] + trace(57)
        return web.Response(body=body, content_type="application/sparql-results+json")

    return answer


def test_a_page_that_ran_out_of_time_is_requested_again(folder, hostile) -> None:
    server = hostile(pages(cut_first=2), "wikidata", "open")
    crawled = collect(folder, "wikidata", server.url, "titles")
    assert crawled.records["titles"]["full"] == 100


def test_a_service_that_always_runs_out_of_time_ends_the_crawl(
    folder, hostile, monkeypatch
) -> None:
    monkeypatch.setattr(limiter, "PATIENCE_SECONDS", 2.0)

    async def answer(server: Any, request: web.BaseRequest) -> web.Response:
        return web.Response(body=WHOLE[:3000] + trace(57), content_type="application/json")

    with pytest.raises(StoreError, match="out of time"):
        collect(folder, "wikidata", hostile(answer, "wikidata", "open").url, "titles")


@pytest.mark.parametrize("cell", UNKNOWN, ids=str)
@pytest.mark.parametrize("name", TITLE_FIELDS)
def test_an_unknown_value_is_null_in_every_field(name: str, cell: dict[str, str]) -> None:
    [title] = titles(parsed({"item": item(1), name: cell}))
    [plain] = titles(parsed({"item": item(1)}))
    assert title == plain


@pytest.mark.parametrize("name", ["imdb", "name", "original"])
def test_an_iri_is_no_text(name: str) -> None:
    page = parsed({"item": item(1), name: {"type": "uri", "value": "http://a.example/b"}})
    assert titles(page) == titles(parsed({"item": item(1)}))
    assert [finding.kind for finding in page.findings] == ["odd_value"]


def test_a_text_is_no_picture() -> None:
    page = parsed({"item": item(1), "picture": literal("a.jpg")})
    assert titles(page)[0].poster_url is None
    assert titles(page)[0].poster_licence is None


def test_only_a_file_at_commons_has_a_licence_page() -> None:
    cell = {"type": "uri", "value": "http://mirror.example/files/9f.jpg"}
    [title] = titles(parsed({"item": item(1), "picture": cell}))
    assert (title.poster_url, title.poster_licence) == (cell["value"], None)


@pytest.mark.parametrize("cell", [None, 7, [], {}, {"value": 5}, {"value": None}, "text"], ids=str)
@pytest.mark.parametrize("name", TITLE_FIELDS)
def test_an_odd_cell_costs_itself(name: str, cell: Any) -> None:
    page = parsed({"item": item(1), name: cell}, {"item": item(2), "name": literal("x")})
    assert titles(page) == titles(
        parsed({"item": item(1)}, {"item": item(2), "name": literal("x")})
    )
    assert [finding.kind for finding in page.findings] == ["odd_value"]


@pytest.mark.parametrize("text", ["nm0000001", "tt12", "tt00000x1", "55", "tt9000001 or so"])
def test_what_is_no_title_of_imdb_is_no_imdb_id(text: str) -> None:
    page = parsed({"item": item(1), "imdb": literal(text)})
    assert titles(page)[0].imdb_id is None
    assert [finding.kind for finding in page.findings] == ["odd_id"]


def test_blanks_around_an_id_are_not_part_of_it() -> None:
    [title] = titles(parsed({"item": item(1), "imdb": literal(" tt9000001 ")}))
    assert title.imdb_id == "tt9000001"


def test_a_second_imdb_id_is_a_finding_and_the_order_of_rows_has_no_effect() -> None:
    rows = [{"item": item(1), "imdb": literal(id_)} for id_ in ("tt9000002", "tt9000001")]
    for page in (parsed(*rows), parsed(*reversed(rows))):
        assert [title.imdb_id for title in titles(page)] == ["tt9000001"]
        assert [finding.kind for finding in page.findings] == ["second_id"]


@pytest.mark.parametrize(
    "cell", [*UNKNOWN, literal(""), literal("Q0"), literal("q7"), {"type": "uri", "value": ENTITY}]
)
def test_an_item_without_an_id_costs_itself(cell: dict[str, str]) -> None:
    page = parsed({"item": cell, "name": literal("Blank")}, {"item": item(2)})
    assert [title.id for title in titles(page)] == ["Q2"]
    assert page.findings


def test_an_item_without_an_id_never_gets_into_the_frontier(folder, hostile) -> None:
    async def answer(server: Any, request: web.BaseRequest) -> web.Response:
        odd = row(6) | {"item": {"type": "bnode", "value": "b5"}}
        first = "OFFSET 0" in parse_qs(urlsplit(request.path_qs).query)["query"][0]
        return web.Response(body=result(odd, row(7)) if first else result())

    server = hostile(answer, "wikidata", "open")
    for _ in range(2):
        crawled = collect(folder, "wikidata", server.url, "titles")
        assert crawled.records["titles"]["full"] == 1


def test_an_id_that_an_older_version_stored_costs_its_own_request(folder, hostile) -> None:
    sent: list[str] = []

    async def answer(server: Any, request: web.BaseRequest) -> web.Response:
        sent.append(request.path_qs)
        return web.Response(body=result(row(7)))

    server = hostile(answer, "wikidata", "open")
    scope = Named([Link("title", "b5"), Link("title", "Q7")], with_credits=False)
    crawled = collect(folder, "wikidata", server.url, "titles", scope=scope)
    assert crawled.records["titles"]["full"] == 1
    alone = Named([Link("title", "b6")], with_credits=False)
    for _ in range(2):
        crawled = collect(folder, "wikidata", server.url, "titles", scope=alone)
    assert len(sent) == 1


def test_a_batch_leaves_out_what_is_no_id() -> None:
    query = of_items(["b5", "Q7", "Q8 } DROP"])
    assert "wd:Q7 " in query
    assert "b5" not in query
    assert "DROP" not in query
    with pytest.raises(InvalidId):
        of_items(["b5"])


LABELS = st.text(st.sampled_from("|~ ab:/é"), min_size=1, max_size=12).filter(str.strip)


@given(st.lists(st.tuples(LABELS, st.sampled_from(["", "nm0000007"])), min_size=1, max_size=4))
@example([("Ann | Bea", "nm0000001"), ("Tilde ~ Name", "")])
def test_people_have_the_names_that_they_have(people: list[tuple[str, str]]) -> None:
    text = "|".join(f"{ENTITY}Q{n}~{name}~{id_}" for n, (name, id_) in enumerate(people, 1))
    page = parsed({"item": item(99), "directors": literal(text)})
    found = [(r.id, r.name, r.imdb_id) for r in page.records if r.kind == "person"]
    assert found == [
        (f"Q{n}", name.strip(), id_ or None) for n, (name, id_) in enumerate(people, 1)
    ]


@given(st.lists(LABELS, min_size=1, max_size=4))
def test_genres_have_the_names_that_they_have(labels: list[str]) -> None:
    text = "|".join(f"{ENTITY}Q{n}~{label}" for n, label in enumerate(labels, 1))
    page = parsed({"item": item(99), "genres": literal(text)})
    genres = [r.genre for r in page.records if r.kind == "title_genre"]
    assert genres == list(dict.fromkeys(label.strip() for label in labels))


def test_genres_of_older_responses_are_labels_alone() -> None:
    page = parsed({"item": item(1), "genres": literal("action anime|drama| |drama")})
    genres = [r.genre for r in page.records if r.kind == "title_genre"]
    assert genres == ["action anime", "drama"]


def test_a_person_without_an_entity_is_a_finding() -> None:
    text = f"{ENTITY}Q1~Ann~|{GENID}~Nobody~|_:b5~Bea~"
    page = parsed({"item": item(1), "directors": literal(text)})
    assert names(page, "person") == ["Ann"]
    assert [finding.kind for finding in page.findings] == ["without_id", "without_id"]


def test_unknown_values_are_no_films(folder, hostile) -> None:
    async def answer(server: Any, request: web.BaseRequest) -> web.Response:
        rows = [row(n) | {"imdb": cell} for n, cell in enumerate(UNKNOWN, 1)] + [row(9)]
        first = "OFFSET 0" in parse_qs(urlsplit(request.path_qs).query)["query"][0]
        return web.Response(body=result(*rows) if first else result())

    collect(folder, "wikidata", hostile(answer, "wikidata", "open").url, "titles")
    load(folder)
    with open_snapshot(folder) as connection:
        films = {id_ for (id_,) in connection.execute("SELECT id FROM films").fetchall()}
        titles = {id_ for (id_,) in connection.execute("SELECT id FROM titles").fetchall()}
    assert {id_ for id_ in films if not id_.startswith("Q")} == {"tt0000009"}
    assert films - titles == {"tt0000009"}
