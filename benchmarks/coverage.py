"""Does the interval hold? Crawls stopped at random, what they say against the truth.

python -m benchmarks.coverage [CRAWLS [--stand-ins]]
"""

from __future__ import annotations

import random
import statistics
import sys
from collections import defaultdict
from typing import Any, NamedTuple

from benchmarks import direct, worlds
from benchmarks.tables import table
from phonofilm.crawl.coverage.coverage import Coverage, CoverageEstimator
from phonofilm.crawl.engine import Engine
from phonofilm.sandbox.kernel.server import Plan, SandboxServer

# Source, access level and policy of the crawls through the whole engine.
STAND_INS = [
    ("deezer", "open", "information"),
    ("deezer", "open", "breadth"),
    ("musicbrainz", "open", "information"),
    ("soundcloud", "official", "information"),
    ("spotify", "extended-legacy", "information"),
    ("spotify", "development", "information"),
]
SIZES = (250, 500, 1000)
STOPS = 4  # moments of each of these crawls


class Stop(NamedTuple):
    """What a crawl said after so many calls, and how many full artists it had."""

    full: int
    said: Coverage


def closed(chance: random.Random, policy: str) -> tuple[Any, str]:
    """A world of some size, and how to name it in the table."""
    genreless = chance.choice([0.0, 0.3, 0.6])
    world = worlds.rulers().World(
        artists=chance.choice([3000, 8000, 20_000]),
        seed=chance.randrange(10**6),
        genreless=genreless,
        page=chance.choice([10, 50]),
        pull=chance.choice([0.0, 0.3, 0.6]),
        seed_genres=chance.choice([20, 60, 120]),
    )
    return world, f"closed, {genreless:.0%} without genres, {policy}"


def stops_of(world: Any, policy: str) -> list[Stop]:
    """Every hundredth moment of a crawl to its end."""
    stops: list[Stop] = []

    def look(evidence: CoverageEstimator) -> None:
        look.endpoints += 1
        if look.endpoints >= 30 and look.endpoints % 20 == 0:
            said = evidence.coverage()["artist"]
            stops.append(Stop(len(evidence.frontier.index.by_kind["artist"]), said))

    look.endpoints = 0
    known = 0
    for _, known in worlds.crawl(world, policy, look=look):
        if known >= 0.995 * world.n:
            break
    stops.append(Stop(known, Coverage(1.0, 1.0, 1.0)))
    return stops


def stand_in(source: str, access: str, policy: str, artists: int, seed: int) -> list[Stop]:
    """The same through the whole engine, against the stand-in of a source."""
    served = SandboxServer(Plan(source, access, artists, seed, rate="none"))
    stops: list[Stop] = []

    def look(engine: Engine) -> None:
        if engine.counters.requests >= 20 and engine.counters.requests % 10 == 0:
            said = engine.recorder.coverage.coverage()["artist"]
            stops.append(Stop(engine.recorder.full["artist"], said))

    known, _ = direct.crawl(served, source, {"artist": None}, policy, look=look)
    stops.append(Stop(known[-1], Coverage(1.0, 1.0, 1.0)))
    return stops


def judge(stops: list[Stop], chance: random.Random) -> tuple[bool, float, float]:
    """At one random moment before 97 %: whether the truth is inside, the width, the truth."""
    end = stops[-1].full
    open_ones = [stop for stop in stops[:-1] if stop.full < 0.97 * end] or stops[:1]
    stop = chance.choice(open_ones)
    truth = stop.full / end
    held = stop.said.low - 1e-4 <= truth <= stop.said.high + 1e-4
    return held, stop.said.high - stop.said.low, truth


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    worlds_count = 0 if "--stand-ins" in sys.argv else count
    chance = random.Random(20261120)
    seen: dict[str, list[tuple[bool, float, float]]] = defaultdict(list)
    for number in range(worlds_count):
        policy = "breadth" if number % 2 else "information"
        world, name = closed(chance, policy)
        seen[name].append(judge(stops_of(world, policy), chance))
    for number in range(max(1, count // 5)):
        for source, access, policy in STAND_INS:
            stops = stand_in(source, access, policy, SIZES[number % len(SIZES)], 100 + number)
            held = seen[f"stand-in: {source}, {access}, {policy}"]
            held += [judge(stops, chance) for _ in range(STOPS)]
    rows = []
    total = [one for name, held in seen.items() if name.startswith("closed") for one in held]
    closed_rows = [("closed worlds, all", total)] if total else []
    for name, held in [*closed_rows, *sorted(seen.items())]:
        widths = [width for _, width, truth in held if truth >= 0.25]
        rows.append(
            (
                name,
                len(held),
                f"{statistics.mean(h for h, *_ in held):.0%}",
                f"{statistics.median(widths):.2f}" if widths else "",
            )
        )
    table(
        "Coverage: the 90 % interval at a random moment",
        ("crawls", "moments", "holds the truth", "median width, a quarter in hand"),
        rows,
    )


if __name__ == "__main__":
    main()
