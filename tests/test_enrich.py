"""A field plan carried out: what Spotify took away comes back, whoever is parked or down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from benchmarks.quality import FIELDS, existing

from phonofilm.config import Settings
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.planner.worklist import PlannedRequest, Worklist
from phonofilm.crawl.scope.scopes import Everything, Named, OfGenre
from phonofilm.enrich.enrich import EnrichOptions, enrich
from phonofilm.enrich.next_requests import Permitted, cheapest_finder, next_requests, ways
from phonofilm.enrich.state import KnownArtist
from phonofilm.errors import ParkedError, UsageError
from phonofilm.net import limiter
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sandbox.kernel.server import (
    MUSIC,
    Plan,
    SandboxServer,
    link_servers,
    make_world,
    running,
)
from phonofilm.sources import get
from phonofilm.sources.contract import Link
from phonofilm.sources.routes import routes
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.cli import run_cli
from tests.conftest import calls_made


class World:
    """All music stand-ins of one world, Spotify in development mode."""

    def __init__(self, artists: int, **plans: dict) -> None:
        self._stack = ExitStack()
        self.world = make_world(Plan("spotify", artists=artists))
        self.urls: dict[str, str] = {}
        self.served: dict[str, SandboxServer] = {}
        for source in MUSIC:
            plan = Plan(source, rate="none")._replace(**plans.get(source, {}))
            self.urls[source], self.served[source] = self._stack.enter_context(
                running(plan, self.world)
            )
        link_servers(list(self.served.values()), list(self.urls.values()))

    def close(self) -> None:
        self._stack.close()

    def calls(self) -> int:
        return sum(map(calls_made, self.served.values()))


@pytest.fixture
def world() -> Iterator:
    made: list[World] = []

    def start(artists: int = 120, **plans: dict) -> World:
        made.append(World(artists, **plans))
        return made[-1]

    yield start
    for one in made:
        one.close()


def wish(held: World, artists: int | None = 30, **more) -> EnrichOptions:
    told = {"source": "spotify", "fields": FIELDS, "scope": Everything()} | more
    return EnrichOptions(artists=artists, at=held.urls["spotify"], **told)


def permitted(*names: str, **access: str) -> dict[str, Permitted]:
    return {
        name: Permitted(get(name).manifest, access.get(name, get(name).manifest.default_access))
        for name in names
    }


@pytest.mark.slow
def test_what_spotify_took_away_comes_back(folder: Workspace, world) -> None:
    held = world()
    result = enrich(folder, Settings(), wish(held))
    # Searches by genre, which find the artists, say the genre of some.
    assert {name for name, share in result.before.items() if share} == {"artist.genres"}
    assert result.before["artist.genres"] < result.after["artist.genres"]
    assert result.status == "done"
    assert result.artists == 30
    people = held.served["spotify"].true_ids("artists")
    there = existing(folder, held.world, people, 30)
    for (name, share), exist in zip(result.after.items(), there, strict=True):
        assert share >= 0.95 * exist - 0.04, name  # one of thirty may share a name
    assert sum(result.calls.values()) == held.calls()
    with open_snapshot(folder) as connection:
        row = connection.execute(
            "SELECT count(*) FROM artist_wide WHERE list_contains(sources, 'spotify')"
            " AND popularity IS NOT NULL AND bpm IS NOT NULL AND preview_url IS NOT NULL"
        ).fetchone()
    assert row >= (27,)


@pytest.mark.slow
def test_the_same_command_again_asks_nothing(folder: Workspace, world) -> None:
    held, fields = world(60), [("artist", "genres"), ("features", "tempo")]
    first = enrich(folder, Settings(), wish(held, 10, fields=fields))
    before = held.calls()
    again = enrich(folder, Settings(), wish(held, 10, fields=fields))
    assert held.calls() == before
    assert again.calls == {}
    assert again.after == first.after


@pytest.mark.heavy
@pytest.mark.slow
def test_a_limit_of_calls_is_kept_and_gone_on_from(folder: Workspace, world) -> None:
    held = world()
    short = enrich(folder, Settings(), wish(held, 20, max_calls=60))
    assert short.status == "stopped"
    assert sum(short.calls.values()) <= 60
    whole = enrich(folder, Settings(), wish(held, 20))
    assert whole.status == "done"
    there = existing(folder, held.world, held.served["spotify"].true_ids("artists"), 20)
    assert whole.after["related artists"] >= there[2] - 0.06


@pytest.mark.heavy
@pytest.mark.slow
def test_a_parked_source_does_not_stop_the_others(
    folder: Workspace, world, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "REFUSED_SECONDS_MAX", 0.0)
    held = world(deezer={"quota": "10/24h"})
    result = enrich(folder, Settings(), wish(held, 15))
    assert "deezer" in result.left_out
    assert result.after["artist.popularity"] > 0.5  # by others
    assert result.filled_by["artist.popularity"].keys() - {"deezer"}


@pytest.mark.heavy
@pytest.mark.slow
def test_a_source_that_is_down_is_left_out_and_said(folder: Workspace, world, monkeypatch) -> None:
    monkeypatch.setattr(limiter, "PATIENCE_SECONDS", 2.0)
    held = world()
    for served in held.served.values():
        served.addresses = served.addresses | {"musicbrainz": "http://127.0.0.1:9"}
    lines: list[str] = []
    result = enrich(folder, Settings(), wish(held, 10), report=lines.append)
    assert "does not answer" in result.left_out["musicbrainz"]
    assert any("left out" in line for line in lines)
    assert result.after["related artists"] >= 0.9


def test_without_a_source_the_fastest_finder_is_taken(folder: Workspace, world) -> None:
    held = world(60)
    result = enrich(
        folder, Settings(), wish(held, 10, source="", fields=[("track", "preview_url")])
    )
    assert result.source in ("deezer", "jamendo")
    assert result.after["track.preview_url"] >= 0.9


@pytest.mark.heavy
def test_artists_of_a_genre_are_filled(folder: Workspace, world) -> None:
    held = world()
    told = wish(held, 5, scope=OfGenre("pop"), fields=[("artist", "popularity")])
    result = enrich(folder, Settings(), told)
    assert 1 <= result.artists <= 5
    assert result.after["artist.popularity"] >= 0.8


def test_a_source_that_cannot_be_asked_is_told(folder: Workspace) -> None:
    with pytest.raises(UsageError, match="spotify cannot be asked"):
        enrich(folder, Settings(), EnrichOptions("spotify", 5, FIELDS, Everything()))


def test_the_cheapest_source_is_first_and_finding_counts() -> None:
    sources = permitted("deezer", "listenbrainz", "musicbrainz", "itunes", "reccobeats")
    order = [route.source for route in ways(sources, "artist", "popularity")]
    assert order == ["listenbrainz", "deezer"]
    assert ways(sources, "features", "tempo")[0].source == "reccobeats"
    without = {name: held for name, held in sources.items() if name != "musicbrainz"}
    assert [r.source for r in ways(without, "artist", "popularity")] == ["deezer"]


def test_routes_are_read_from_manifests() -> None:
    found = routes(get("deezer").manifest, "open", "features", "tempo")
    assert found[0].endpoints == ("top_tracks", "track")
    assert routes(get("spotify").manifest, "development", "artist", "popularity") == []
    assert routes(get("spotify").manifest, "development", "artist", "genres") == []
    assert routes(get("spotify").manifest, "extended-legacy", "artist", "popularity")


def test_look_ups_come_before_searches() -> None:
    sources = permitted("musicbrainz")
    artist = KnownArtist("spotify:x", "Wolves", {"spotify": ["x"]}, isrcs=["GBAAA9900303"])
    route = ways(sources, "artist", "genres")[0]
    asked: dict = {"musicbrainz": {}}
    page = "https://open.spotify.com/artist/x"
    for call, id_ in (("address", page), ("isrc", "GBAAA9900303"), ("search_artist", "Wolves")):
        (request,) = next_requests(artist, route, sources, asked)
        assert request == ("musicbrainz", PlannedRequest(call, id_))
        asked["musicbrainz"].setdefault(call, set()).add(id_)
    assert next_requests(artist, route, sources, asked) == []


def test_an_id_that_another_source_told_needs_no_finding() -> None:
    sources = permitted("deezer")
    artist = KnownArtist("spotify:x", "Wolves", {"spotify": ["x"], "deezer": ["27"]})
    route = ways(sources, "relation", "related_id")[0]
    (request,) = next_requests(artist, route, sources, {})
    assert request == ("deezer", PlannedRequest("related", "27"))


def test_nobody_who_lists_artists_is_told() -> None:
    with pytest.raises(UsageError, match="lists artists"):
        cheapest_finder(permitted("reccobeats"), 10)


def test_errands_are_made_once_in_batches(folder: Workspace) -> None:
    folder.open()
    frontier = open_frontier(folder.frontier / "reccobeats.sqlite")
    told = [PlannedRequest("audio_features", f"code{n}") for n in range(90)]
    errands = Worklist(get("reccobeats").manifest, frontier, [*told, *told])
    sizes = []
    while (ask := errands.next()) is not None:
        sizes.append(len(ask.request.ids))
    assert sizes == [40, 40, 10]
    frontier.close()


@pytest.mark.heavy
def test_the_command_line_fills_and_says_who_told_what(tmp_path, world) -> None:
    at = ("--at", world(60).urls["spotify"])
    words = ("--fields", "popularity,preview", "-n", 8, *at, "--data", tmp_path / "data")
    crawl = run_cli("crawl", "spotify", "--plan", *words)
    assert crawl.exit_code == 0
    assert "before" in crawl.stdout
    assert "deezer" in crawl.stdout
    document = run_cli("crawl", "spotify", "--plan", *words, "--json").document
    assert document["after"]["track.preview_url"] >= 0.8
    plan = run_cli("plan", "-W", "artists=8", "--fields", "bpm", *at)
    assert plan.exit_code == 0
    assert "reccobeats" in plan.stdout
    assert run_cli("crawl", "--data", tmp_path / "data").exit_code == 2


def test_from_python_the_same(tmp_path, world) -> None:
    import asyncio

    import phonofilm

    held = world(60)
    crate = phonofilm.open(tmp_path / "data")
    told = {"source": "deezer", "artists": 5, "at": held.urls["deezer"]}
    result = crate.fill(["preview"], **told)
    assert result.after["track.preview_url"] >= 0.8

    async def in_a_notebook():
        return crate.fill(["preview"], **told)

    assert asyncio.run(in_a_notebook()).calls == {}
    assert crate.match().kinds["artist"]["new"] == 0
    with pytest.raises(UsageError, match="fields"):
        crate.fill(["colour"])


def test_another_part_of_the_world_is_looked_for_anew(folder: Workspace, world) -> None:
    held = world()
    enrich(folder, Settings(), wish(held, 10, source="deezer", fields=[("track", "preview_url")]))
    names = [held.world.artist(n).name for n in (3, 50)]
    part = Named([Link("artist_query", name) for name in names], with_credits=False)
    told = wish(held, 2, source="deezer", scope=part, fields=[("artist", "followers")])
    result = enrich(folder, Settings(), told)
    assert result.artists == 2
    assert result.after["artist.followers"] == 1.0


def test_artists_are_named_on_the_command_line(tmp_path, world) -> None:
    services = world(60)
    words = ("--artist", services.world.artist(5).name, "--at", services.urls["deezer"])
    crawl = ("crawl", "deezer", "--plan", "--fields", "preview", *words, "--data", tmp_path / "d")
    assert run_cli(*crawl, "--json").document["artists"] == 1
    assert run_cli(*crawl, "--genre", "pop").exit_code == 2
    assert run_cli(*crawl, "--playlist", "x").exit_code == 2


def test_a_parked_finder_says_when_to_come_back(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("deezer", artists=60, faults=[Rule("throttled_a_day")])
    told = EnrichOptions("deezer", 5, [("track", "preview_url")], Everything(), url)
    with pytest.raises(ParkedError, match="parked") as parked:
        enrich(folder, Settings(), told)
    assert parked.value.resume_at > 1_700_000_000


def test_a_genre_that_is_none_finds_nobody(folder: Workspace, world) -> None:
    held = world(60)
    fields = [("track", "preview_url")]
    enrich(folder, Settings(), wish(held, 5, source="deezer", fields=fields))
    told = wish(held, 5, source="deezer", fields=fields, scope=OfGenre("no such thing"))
    with pytest.raises(UsageError, match="no such artists"):
        enrich(folder, Settings(), told)


def test_all_artists_are_all(folder: Workspace, world) -> None:
    held = world(40)
    told = wish(held, source="deezer", artists=None, fields=[("artist", "followers")])
    assert enrich(folder, Settings(), told).artists >= 38
