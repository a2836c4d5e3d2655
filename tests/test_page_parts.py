"""Title pages in parts: credits in longer lists, JSON-LD alone, pages that were cut."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from phonofilm.records import Rating
from phonofilm.sandbox.services.imdb.pages import page
from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response
from tests.test_pages import WORLD, names, parsed, title_of


def changed(body: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a page whose `pageProps` a function changed."""
    match = re.search(rb'(<script id="__NEXT_DATA__"[^>]*>)(.*?)(</script>)', body, re.DOTALL)
    data = json.loads(match[2])
    change(data["props"]["pageProps"])
    return body[: match.start(2)] + json.dumps(data).encode() + body[match.end(2) :]


# A group of principal credits in the form of each longer list.
LISTS: dict[str, Callable[[dict[str, Any]], tuple[str, Any]]] = {
    "creditCategories": lambda group: (
        "creditCategories",
        [
            {
                "category": group["category"],
                "credits": {
                    "total": group["totalCredits"],
                    "edges": [{"node": person} for person in group["credits"]],
                },
            }
        ],
    ),
    "categories": lambda group: (
        "categories",
        [
            {
                "id": group["category"]["id"],
                "section": {
                    "total": group["totalCredits"],
                    "items": [
                        {"id": p["name"]["id"], "rowTitle": p["name"]["nameText"]["text"]}
                        for p in group["credits"]
                    ],
                },
            }
        ],
    ),
    "groups": lambda group: (f"{group['category']['id']}s", [group]),
    "page title": lambda group: (
        f"{group['category']['id']}sPageTitle",
        [{"credits": group["credits"]}],
    ),
}
WITH_BOTH = [
    index
    for index in range(0, 400, 2)
    if {"director", "writer"} <= {credit.category for credit in WORLD.credits(index)}
]


@pytest.mark.parametrize(
    ("form", "role"),
    [
        (form, role)
        for form in sorted(LISTS)
        for role in ("director", "writer")
        if (form, role) != ("page title", "writer")  # pages have no such list
    ],
)
@pytest.mark.parametrize("side", ["aboveTheFoldData", "mainColumnData"])
def test_a_role_that_the_principal_credits_lack_is_in_a_longer_list(
    form: str, role: str, side: str
) -> None:
    body = page(WORLD, WITH_BOTH[0])

    def move(props: dict[str, Any]) -> None:
        groups = props["aboveTheFoldData"]["principalCredits"]
        group = next(group for group in groups if group["category"]["id"] == role)
        groups.remove(group)
        name, rows = LISTS[form](group)
        props[side][name] = rows

    told = parsed(changed(body, move))
    assert names(told, role) == names(parsed(body), role) != []
    assert not told.findings


def test_a_role_that_is_counted_and_named_nowhere_is_a_finding() -> None:
    def empty(props: dict[str, Any]) -> None:
        groups = props["aboveTheFoldData"]["principalCredits"]
        group = next(group for group in groups if group["category"]["id"] == "director")
        groups.remove(group)
        props["mainColumnData"]["creditCategories"] = [
            {"category": {"id": "director"}, "credits": {"total": 2, "edges": []}}
        ]

    told = parsed(changed(page(WORLD, WITH_BOTH[0]), empty))
    assert [finding.kind for finding in told.findings] == ["missing_credits"]


JSON_LD_PAGE = """<html><script type="application/ld+json">{"@type":"TVSeries",
"url":"/title/tt0000009/","name":"R&amp;D","aggregateRating":{"ratingCount":"120",
"ratingValue":"8.9"},"datePublished":"1998-04-03","genre":"Drama"}</script>"""


def test_a_page_with_json_ld_alone_has_all_that_it_says() -> None:
    told = parsed(JSON_LD_PAGE.encode())
    title = title_of(told)
    assert (title.name, title.title_type, title.is_series) == ("R&D", "tvSeries", True)
    assert (title.start_year, title.release_date) == (1998, "1998-04-03")
    rating = next(r for r in told.records if isinstance(r, Rating))
    assert (rating.rating, rating.votes) == (8.9, 120)


@pytest.mark.parametrize("cut", [20, 100, 1000])
def test_a_saved_page_that_was_cut_still_has_its_json_ld(cut: int) -> None:
    body = page(WORLD, 2)
    start = body.index(b"__NEXT_DATA__")
    for end in (b"", b"</script></body></html>"):
        told = parsed(body[: start + cut] + end)
        assert title_of(told).original_name == title_of(parsed(body)).original_name
        assert [f.detail for f in told.findings if f.kind == "missing_block"] == ["__NEXT_DATA__"]


@pytest.mark.parametrize(
    ("good", "odd"),
    [(b'"text": "', b'"text": "\\ud83d '), (b'"seconds": ', b'"seconds": NaN, "x": ')],
)
def test_a_value_that_json_forbids_costs_itself_and_not_the_page(good: bytes, odd: bytes) -> None:
    body = page(WORLD, 2)
    start = body.index(b"__NEXT_DATA__")
    told = parsed(body[:start] + body[start:].replace(good, odd, 1))
    assert len(told.records) == len(parsed(body).records)
    assert "missing_block" not in {found.kind for found in told.findings}
    assert "odd_value" in {found.kind for found in told.findings}


@pytest.mark.parametrize(
    ("parts", "date", "precision", "odd"),
    [
        ({"year": 1953, "month": 2, "day": 30}, "1953-02", "month", True),
        ({"year": 1953, "month": 13, "day": 1}, "1953", "year", True),
        ({"year": 1953, "month": 2, "day": None}, "1953-02", "month", False),
        ({"year": 1953, "month": None, "day": None}, "1953", "year", False),
        ({"year": 1953, "month": 2, "day": 3}, "1953-02-03", "day", False),
        ({"year": 0, "month": 2, "day": 3}, None, None, False),
    ],
)
def test_the_date_of_a_page_is_a_day_of_the_calendar(
    parts: dict[str, Any], date: str | None, precision: str | None, odd: bool
) -> None:
    def set_date(props: dict[str, Any]) -> None:
        props["aboveTheFoldData"]["releaseDate"] = parts
        props["aboveTheFoldData"]["runtime"] = {"seconds": 0}

    body = changed(page(WORLD, 2), set_date)
    told = get("imdb").parse(Request("title_page", (WORLD.tconst(2),)), Response(200, {}, body))
    title = title_of(told)
    assert (title.release_date, title.release_date_precision) == (date, precision)
    assert title.runtime_ms is None
    assert bool([f for f in told.findings if f.kind == "odd_value"]) == odd


def test_a_page_that_is_cut_on_its_way_is_requested_again() -> None:
    imdb, request = get("imdb"), Request("title_page", (WORLD.tconst(2),))
    body = page(WORLD, 2)
    assert imdb.classify(request, Response(200, {}, body)).verdict == "answer"
    for end in (10, len(body) // 2, len(body) - 8):
        part = Response(200, {}, body[:end])
        assert imdb.classify(request, part).verdict == "unavailable"
        assert imdb.classify_saved(part).verdict == "answer"
