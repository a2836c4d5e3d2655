"""Any sequence of crawls ends with what an empty folder gets for the last; none asks twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.levels import IGNORED
from phonofilm.crawl.scope.scopes import Everything, Named, OfGenre, Scope
from phonofilm.landing.segments import read_segments
from phonofilm.records.kinds import BY_PLURAL
from phonofilm.sandbox.kernel.server import Plan, SandboxServer, running
from phonofilm.sources.contract import Link
from phonofilm.workspace import Workspace
from tests.conftest import collect

Nodes = dict[tuple[str, str], tuple[str, bool]]
Coverage = dict[str, list[float]]


class Job(NamedTuple):
    """A crawl as a person asks for it; `requests_max` interrupts it."""

    scope: Callable[[Served], Scope]
    wants: tuple[str, ...]
    requests_max: int | None = None


def artist(*numbers: int) -> Callable[[Served], Scope]:
    """Scope of artists by name."""

    def scope(served: Served) -> Scope:
        names = dict.fromkeys(served.server.world.artist(number).name for number in numbers)
        return Named([Link("artist_query", name) for name in names], with_credits=False)

    return scope


def artist_id(number: int) -> Callable[[Served], Scope]:
    """Scope of an artist by id, one of those that a crawl of everything ends with."""

    def scope(served: Served) -> Scope:
        ids = sorted(id_ for _, id_ in served.alone[MUSIC[0]][0])
        return Named([Link("artist", ids[number % len(ids)])], with_credits=True)

    return scope


def theme(word: str) -> Callable[[Served], Scope]:
    """Scope of two playlists of a theme."""
    return lambda served: Named([Link("playlist_query", word)], with_credits=False, playlists=2)


def everything(served: Served) -> Scope:
    """Scope of the whole source."""
    return Everything()


def genre(served: Served) -> Scope:
    """Scope of a genre."""
    return OfGenre("rock")


MUSIC = (
    Job(everything, ("artists",)),
    Job(everything, ("artists", "albums")),
    Job(genre, ("artists",)),
    Job(genre, ("artists", "albums")),
    Job(genre, ("tracks",)),
    Job(artist(3), ("artists",)),
    Job(artist(3, 5), ("artists", "albums")),
    Job(artist(5), ("tracks",)),
    Job(artist_id(3), ("albums",)),
    Job(artist_id(7), ("artists", "albums", "tracks")),
)
PALETTES: dict[tuple[str, str], tuple[Job, ...]] = {
    ("spotify", "extended-legacy"): (*MUSIC, Job(theme("rock"), ("tracks",))),
    ("spotify", "development"): (*MUSIC, Job(theme("rock"), ("playlists",))),
    ("deezer", ""): (*MUSIC, Job(theme("rock"), ("tracks",))),
    ("musicbrainz", ""): MUSIC,
    ("jamendo", ""): MUSIC,
    ("soundcloud", ""): (
        *(job for job in MUSIC if "albums" not in job.wants),
        Job(genre, ("tracks",)),
        Job(artist(3, 4, 5), ("comments",)),
        Job(artist(3), ("comments",)),
    ),
    ("beatport", ""): (*MUSIC[:2], *MUSIC[5:]),
}


def outcome(folder: Workspace, source: str, wants: tuple[str, ...]) -> Nodes:
    """Return how far each followed node of the wanted kinds is known, by kind and id."""
    frontier = open_frontier(folder.frontier / f"{source}.sqlite")
    nodes = {
        (kind, frontier.id_of(node)): (frontier.level(node).name, frontier.is_full(node))
        for want in wants
        for kind in (BY_PLURAL[want].kind,)
        for node in set(frontier.index.by_kind[kind])
        if frontier.level(node) > IGNORED
    }
    frontier.close()
    return nodes


def requests_made(folder: Workspace) -> Counter[tuple[str, str, int]]:
    """Count the answered requests by endpoint, id and offset."""
    return Counter(
        (response.endpoint, id_, response.offset)
        for response in read_segments(folder.segments().paths())
        for id_ in response.ids
    )


def run_job(folder: Workspace, served: Served, job: Job) -> Coverage:
    """Crawl with one worker, so that interrupted crawls of a job end at the same request.

    Return the coverage of a closed scope: that of others is an estimate of what is unknown.
    """
    scope = job.scope(served)
    goes = {"scope": scope, "max_calls": job.requests_max}
    result = collect(folder, served.source, served.url, *job.wants, workers=1, **goes)
    return result.coverage if scope.closed else {}


class Served(NamedTuple):
    """A source that runs, and what an empty folder gets of it, by job."""

    source: str
    url: str
    server: SandboxServer
    alone: dict[Job, tuple[Nodes, Coverage]]
    palette: tuple[Job, ...]


@pytest.fixture(scope="module", params=PALETTES, ids=lambda names: "-".join(filter(None, names)))
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    source, access = request.param
    plan = Plan(source, access=access, artists=12, rate="none")
    with running(plan) as (url, server):
        served = Served(source, url, server, {}, PALETTES[request.param])
        expected(served, Workspace(tmp_path_factory.mktemp("everything")), MUSIC[0])
        yield served


def expected(served: Served, folder: Workspace, job: Job) -> tuple[Nodes, Coverage]:
    if job not in served.alone:
        coverage = run_job(folder, served, job)
        served.alone[job] = outcome(folder, served.source, job.wants), coverage
    return served.alone[job]


@settings(max_examples=settings.default.max_examples // 10)
@given(data=st.data())
def test_a_sequence_of_crawls_ends_as_its_last_crawl_alone(
    served: Served, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    job = st.sampled_from(served.palette)
    cut = st.builds(Job._replace, job, requests_max=st.integers(1, 12))
    *before, last = [*data.draw(st.lists(job | cut, min_size=1, max_size=3)), data.draw(job)]
    home = tmp_path_factory.mktemp("sequence")
    folder = Workspace(home / "data")
    for earlier in before:
        run_job(folder, served, earlier)
    coverage = run_job(folder, served, last)
    alone = expected(served, Workspace(home / "alone"), last)
    assert (outcome(folder, served.source, last.wants), coverage) == alone
    assert [key for key, count in requests_made(folder).items() if count > 1] == []
