"""Batches are settled member by member, in every source that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.results import CrawlResult
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.sources import get, source_names
from phonofilm.sources.contract import Outcome, Page, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import Workspace
from tests.conftest import collect

BATCHES = [
    (source, endpoint)
    for source in source_names()
    for endpoint, spec in get(source).manifest.endpoints.items()
    if spec.batch > 1
]
# The access levels that still have batches.
ACCESS = {"spotify": "extended-legacy"}
# Ids that may exist, by kind and number; a batch says something of unknown ones, too.
IDS: dict[str, Callable[[int], str]] = {
    "spotify": lambda n: f"{n:022d}",
    "musicbrainz": lambda n: f"{n:08d}-0000-4000-8000-000000000000",
    "wikidata": lambda n: f"Q{n + 1000}",
    "isrc": lambda n: f"USABC20{n:05d}",
    "imdb_id": lambda n: f"tt{n + 1000:07d}",
    "address": lambda n: f"https://www.deezer.com/artist/{n + 1000}",
    "track_code": lambda n: f"{n:022d}",
}
NUMBER = 17  # a batch of every source, and no power of two


class Batch(NamedTuple):
    """A batch endpoint of a stand-in, with the ids that are requested."""

    source: HttpSource
    endpoint: str
    ids: list[str]
    url: str

    def request(self, folder: Workspace) -> CrawlResult:
        """Request all ids, each once over all runs."""
        planned = [PlannedRequest(self.endpoint, id_) for id_ in self.ids]
        name = self.source.manifest.name
        return collect(folder, name, self.url, "tracks", workers=1, planned_requests=planned)

    def settled(self, folder: Workspace) -> set[str]:
        """Return the ids that are answered or missing."""
        frontier = open_frontier(folder.frontier / f"{self.source.manifest.name}.sqlite")
        ids = {frontier.id_of(node) for node in set(frontier.settled_nodes(self.endpoint))}
        frontier.close()
        return ids


@pytest.fixture(params=BATCHES, ids="-".join)
def batch(request: pytest.FixtureRequest) -> Iterator[Batch]:
    name, endpoint = request.param
    source = get(name)
    kind = source.manifest.endpoints[endpoint].subject
    make = IDS.get(kind) or IDS.get(source.manifest.namespace) or (lambda n: str(n + 1000))
    plan = Plan(name, access=ACCESS.get(name, ""), artists=5, titles=5, rate="none")
    with running(plan) as (url, _):
        yield Batch(source, endpoint, [make(n) for n in range(NUMBER)], url)


def refuse(
    monkeypatch: pytest.MonkeyPatch, source: HttpSource, verdict: str, bad: set[str]
) -> None:
    """Make a source refuse every request that names a bad id."""
    classify = source.classify

    def classified(request: Request, response: Response) -> Outcome:
        if bad.isdisjoint(request.ids):
            return classify(request, response)
        return Outcome(verdict, "HTTP 400 Invalid id")

    monkeypatch.setattr(source, "classify", classified)


@pytest.mark.parametrize("verdict", ["refused", "missing", "forbidden"])
def test_an_id_that_is_refused_costs_itself_alone(
    folder, batch: Batch, monkeypatch, verdict: str
) -> None:
    bad = batch.ids[7]
    refuse(monkeypatch, batch.source, verdict, {bad})
    result = batch.request(folder)
    assert batch.settled(folder) == set(batch.ids)
    refusals = {f["kind"]: f for f in result.findings}
    named = [f for f in refusals.values() if bad in unquote(f["example"])]
    assert named or refusals["missing"]["count"] > 1  # a stand-in may miss others, too
    assert result.calls <= 2 + 2 * NUMBER.bit_length()
    assert batch.request(folder).calls == 0


def test_ids_that_a_batch_leaves_out_are_unknown_and_strangers_are_mentions(
    folder, batch: Batch, monkeypatch
) -> None:
    parse = batch.source.parse

    def parsed(request: Request, response: Response) -> Page:
        page = parse(request, response)
        page.records, page.links, page.answered_ids = [], [], list(request.ids[2:])
        return page

    monkeypatch.setattr(batch.source, "parse", parsed)
    result = batch.request(folder)
    (unknown,) = [f for f in result.findings if f["kind"] == "unknown_id"]
    assert (unknown["count"], unknown["example"]) == (2, batch.ids[0])
