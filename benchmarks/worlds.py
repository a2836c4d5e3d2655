"""A closed world as a source of ours: the planner itself is measured, not a sketch of it."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from phonofilm.crawl.coverage.coverage import CoverageEstimator
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.values import ANSWERED
from phonofilm.crawl.planner.planner import Planner
from phonofilm.crawl.planner.policies import policy
from phonofilm.crawl.planner.relevance import GoalEndpoints
from phonofilm.crawl.responses.recorder import ResponseRecorder
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything
from phonofilm.records import Artist, Record
from phonofilm.sources.contract import Link, Page, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Access, Endpoint, Manifest, Terms

RULERS = Path(__file__).resolve().parents[2] / "shared" / "bench" / "closed_world.py"
SHARES = (0.5, 0.75, 0.9, 0.95)
Curve = Iterator[tuple[int, int]]
Look = Callable[[CoverageEstimator], None]


def rulers() -> Any:
    """The module with the worlds and the two reference policies; SystemExit where it is not."""
    if not RULERS.exists():
        raise SystemExit("the closed worlds are not beside the project; this figure is left out")
    spec = importlib.util.spec_from_file_location("closed_world", RULERS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _manifest(page: int, reach: int) -> Manifest:
    search = Endpoint(
        "/search",
        "genre",
        "contain",
        "artist",
        ["artist.full"],
        paging="offset",
        page={"default": page},
        max_offset=reach,
        expected_items={"artist": 0.7 * page},
        membership_field="artist.genres",
    )
    related = Endpoint(
        "/related", "artist", "relate", "artist", ["artist.full"], expected_items={"artist": 12}
    )
    return Manifest(
        "closed",
        "a closed world",
        "",
        {"open": Access()},
        {"search": search, "related": related},
        Terms(),
        {"artist.full": ["name", "genres"]},
        "open",
    )


class Closed(HttpSource):
    """A closed world; an id comes with its genres, as a full answer gives them."""

    def __init__(self, world: Any) -> None:
        super().__init__(_manifest(world.page, world.cap))
        self.world = world

    def memberships(self, kind: str, records: Sequence[Record]) -> list[Sequence[str]]:
        return [record.genres for record in records]

    def seeds(self, access: str) -> list[Link]:
        return [Link("genre", str(genre)) for genre in self.world.seeds]

    def parse(self, request: Request, response: Response) -> Page:
        world, node = self.world, int(request.ids[0])
        page = Page(records=[], links=[], continues=[])
        if request.endpoint == "search":
            found, page.total = world.search(node, request.offset), world.total(node)
            after = request.offset + world.page
            if after < min(world.cap, page.total):
                page.continues = [Request("search", request.ids, after)]
        else:
            found = world.related(node)
        page.records = [
            Artist("closed", str(a), name="", genres=[str(g) for g in world.genres[a]])
            for a in found
        ]
        return page


def crawl(
    world: Any, name: str = "information", seed: int = 7, look: Look = lambda evidence: None
) -> Curve:
    """Our planner in a closed world: calls made and artists known, call by call."""
    folder = Path(tempfile.mkdtemp())
    source, scope, goal = Closed(world), Everything(), Goal({"artist": None})
    frontier = open_frontier(folder / "closed.sqlite")
    try:
        for link in scope.seeds(source, "open"):
            frontier.add_nodes(link.kind, [(link.id, 2, True)])
        endpoints = GoalEndpoints(manifest=source.manifest, access="open", goal=goal, scope=scope)
        planner = Planner(endpoints, frontier, policy(name), seed=seed)
        reader = ResponseRecorder(
            source=source, access="open", goal=goal, scope=scope, frontier=frontier, planner=planner
        )
        nothing, calls = Response(200, {}, b""), 0
        while ask := planner.next():
            calls += 1
            reading = reader.record(ask, nothing)
            frontier.settle(ask, ANSWERED, nothing, calls, None)
            planner.learn(ask, reading.gain, reading.discovered, reading.items)
            frontier.commit()
            look(reader.coverage)
            yield calls, len(frontier.index.by_kind["artist"])
    finally:
        frontier.close()
        shutil.rmtree(folder)


def calls_to(curve: Curve, artists: int, shares: tuple[float, ...] = SHARES) -> list[int | None]:
    """Calls to each share of the artists; None where the curve ends before."""
    reached: list[int | None] = []
    for calls, known in curve:
        while len(reached) < len(shares) and known >= int(shares[len(reached)] * artists):
            reached.append(calls)
        if len(reached) == len(shares):
            break
    return reached + [None] * (len(shares) - len(reached))
