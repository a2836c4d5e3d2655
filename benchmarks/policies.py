"""Calls that policies spend: closed worlds, and the whole engine against the Spotify stand-in.

python -m benchmarks.policies [SEEDS]
"""

from __future__ import annotations

import gzip
import heapq
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import direct, worlds
from benchmarks.tables import table
from phonofilm.crawl.planner.policies import POLICIES
from phonofilm.sandbox.kernel.server import Plan, SandboxServer
from phonofilm.sandbox.kernel.service import HttpRequest
from phonofilm.sandbox.worlds.world import Catalogue
from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response

SONGS = Path(__file__).resolve().parents[2] / "shared/data/spotify/spotify_songs.csv.gz"
KINDS: tuple[tuple[str, dict[str, float]], ...] = (
    ("default", {}),
    ("all with genres", {"genreless": 0.0}),
    ("60 % without genres", {"genreless": 0.6}),
)


class Standing:
    """A sandbox's world with the two requests of the closed worlds."""

    page, cap = 50, 1000

    def __init__(self, world: Any) -> None:
        catalogue = Catalogue(world)
        self._catalogue, self._world = catalogue, world
        self.n = world.counts["artists"]
        self.genres = [world.artist(index).genres for index in range(self.n)]
        popular = catalogue.by_popularity
        self.rank = {index: place for place, index in enumerate(popular)}
        self.seeds = list(world.genres)[:100]

    def total(self, genre: str) -> int:
        return len(self._catalogue.ranked(genre))

    def search(self, genre: str, offset: int) -> list[int]:
        found = self._catalogue.ranked(genre)[offset : offset + self.page]
        return list(found) if offset < self.cap else []

    def related(self, artist: int) -> list[int]:
        return list(self._world.related_to(artist))


def mean(values: list[int | None]) -> str:
    """The mean, or how many of them got there."""
    reached = [value for value in values if value is not None]
    if len(reached) < len(values):
        return f"- ({len(reached)} of {len(values)})"
    return f"{statistics.mean(reached):,.0f}"


def closed_worlds(seeds: list[int]) -> None:
    rulers = worlds.rulers()
    for title, options in KINDS:
        curves: dict[str, list[list[int | None]]] = {}
        for seed in seeds:
            world = rulers.World(seed=seed, **options)
            for name, curve in _curves(rulers, world):
                curves.setdefault(name, []).append(worlds.calls_to(curve, world.n))
        _show(f"Closed world, {title}: 20,000 artists, mean of {len(seeds)} seeds", curves)


def _curves(rulers: Any, world: Any) -> Iterator[tuple[str, worlds.Curve]]:
    yield "two-queue", rulers.two_queue(world)
    yield "clairvoyant", rulers.clairvoyant(world)
    for name in POLICIES:
        yield name, worlds.crawl(world, name)


def _show(title: str, curves: dict[str, list[list[int | None]]]) -> None:
    shares = [f"{share:.0%}" for share in worlds.SHARES]
    rows = []
    for name, held in curves.items():
        at_90 = [one[2] for one in held]
        rows.append(
            (
                name,
                *(mean([one[place] for one in held]) for place in range(len(shares))),
                _ratio(at_90, [one[2] for one in curves["two-queue"]]),
                _ratio(at_90, [one[2] for one in curves["clairvoyant"]]),
            )
        )
    names = ("policy", *shares, "of two-queue at 90 %", "of the clairvoyant at 90 %")
    table(title, names, rows)


def _ratio(mine: list[int | None], theirs: list[int | None]) -> str:
    pairs = [(a, b) for a, b in zip(mine, theirs, strict=True) if a and b]
    if len(pairs) < len(mine) or not pairs:
        return "-"
    return f"{statistics.mean(a / b for a, b in pairs):.2f}"


def _real_songs(folder: Path) -> list[Plan]:
    """A world of real songs, where their file is beside the project."""
    if not SONGS.exists():
        return []
    path = folder / "songs.csv"
    path.write_bytes(gzip.decompress(SONGS.read_bytes()))
    return [Plan("spotify", "extended-legacy", rate="none", catalogue=path)]


def against_the_stand_in(seeds: list[int]) -> None:
    """Extended-legacy mode: the engine may make every call there is, the rulers their two."""
    rulers = worlds.rulers()
    generated = "3,000 generated artists"
    made = [(generated, Plan("spotify", "extended-legacy", 3000, s, rate="none")) for s in seeds]
    made += [("the real songs", plan) for plan in _real_songs(Path(tempfile.mkdtemp()))]
    curves: dict[str, dict[str, list[list[int | None]]]] = {}
    for title, plan in made:
        served = SandboxServer(plan)
        world = Standing(served.world)
        held = curves.setdefault(title, {})
        for name, ruler in (("two-queue", rulers.two_queue), ("clairvoyant", rulers.clairvoyant)):
            held.setdefault(name, []).append(worlds.calls_to(ruler(world), world.n))
        for name in POLICIES:
            known, _ = direct.crawl(
                SandboxServer(plan, served.world), "spotify", {"artist": None}, name
            )
            found = worlds.calls_to(iter(enumerate(known)), world.n)
            held.setdefault(name, []).append(found)
    for title, held in curves.items():
        _show(f"Whole engine, Spotify stand-in in extended-legacy mode: {title}", held)


class Searches:
    """The requests of development mode, answered by the stand-in: what a query's pages name."""

    def __init__(self, artists: int, seed: int) -> None:
        self.served = SandboxServer(Plan("spotify", "development", artists, seed, rate="none"))
        self.source = get("spotify")
        self.n = artists
        self._token = direct.token(self.served)
        self._held: dict[Request, tuple[frozenset[str], list[Request], list[str]]] = {}

    def ask(self, request: Request) -> tuple[frozenset[str], list[Request], list[str]]:
        """Artists that an answer names, its next page, the words of their names."""
        held = self._held.get(request)
        if held is None:
            held = self._held[request] = self._asked(request)
        return held

    def _asked(self, request: Request) -> tuple[frozenset[str], list[Request], list[str]]:
        path, query = self.source.address(request, "development")
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self.served.respond(HttpRequest("GET", path, query, headers, b"", direct.BASE))
        if answer.status != 200:
            return frozenset(), [], []
        page = self.source.parse(request, Response(200, {}, answer.body))
        artists = [record for record in page.records if record.kind == "artist"]
        words = set().union(*self.source.memberships("word", artists))
        within = [r for r in page.continues if r.offset + 10 <= 1000]
        return frozenset(a.id for a in artists), within, sorted(words)

    def seeds(self) -> list[Request]:
        links = self.source.seeds("development")
        calls = {"genre": "genre_artists", "slice": "search_slice"}
        return [Request(calls[link.kind], (link.id,)) for link in links if link.kind in calls]


def clairvoyant(world: Searches) -> worlds.Curve:
    """Greedy that knows every answer, over the requests our planner may make."""
    seen: set[str] = set()
    told: set[Request] = set()
    heap: list[tuple[int, Request]] = []
    calls = 0

    def add(request: Request) -> None:
        if request not in told:
            told.add(request)
            heapq.heappush(heap, (-len(world.ask(request)[0] - seen), request))

    for request in world.seeds():
        add(request)
    while heap:
        _, request = heapq.heappop(heap)
        artists, after, words = world.ask(request)
        now = len(artists - seen)
        if now and heap and -now > heap[0][0]:
            heapq.heappush(heap, (-now, request))
            continue
        if now:
            calls += 1
            seen |= artists
            for word in words:
                add(Request("search_word", (word,)))
            yield calls, len(seen)
        for following in after:
            add(following)


def genres_then_years(world: Searches) -> worlds.Curve:
    """The usual script: page by page through the genres, then through the years."""
    seen: set[str] = set()
    calls = 0
    todo = world.seeds()
    while todo:
        request = todo.pop(0)
        artists, after, _ = world.ask(request)
        calls += 1
        seen |= artists
        todo[:0] = after
        yield calls, len(seen)


def development_mode(worlds_of: list[tuple[int, int]]) -> None:
    rows = []
    for artists, seed in worlds_of:
        world = Searches(artists, seed)
        shares = (0.25, 0.5, 0.8)
        best = worlds.calls_to(clairvoyant(world), artists, shares)
        usual = worlds.calls_to(genres_then_years(world), artists, shares)
        known, _ = direct.crawl(world.served, "spotify", {"artist": None}, max_calls=4 * best[2])
        ours = worlds.calls_to(iter(enumerate(known)), artists, shares)
        told = ["-" if value is None else f"{value:,}" for value in (*ours, *best, *usual)]
        columns = [" / ".join(told[place : place + 3]) for place in (0, 3, 6)]
        ratio = f"{ours[2] / best[2]:.2f}" if ours[2] and best[2] else "-"
        rows.append((f"{artists:,}, seed {seed}", *columns, f"{artists * 0.08:.0f}", ratio))
    names = (
        "artists",
        "information",
        "clairvoyant",
        "genres, then years",
        "10 new a call, at 80 %",
        "of the clairvoyant at 80 %",
    )
    table("Development mode, calls to 25 / 50 / 80 % of what search reaches", names, rows)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    closed_worlds(list(range(1, count + 1)))
    against_the_stand_in(list(range(1, min(count, 3) + 1)))
    development_mode([(1500, 1), (1500, 2), (3000, 7), (3000, 8)][: max(1, count)])


if __name__ == "__main__":
    main()
