"""Faults of values, ids and texts: what each costs in every endpoint of every source."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from phonofilm.sandbox.kernel.faults.registry import VALUE_FAULTS
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sandbox.kernel.faults.values import items
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from tests.conftest import collect
from tests.genuine import JSON_ENDPOINTS, NAMES, genuine
from tests.test_smallest_loss import check_record, items_of

REQUEST = HttpRequest("GET", "/", {}, {}, b"", "http://x")


class Outcome(NamedTuple):
    """What a fault costs, the kind of finding that tells of it, and the source it is played at."""

    costs: str
    finding: str
    source: str
    wants: str


VALUE, ITEM = "the value", "the item"
OUTCOMES = {
    "zero_ids": Outcome(ITEM, "odd_id", "jamendo", "tracks=all"),
    "negative_ids": Outcome(ITEM, "odd_id", "deezer", "tracks=all"),
    "ids_with_commas": Outcome(ITEM, "odd_id", "spotify", "artists=all"),
    "objects_for_ids": Outcome(ITEM, "odd_value", "soundcloud", "artists=all"),
    "days_not_in_calendar": Outcome(VALUE, "odd_value", "tmdb", "titles=all"),
    "dates_with_question_marks": Outcome(VALUE, "", "musicbrainz", "artists=all"),
    "dates_of_zeros": Outcome(VALUE, "", "jamendo", "albums=all"),
    "words_for_dates": Outcome(VALUE, "odd_value", "soundcloud", "tracks=all"),
    "dummy_codes": Outcome(VALUE, "odd_value", "spotify", "tracks=all"),
    "codes_of_zeros": Outcome(VALUE, "", "deezer", "tracks=all"),
    "negative_figures": Outcome(VALUE, "odd_value", "deezer", "tracks=all"),
    "endless_figures": Outcome(VALUE, "odd_value", "beatport", "tracks=all"),
    "objects_for_figures": Outcome(VALUE, "odd_value", "spotify", "tracks=all"),
    "blank_texts": Outcome(VALUE, "", "soundcloud", "artists=all"),
    "names_for_unknown": Outcome(VALUE, "", "musicbrainz", "artists=all"),
    "numbers_for_texts": Outcome(VALUE, "odd_value", "tmdb", "titles=all"),
    "lists_for_objects": Outcome(VALUE, "odd_part", "jamendo", "tracks=all"),
    "nulls_for_parts": Outcome(VALUE, "", "beatport", "tracks=all"),
    "unknown_members": Outcome(VALUE, "", "jamendo", "artists=all"),
}
TIMES = 3
MEANT = {("zero_ids", "deezer", "genres")}
"""Changes that are none: 0 is the genre of all genres."""


def test_every_fault_of_values_has_an_outcome() -> None:
    assert OUTCOMES.keys() == VALUE_FAULTS.keys()


@pytest.mark.parametrize("source", sorted({name for name, _ in JSON_ENDPOINTS}))
@pytest.mark.parametrize("name", OUTCOMES)
def test_a_fault_of_values_costs_itself_in_every_endpoint(name: str, source: str) -> None:
    for endpoint in (e for s, e in JSON_ENDPOINTS if s == source):
        check_endpoint(name, source, endpoint)


def check_endpoint(name: str, source: str, endpoint: str) -> None:
    """Items that were not changed stay, what is stored is valid, and a loss is a finding."""
    request, response = genuine(source, endpoint)
    sent = HttpResponse(endpoint, 200, response.body, {})
    body = VALUE_FAULTS[name](sent, REQUEST, Clock()).body
    whole = get(source).parse(request, response)
    changed = len(list(items(json.loads(response.body)))[::3])
    try:
        page = get(source).parse(request, response._replace(body=body))
    except Malformed:  # the one object that was requested
        assert OUTCOMES[name].costs == ITEM and changed == 1, endpoint
        return
    for record in page.records:
        check_record(source, record)
    lost = items_of(source, endpoint, whole) - items_of(source, endpoint, page)
    assert len(lost) <= changed, (endpoint, lost)
    is_told = page.findings or not OUTCOMES[name].finding or (name, source, endpoint) in MEANT
    assert is_told or not lost, (endpoint, lost)


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_crawl_reads_what_a_fault_of_values_leaves(folder, stand_in, name: str) -> None:
    _, finding, source, wants = OUTCOMES[name]
    plan = {"titles": 60} if source == "tmdb" else {"artists": 6}
    url, served = stand_in(source, faults=[Rule(name, times=TIMES)], **plan)
    result = collect(folder, source, url, wants, workers=1)
    kinds = {found["kind"] for found in result.findings}
    assert result.status == "done"
    assert served.faults.played()[name] >= 1
    assert not finding or finding in kinds
    load(folder)
    with open_snapshot(folder) as connection:
        (rows,) = connection.execute(f"SELECT count(*) FROM {wants.split('=')[0]}").fetchone()
    assert rows > 0


def test_every_source_that_is_requested_meets_them() -> None:
    assert {name for name, _ in JSON_ENDPOINTS} == set(NAMES) - {"imdb"}  # whose pages are HTML
