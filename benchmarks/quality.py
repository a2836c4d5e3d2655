"""How good matching and the field plan are, measured on truth.

    python -m benchmarks.quality [--picture docs/reliability.svg]

Matching: the songs of `musicbrainz20k`, and a sandbox of 20,000 recordings in five sources with
their own spellings, lost and wrong codes, same-name artists and versions. The field plan: a sandbox
with Spotify in development mode, and what the other sources of the same world fill in.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import musicbrainz20k
from benchmarks.records import folder_of
from phonofilm.config import Settings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything, Named, Scope
from phonofilm.crawl.session import crawl
from phonofilm.enrich.enrich import EnrichOptions, EnrichResult, enrich
from phonofilm.identity.match import match
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.server import (
    MUSIC,
    Plan,
    SandboxServer,
    link_servers,
    make_world,
    running,
)
from phonofilm.sandbox.worlds.hashing import mix
from phonofilm.sandbox.worlds.world import World
from phonofilm.sources.contract import Link
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

SOURCES = ("spotify", "deezer", "musicbrainz", "itunes", "jamendo")
FIELDS = [
    ("artist", "genres"),
    ("artist", "popularity"),
    ("relation", "related_id"),
    ("features", "tempo"),
    ("track", "preview_url"),
]
_TABLES = {"recording": "track", "release": "album", "artist": "artist"}
_PLURALS = {"recording": "tracks", "release": "albums", "artist": "artists"}

Key = tuple[str, str]


class Quality(NamedTuple):
    """Of pairs of records: found, true, and both."""

    found: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.found)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.true)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.found + self.true)

    def __str__(self) -> str:
        return f"precision {self.precision:.4f}, recall {self.recall:.4f}, F1 {self.f1:.4f}"


def compare(groups: Iterable[Iterable[Key]], truth: Mapping[Key, Any]) -> Quality:
    """Pairs in groups against what each record really is; records without truth do not count."""
    found = right = 0
    for group in groups:
        kinds = Counter(truth[key] for key in group if key in truth)
        size = sum(kinds.values())
        found += size * (size - 1) // 2
        right += sum(n * (n - 1) // 2 for n in kinds.values())
    sizes = Counter(truth.values()).values()
    return Quality(found, sum(n * (n - 1) // 2 for n in sizes), right)


def groups_of(folder: Workspace, kind: str) -> list[list[Key]]:
    """The things of a kind that have several records."""
    held: dict[str, list[Key]] = defaultdict(list)
    with open_snapshot(folder) as connection:
        rows = connection.execute(
            "SELECT entity, source, id FROM identity.members WHERE kind = ?", [kind]
        ).fetchall()
    for entity, source, id_ in rows:
        held[entity].append((source, id_))
    return list(held.values())


def musicbrainz_20k(scratch: Path) -> Quality:
    """The songs of five tables, matched without a look at the truth."""
    folder = folder_of(scratch / "mb20k", musicbrainz20k.tracks())
    match(folder)
    source_of = {row[1]: row[0] for row in musicbrainz20k.tracks()}
    truth = {
        (source_of[id_], id_): number
        for number, group in enumerate(musicbrainz20k.truth())
        for id_ in group
    }
    alone = {(s, i): f"alone {i}" for i, s in source_of.items() if (s, i) not in truth}
    return compare(groups_of(folder, "recording"), truth | alone)


@contextmanager
def sandbox(
    sources: Iterable[str], artists: int, seed: int, access: str
) -> Iterator[tuple[dict[str, str], dict[str, SandboxServer], World]]:
    """Stand-ins of one world: addresses and what serves them, by source."""
    world = make_world(Plan("spotify", artists=artists, seed=seed))
    with ExitStack() as stack:
        urls, served = {}, {}
        for source in sources:
            plan = Plan(source, access if source == "spotify" else "", rate="none")
            urls[source], served[source] = stack.enter_context(running(plan, world))
        link_servers(list(served.values()), list(urls.values()))
        yield urls, served, world  # type: ignore[misc]


def sandbox_matching(
    scratch: Path, artists: int, seed: int
) -> tuple[Workspace, dict[str, dict[Key, int]]]:
    """Crawls five sources of one world, loads, matches; the folder and the truth by kind."""
    folder, truth = Workspace(scratch / "matching"), defaultdict(dict)
    wants: dict[str, int | None] = dict.fromkeys(("artist", "album", "track"))
    with sandbox(SOURCES, artists, seed, "extended") as (urls, served, _):
        for source in SOURCES:
            scope: Scope = Everything()
            if source == "itunes":  # it has no lists: it is asked by its artists' ids
                ids = served[source].service.ids("artists")
                scope = Named([Link("artist", id_) for id_ in ids], False)
            told = CrawlOptions(source, Goal(wants), scope, at=urls[source])
            run(crawl(folder, Settings(), told))
            for kind, plural in _PLURALS.items():
                same = served[source].true_ids(plural)
                truth[kind] |= {(source, id_): thing for id_, thing in same.items()}
    load(folder)
    match(folder)
    return folder, _held(folder, truth)


def _held(folder: Workspace, truth: Mapping[str, dict[Key, int]]) -> dict[str, dict[Key, int]]:
    """The truth of the records that were collected."""
    found = {}
    with open_snapshot(folder) as connection:
        for kind, table in _TABLES.items():
            rows = connection.execute(f"SELECT source, id FROM store.{table}").fetchall()
            found[kind] = {key: truth[kind][key] for key in rows if key in truth[kind]}
    return found


class Calibration(NamedTuple):
    """The mean squared error of probabilities, and per tenth: pairs, mean told, share true."""

    brier: float
    bins: list[tuple[int, float, float]]


def calibration(folder: Workspace, truth: Mapping[Key, int]) -> Calibration:
    """Probabilities of all pairs of recordings that were worth keeping, against the truth."""
    with open_snapshot(folder) as connection:
        rows = connection.execute(
            "SELECT source_a, id_a, source_b, id_b, probability FROM identity.links"
            " WHERE kind = 'recording'"
        ).fetchall()
    told = [(p, truth.get((a, b)) == truth.get((c, d))) for a, b, c, d, p in rows]
    brier = sum((p - true) ** 2 for p, true in told) / max(1, len(told))
    bins = []
    for tenth in range(10):
        inside = [(p, true) for p, true in told if min(9, int(p * 10)) == tenth]
        number = max(1, len(inside))
        bins.append(
            (len(inside), sum(p for p, _ in inside) / number, sum(t for _, t in inside) / number)
        )
    return Calibration(brier, bins)


def picture(held: Calibration) -> str:
    """Told probability against the share that is true, as SVG; dots as large as there are pairs."""
    side, margin = 320, 48
    dots = []
    for number, told, true in held.bins:
        if number:
            x, y = margin + told * side, margin + (1 - true) * side
            dots.append(
                f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{3 + min(9, number**0.25 / 2):.1f}"'
                f' fill="#2a6f97"><title>{number:,} pairs: told {told:.0%}, true {true:.0%}'
                "</title></circle>"
            )
    ticks = "".join(
        f'<text x="{margin + side * t / 4:.0f}" y="{margin + side + 18}" text-anchor="middle">'
        f'{t / 4:.0%}</text><text x="{margin - 8}" y="{margin + side * (1 - t / 4) + 4:.0f}"'
        f' text-anchor="end">{t / 4:.0%}</text>'
        for t in range(5)
    )
    whole = side + 2 * margin
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" width="{whole}"'
        ' font-family="sans-serif" font-size="12">'
        f'<rect width="{whole}" height="{whole}" fill="white"/>'
        f'<rect x="{margin}" y="{margin}" width="{side}" height="{side}" fill="none"'
        ' stroke="#bbb"/>'
        f'<line x1="{margin}" y1="{margin + side}" x2="{margin + side}" y2="{margin}"'
        f' stroke="#bbb" stroke-dasharray="4"/>{ticks}{"".join(dots)}'
        f'<text x="{margin + side / 2}" y="{whole - 8}" text-anchor="middle">told</text>'
        f'<text x="14" y="{margin + side / 2}" text-anchor="middle"'
        f' transform="rotate(-90 14 {margin + side / 2})">true</text></svg>\n'
    )


def field_plan(
    scratch: Path, artists: int, wanted: int, seed: int
) -> tuple[EnrichResult, dict[str, float]]:
    """Fills five fields; the result, and the share filled of those that exist anywhere."""
    folder = Workspace(scratch / "plan")
    with sandbox(MUSIC, artists, seed, "development") as (urls, served, world):
        wish = EnrichOptions("spotify", wanted, FIELDS, Everything(), urls["spotify"])
        result = enrich(folder, Settings(), wish, report=print)
        index_of = served["spotify"].true_ids("artists")
    return result, {
        name: share / max(1e-9, there)
        for (name, share), there in zip(
            result.after.items(), existing(folder, world, index_of, wanted), strict=True
        )
    }


def existing(
    folder: Workspace, world: World, index_of: Mapping[str, int], wanted: int
) -> list[float]:
    """The share of the wanted artists of whom each field exists somewhere in the world."""
    from phonofilm.crawl.frontier.sqlite.read_only import followed_ids  # noqa: PLC0415
    from phonofilm.records.kinds import NODE_KINDS  # noqa: PLC0415

    path = folder.frontier / "spotify.sqlite"
    ids = followed_ids(path, NODE_KINDS.index("artist"), wanted, "everything")
    people = [index_of[id_] for id_ in ids]
    tracks = {a: [t for b in world.albums_of(a) for t in world.tracks_of(b)] for a in people}
    there = [
        [bool(world.artist(a).genres) for a in people],
        [True for _ in people],
        [bool(world.related_to(a)) for a in people],
        [any(world.measured(t) for t in tracks[a]) for a in people],
        [any(mix(t, 5) % 10 for t in tracks[a]) for a in people],
    ]
    return [sum(held) / len(held) for held in there]


def main() -> None:
    """Prints all figures, and draws the picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--artists", type=int, default=620)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if musicbrainz20k.DATA.is_dir():
            print(f"musicbrainz 20k: {musicbrainz_20k(scratch)}")
        folder, truth = sandbox_matching(scratch, told.artists, 11)
        for kind, held in truth.items():
            print(f"sandbox, {kind}s, {len(held):,}: {compare(groups_of(folder, kind), held)}")
        calibrated = calibration(folder, truth["recording"])
        print(f"Brier score of recordings: {calibrated.brier:.5f}")
        for number, mean, true in calibrated.bins:
            print(f"  {number:8,} pairs told {mean:6.1%}, true {true:6.1%}")
        if told.picture:
            told.picture.write_text(picture(calibrated), encoding="utf-8")
        result, filled = field_plan(scratch, told.artists, 300, 12)
        for field, share in filled.items():
            print(
                f"{field}: {result.before[field]:.0%} before, {result.after[field]:.0%} after,"
                f" {share:.1%} of those that exist; {result.filled_by[field]}"
            )
        print(f"{sum(result.calls.values()):,} calls: {result.calls}")


if __name__ == "__main__":
    main()
