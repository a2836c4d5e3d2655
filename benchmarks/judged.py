"""Matching measured on pairs of real songs that were read and judged one by one.

    python -m benchmarks.judged

`judged_pairs.csv` holds pairs of tracks of `spotify_songs.csv.gz` (CC0): ids, the stratum from
which a pair was drawn at random (by the rules of 2026-11-20: linked or not, probability, titles),
the verdict whether both are one recording, and the reason. One performance in one mix is one
recording, remastered, censored or cut by a second or so; another mix, language, take or guest, and
an edit of another length, are others. Pairs that cannot be decided from title, artist, length,
album and year were left out. A third of the pairs, by a hash of their ids, is never looked at while
rules are tuned.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.records import folder_of
from benchmarks.tables import table
from phonofilm.identity.match import match
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

SONGS = Path(__file__).resolve().parents[2] / "shared/data/spotify/spotify_songs.csv.gz"
_PAIRS = Path(__file__).with_name("judged_pairs.csv")
# Pairs of different titles in each stratum, of which the judged ones are a sample.
_STRATA = {
    "linked, titles differ": 497,
    "linked, equal titles": 1588,
    "0.5 to 0.9": 301,
    "0.25 to 0.5": 274,
    "below 0.25": 1233,
    "not linked, equal titles": 305,
}


class Pair(NamedTuple):
    """Two tracks, and whether they are one recording. `kept_apart` pairs are for the last test."""

    tracks: tuple[str, str]
    stratum: str
    same: bool
    reason: str

    @property
    def kept_apart(self) -> bool:
        return hashlib.sha256("".join(self.tracks).encode()).digest()[0] % 3 == 0


class Figures(NamedTuple):
    """Judged joins; those of two recordings; true pairs, of these joined; squared error."""

    joined: float
    wrong: float
    true: float
    right: float
    brier: float

    @property
    def wrong_share(self) -> float:
        return self.wrong / self.joined if self.joined else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 0.0


def pairs() -> list[Pair]:
    """Return the judged pairs."""
    with _PAIRS.open(encoding="utf-8", newline="") as file:
        return [
            Pair(
                (row["track_a"], row["track_b"]),
                row["stratum"],
                row["verdict"] == "same",
                row["reason"],
            )
            for row in csv.DictReader(file)
        ]


def songs(with_codes: bool = False) -> Iterator[tuple[Any, ...]]:
    """Yield the real songs as tracks; `with_codes` gives each an ISRC of its own."""
    seen: set[str] = set()
    with gzip.open(SONGS, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["track_id"] in seen or not row["track_name"]:
                continue
            seen.add(row["track_id"])
            code = f"USABC{len(seen):07d}" if with_codes else None
            yield (
                *("spotify", row["track_id"], row["track_name"], [row["track_artist"]], []),
                *(row["track_album_name"], int(float(row["duration_ms"])), code),
                *(row["track_album_release_date"], None),
            )


def matched(folder: Path, with_codes: bool = False) -> Workspace:
    """Match the real songs in a folder."""
    workspace = folder_of(folder, songs(with_codes))
    match(workspace)
    return workspace


class Result(NamedTuple):
    """Entity of each linked track, and the probability of each stored pair."""

    entity_of: Mapping[str, str]
    probability_of: Mapping[tuple[str, str], float]

    def are_joined(self, pair: Pair) -> bool:
        one, other = (self.entity_of.get(track) for track in pair.tracks)
        return one is not None and one == other


def result_of(workspace: Workspace) -> Result:
    """Return what matching found."""
    with open_snapshot(workspace) as connection:
        members = connection.execute("SELECT id, entity FROM identity.members").fetchall()
        links = connection.execute(
            "SELECT least(id_a, id_b), greatest(id_a, id_b), probability FROM identity.links"
        ).fetchall()
    return Result(dict(members), {(a, b): probability for a, b, probability in links})


def figures(result: Result, judged: Iterable[Pair], weighted: bool = True) -> Figures:
    """Return the figures of judged pairs; `weighted` makes each stratum as large as it is."""
    judged = list(judged)
    size = defaultdict(int)
    for pair in judged:
        size[pair.stratum] += 1
    joined = wrong = true = right = error = total = 0.0
    for pair in judged:
        weight = _STRATA[pair.stratum] / size[pair.stratum] if weighted else 1.0
        is_joined = result.are_joined(pair)
        probability = result.probability_of.get(pair.tracks, 0.0)
        joined += weight * is_joined
        wrong += weight * (is_joined and not pair.same)
        true += weight * pair.same
        right += weight * (is_joined and pair.same)
        error += weight * (probability - pair.same) ** 2
        total += weight
    return Figures(joined, wrong, true, right, error / total)


def mistakes(result: Result, judged: Iterable[Pair]) -> Iterator[tuple[Pair, bool]]:
    """Yield the pairs on which matching and the verdict differ, and whether they are joined."""
    for pair in judged:
        if (joined := result.are_joined(pair)) != pair.same:
            yield pair, joined


def main() -> None:
    """Print the figures of both parts, without codes and with a code for each track."""
    judged, rows = pairs(), []
    parts = {
        "tuned on": [pair for pair in judged if not pair.kept_apart],
        "kept apart": [pair for pair in judged if pair.kept_apart],
    }
    with tempfile.TemporaryDirectory() as scratch:
        for with_codes in (False, True):
            result = result_of(matched(Path(scratch) / f"codes {with_codes}", with_codes))
            for name, part in parts.items():
                differ = [pair for pair in part if pair.stratum == "linked, titles differ"]
                every, titles = figures(result, part), figures(result, differ, weighted=False)
                label = f"{name}, {'a code each' if with_codes else 'no codes'}"
                rows += [
                    (f"{label}: pairs", f"{len(part)}"),
                    (f"{label}: joins that are two recordings", f"{every.wrong_share:.3f}"),
                    (f"{label}: the same where titles differ", f"{titles.wrong_share:.3f}"),
                    (f"{label}: recall", f"{every.recall:.3f}"),
                    (f"{label}: Brier score", f"{every.brier:.4f}"),
                ]
    table("Real songs, judged", ("figure", ""), rows)


if __name__ == "__main__":
    sys.exit(main())
