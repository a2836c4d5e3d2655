"""Faults that single services were seen to have, each played at a crawl of its source."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from phonofilm.net import limiter
from phonofilm.net.rate_windows import InferredWindow
from phonofilm.sandbox.kernel.faults.registry import SERVICE_FAULTS
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace
from tests.conftest import collect


class Case(NamedTuple):
    """Where a fault is played, how often, what follows, and the kind of finding that tells of it.

    `on` is an endpoint as the stand-in counts it, all without it.
    """

    source: str
    on: str
    wants: str
    outcome: str
    finding: str = ""
    times: int = 3
    plan: dict[str, Any] = {}  # noqa: RUF012 - never changed


LEGACY = {"access": "extended-legacy"}
MANY = LEGACY | {"artists": 60}
READ, WHOLE, PARKED = "read", "read, all of it", "parked"
OUTCOMES = {
    "no_data_inside": Case("deezer", "genre_artists", "artists=all", "passed over", "missing"),
    "quota_inside": Case("deezer", "genre_artists", "artists=all", "waited", "throttled", 1),
    "uploads_in_playlist": Case("deezer", "playlist", "playlists=all", READ),
    "tracks_null_in_playlist": Case("deezer", "playlist", "tracks=all", WHOLE),
    "offset_stands_still": Case(
        "spotify", "playlist_tracks", "tracks=all", READ, "ignored_offset", plan=MANY
    ),
    "withdrawn_entries": Case("spotify", "playlist", "playlists=all", READ, plan=MANY),
    "marks_without_meaning": Case("spotify", "playlist", "playlists=all", WHOLE, plan=MANY),
    "batch_refused": Case("spotify", "albums", "albums=all", WHOLE, "", 1, LEGACY),
    "batch_falls_short": Case("spotify", "albums", "albums=all", READ, "unknown_id", 1, LEGACY),
    "another_object": Case("musicbrainz", "release_id", "albums=all", READ, "merged_id"),
    "total_too_large": Case("deezer", "artist_albums", "albums=all", READ),
    "total_below_zero": Case("deezer", "artist_albums", "albums=all", WHOLE, "odd_value"),
    "busy_503": Case("musicbrainz", "artist", "artists=all", "waited", "throttled"),
    "relations_of_the_past": Case("musicbrainz", "artist", "artists=all", READ),
    "timeout_inside": Case("wikidata", "query", "titles=all", "retried", "retried_call", 1),
    "blank_nodes": Case("wikidata", "query", "titles=all", WHOLE),
    "empty_row": Case("wikidata", "query", "titles=all", WHOLE),
    "class_without_meaning": Case("wikidata", "query", "titles=all", WHOLE, "odd_value"),
    "no_minutes": Case("tmdb", "title", "titles=all", WHOLE),
    "no_poster": Case("tmdb", "title", "titles=all", WHOLE),
    "error_in_headers": Case("jamendo", "tracks", "tracks=all", PARKED, "quota"),
    "lists_for_tags": Case("jamendo", "tracks", "tracks=all", WHOLE),
    "keys_that_nobody_reads": Case("beatport", "artist_tracks", "tracks=all", READ, "odd_value"),
    "seconds_without_meaning": Case(
        "soundcloud", "track_comments", "comments=all", WHOLE, "odd_value"
    ),
}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(InferredWindow, "wait", lambda self, now: 0.0)


def test_every_fault_of_a_service_has_an_outcome() -> None:
    assert OUTCOMES.keys() == SERVICE_FAULTS.keys()


def counted(folder: Workspace, start: Any, case: Case, faults: list[Rule]) -> tuple[Any, Any]:
    """Crawl a new stand-in; return the result and the stand-in."""
    plan = {"titles": 60} if case.source in ("tmdb", "wikidata") else {"artists": 5}
    url, served = start(case.source, faults=faults, **(plan | case.plan))
    return collect(folder, case.source, url, case.wants, workers=1), served


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_fault_of_a_service_ends_in_its_outcome(folder, tmp_path, stand_in, name: str) -> None:
    case = OUTCOMES[name]
    result, served = counted(folder, stand_in, case, [Rule(name, on=case.on, times=case.times)])
    kinds = {found["kind"] for found in result.findings}
    assert served.faults.played()[name] >= 1
    assert result.status == (PARKED if case.outcome == PARKED else "done")
    assert not case.finding or case.finding in kinds
    if case.outcome not in (READ, PARKED):
        control, _ = counted(Workspace(tmp_path / "control"), stand_in, case, [])
        assert result.records == control.records
    if case.outcome != PARKED:
        load(folder)
