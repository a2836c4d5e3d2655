"""A ban that one verb meets is kept in the folder, and every other verb obeys it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from benchmarks.wire import response, wire
from pydantic import SecretStr

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.fresh import forget_frontier
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.lookup import find
from phonofilm.crawl.parking import FolderParking, dumps_obeyed
from phonofilm.crawl.planner.worklist import PlannedRequest
from phonofilm.crawl.probe import probe
from phonofilm.crawl.scope.scopes import Everything
from phonofilm.crawl.single_counts import add_single_requests, requests_of_day
from phonofilm.enrich.cross_source import CrossSourceOptions, match_source
from phonofilm.enrich.enrich import EnrichOptions, enrich
from phonofilm.errors import ParkedError
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.net.clock import Clock
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sources import bulk_names, get, source_names
from phonofilm.workspace import Workspace
from tests.conftest import calls_made, collect

HOURS = response(429, "Retry-After: 7200")
APIS = [
    name
    for name in source_names()
    if any(
        e.subject for e in get(name).manifest.permitted(get(name).manifest.default_access).values()
    )
]


def settings_of(name: str, url: str) -> Settings:
    """Settings that send a source's requests, and those for tokens, to an address."""
    section = SourceSettings(
        accept_terms=True,
        basis="test",
        consent="test",
        base_url=url,
        token_url=f"{url}/token",
        contact="me@example.org",
        client_id="an-id",
        client_secret=SecretStr("a-secret"),
        token=SecretStr("a-token"),
        rate="none",
    )
    return Settings(**{name: section})


def by_crawl(folder: Workspace, name: str, settings: Settings) -> None:
    """Crawl one planned request; a run that parks raises what the next one would."""
    manifest = get(name).manifest
    permitted = manifest.permitted(manifest.default_access)
    endpoint = next(name for name, endpoint in permitted.items() if endpoint.subject)
    planned = [PlannedRequest(endpoint, "Q42" if name == "wikidata" else manifest.ids.example)]
    result = collect(folder, name, None, "artists=1", settings=settings, planned_requests=planned)
    assert result.exit_code == 4
    raise ParkedError("parked", resume_at=result.resume_at or 0.0)


def by_probe(folder: Workspace, name: str, settings: Settings) -> None:
    run(probe(folder, settings, name, None))
    raise ParkedError("stopped", resume_at=0.0)


def by_find(folder: Workspace, name: str, settings: Settings) -> None:
    run(find(folder, settings, name, None, "artist", "love"))


VERBS: dict[str, Callable[[Workspace, str, Settings], None]] = {
    "crawl": by_crawl,
    "probe": by_probe,
    "find": by_find,
}


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("first", ["crawl", "probe"])
def test_a_ban_of_any_source_is_obeyed_by_every_verb(
    folder: Workspace, name: str, first: str
) -> None:
    with wire(lambda number, line: HOURS) as server:
        settings = settings_of(name, server.url)
        with pytest.raises(ParkedError):
            VERBS[first](folder, name, settings)
        if not server.requests:
            pytest.skip("a probe knows no id to request")
        assert len(server.requests) == 1
        for verb in ("probe", "crawl"):
            with pytest.raises(ParkedError, match="parked until"):
                VERBS[verb](folder, name, settings)
        assert len(server.requests) == 1


@pytest.mark.parametrize("first", VERBS)
@pytest.mark.parametrize("second", VERBS)
@pytest.mark.parametrize("name", ["deezer", "spotify"])  # without and with a token server
def test_a_ban_that_a_verb_meets_is_obeyed_by_each(
    folder: Workspace, name: str, first: str, second: str
) -> None:
    with wire(lambda number, line: HOURS) as server:
        settings = settings_of(name, server.url)
        for verb in (first, second):
            with pytest.raises(ParkedError):
                VERBS[verb](folder, name, settings)
        assert len(server.requests) == 1


def test_a_ban_by_one_origin_is_none_by_another(folder: Workspace) -> None:
    with wire(lambda number, line: HOURS) as one, wire(lambda number, line: HOURS) as other:
        for server in (one, other, one, other):
            with pytest.raises(ParkedError):
                by_find(folder, "deezer", settings_of("deezer", server.url))
        assert (len(one.requests), len(other.requests)) == (1, 1)


@pytest.mark.parametrize("first", ["the API", "the host of the dumps"])
def test_fresh_forgets_no_pause_of_any_origin(folder: Workspace, first: str) -> None:
    manifest, origins = get("musicbrainz").manifest, ["the API", "the host of the dumps"]
    folder.open()
    with closing(open_frontier(folder.frontier / "musicbrainz.sqlite")) as frontier:
        frontier.store.bind("the API", "open")
    for origin in sorted(origins, key=lambda name: name != first):
        FolderParking(folder, manifest, origin, Clock()).save(time.time() + 3600)
    forget_frontier(folder, "musicbrainz")
    for origin in origins:
        with pytest.raises(ParkedError):
            FolderParking(folder, manifest, origin, Clock()).check()


def test_fresh_keeps_a_pause_of_the_second_origin_alone(folder: Workspace) -> None:
    manifest = get("musicbrainz").manifest
    folder.open()
    with closing(open_frontier(folder.frontier / "musicbrainz.sqlite")) as frontier:
        frontier.store.bind("the API", "open")
    FolderParking(folder, manifest, "the host of the dumps", Clock()).save(time.time() + 3600)
    forget_frontier(folder, "musicbrainz")
    FolderParking(folder, manifest, "the API", Clock()).check()
    with pytest.raises(ParkedError):
        FolderParking(folder, manifest, "the host of the dumps", Clock()).check()


@pytest.mark.parametrize("name", bulk_names())
def test_a_ban_by_the_host_of_dumps_is_obeyed_by_the_next_import(
    folder: Workspace, name: str
) -> None:
    def send(number: int, line: str) -> bytes:
        return response(404) if "__sandbox__" in line else HOURS

    with wire(send) as server:
        for _ in range(2):
            options, obeyed = ImportOptions(name, server.url), dumps_obeyed(folder, name)
            with pytest.raises(ParkedError):
                run(import_dumps(folder, settings_of(name, ""), options, obeyed=obeyed))
        assert len(server.requests) == 2  # whether it is a sandbox, and one for a file


def test_a_ban_by_the_host_of_files_parks_the_source(folder: Workspace, stand_in) -> None:
    rule = Rule("throttled_a_day", on="media")
    url, served = stand_in("soundcloud", artists=4, faults=[rule])
    result = collect(folder, "soundcloud", url, "tracks=all", media=["artwork"], workers=1)
    assert result.exit_code == 4
    assert served.faults.played()["throttled_a_day"] == 1
    before = calls_made(served)
    for media in ([], ["artwork"]):
        with pytest.raises(ParkedError, match="parked until"):
            collect(folder, "soundcloud", url, "tracks=all", media=media, fresh=bool(media))
    assert calls_made(served) == before


def test_files_are_not_requested_of_a_source_that_is_parked(folder: Workspace, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=4, quota="3/24h")
    result = collect(folder, "soundcloud", url, "tracks=all", media=["artwork"])
    assert result.exit_code == 4
    assert "media" not in served.calls


def test_a_plan_obeys_a_ban(folder: Workspace, stand_in) -> None:
    url, served = stand_in("spotify", access="development", artists=20, quota="2/24h")
    run(probe(folder, Settings(), "spotify", url))
    before = calls_made(served)
    options = EnrichOptions("spotify", 3, [("artist", "popularity")], Everything(), at=url)
    with pytest.raises(ParkedError, match="is parked"):
        enrich(folder, Settings(), options)
    assert calls_made(served) == before


@pytest.mark.heavy
def test_a_search_for_another_source_obeys_a_ban(folder: Workspace, stand_in) -> None:
    soundcloud, _ = stand_in("soundcloud", artists=4)
    beatport, served = stand_in("beatport", artists=4, faults=[Rule("throttled_a_day")])
    collect(folder, "soundcloud", soundcloud, "tracks=1", max_calls=4)
    run(probe(folder, Settings(), "beatport", beatport))
    before = calls_made(served)
    with pytest.raises(ParkedError, match="parked until"):
        match_source(folder, Settings(), CrossSourceOptions("beatport", "soundcloud", beatport))
    assert calls_made(served) == before


@pytest.mark.parametrize("verb", ["probe", "find"])
def test_requests_of_every_verb_count_towards_the_budget_of_the_next_crawl(
    folder: Workspace, stand_in, verb: str
) -> None:
    url, served = stand_in("spotify", access="development", artists=20)
    settings = settings_of("spotify", url)
    section = settings.source("spotify")
    section.token_url, section.rate = f"{url}/api/token", ""
    for _ in range(2):
        with contextlib.suppress(ParkedError):  # a probe ends so here
            VERBS[verb](folder, "spotify", settings)
    made = calls_made(served)
    assert made >= 2
    assert len(day_of(folder)) == made
    forget_frontier(folder, "spotify")
    assert len(day_of(folder)) == made
    crawled = collect(folder, "spotify", url, "artists=5", settings=settings, max_calls=3)
    assert len(day_of(folder)) == made + crawled.calls


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_sends_a_request_while_a_daily_budget_is_spent(
    folder: Workspace, name: str, verb: str
) -> None:
    if verb == "find" and "search_artist" not in get(name).manifest.endpoints:
        pytest.skip("has no search for artists")
    with wire(lambda number, line: HOURS) as server:
        settings, now = settings_of(name, server.url), time.time()
        settings.source(name).rate = "2/1d"
        folder.open()
        with closing(open_frontier(folder.frontier / f"{name}.sqlite")) as frontier:
            add_single_requests(frontier, [(now - 3600, "any"), (now - 60, "any")], now)
        with pytest.raises(ParkedError) as parked:
            VERBS[verb](folder, name, settings)
        assert server.requests == []
    assert parked.value.resume_at == pytest.approx(now + 23 * 3600, abs=60)


def test_a_probe_stops_when_it_has_spent_the_budget(folder: Workspace, stand_in) -> None:
    url, served = stand_in("spotify", access="development", artists=20)
    settings = settings_of("spotify", url)
    section = settings.source("spotify")
    section.token_url, section.rate = f"{url}/api/token", "3/1d"
    result = run(probe(folder, settings, "spotify", None))
    assert (calls_made(served), result.stopped) == (3, "quota: the budget is spent")
    with pytest.raises(ParkedError):
        by_find(folder, "spotify", settings)
    assert calls_made(served) == 3


def test_a_search_at_a_source_without_long_windows_makes_no_folder(
    folder: Workspace, stand_in
) -> None:
    url, _ = stand_in("deezer", artists=20)
    by_find(folder, "deezer", settings_of("deezer", url))
    assert not folder.root.exists()


def day_of(folder: Workspace) -> list[tuple[float, str]]:
    """Return the requests of the last day that budgets count."""
    with closing(open_frontier(folder.frontier / "spotify.sqlite")) as frontier:
        return requests_of_day(frontier, time.time())
