"""Crawls of a source that changes a key: exit code 5 or a finding that names the field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from phonofilm.crawl.fresh import forget_frontier
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.errors import ShapeError
from phonofilm.sandbox.kernel.server import SandboxServer
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.drifting import changed

Start = Callable[..., tuple[str, SandboxServer]]


class Proxy(NamedTuple):
    """A source that changes a key in every response after the first ones."""

    key: str
    change: str
    after: int = 0
    every: int = 1

    def before(self, served: SandboxServer) -> None:
        """Stand before a stand-in."""
        meet, count = served.faults.meet, iter(range(10**6))

        def respond(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
            response = meet(response, request, clock)
            if response.status != 200 or next(count) < self.after:
                return response
            try:
                body = json.loads(response.body)
            except ValueError:
                return response
            body = changed(body, self.key, self.change, self.every)
            return response._replace(body=msgspec.json.encode(body))

        served.faults.meet = respond  # type: ignore[method-assign]


class Ended(NamedTuple):
    """How a crawl ended: its exit code, and the examples of its findings by kind."""

    exit_code: int
    findings: dict[str, str]


def crawled(folder: Workspace, source: str, url: str, *wants: str) -> Ended:
    exit_code = 0
    try:
        collect(folder, source, url, *wants)
    except ShapeError as error:
        exit_code = error.exit_code
    frontier = open_frontier(folder.frontier / f"{source}.sqlite")
    result: dict[str, Any] = json.loads(frontier.history.runs()[-1][2])
    frontier.close()
    return Ended(exit_code, {found["kind"]: found["example"] for found in result["findings"]})


CASES = [
    ("soundcloud", ["comments=all"], Proxy("timestamp", "renamed"), "comment.timestamp_ms"),
    ("soundcloud", ["comments=all"], Proxy("timestamp", "renamed", 60), "comment.timestamp_ms"),
    (
        "soundcloud",
        ["comments=all"],
        Proxy("timestamp", "renamed", every=2),
        "comment.timestamp_ms",
    ),
    ("soundcloud", ["comments=all"], Proxy("timestamp", "retyped"), "comment.timestamp_ms"),
    ("soundcloud", ["tracks=all"], Proxy("playback_count", "renamed"), "track.listens"),
    ("soundcloud", ["tracks=all"], Proxy("comment_count", "dropped"), "track.comment_count"),
    ("beatport", ["tracks=all", "features=all"], Proxy("bpm", "dropped"), "features.tempo"),
    ("beatport", ["tracks=all", "features=all"], Proxy("key", "renamed"), "features.key"),
    ("tmdb", ["titles=all"], Proxy("poster_path", "renamed"), "title.poster_url"),
    ("deezer", ["features=all"], Proxy("bpm", "renamed"), "features.tempo"),
    ("spotify", ["tracks=all"], Proxy("album", "null"), "track.album_id"),
]


@pytest.mark.parametrize(("source", "wants", "proxy", "field"), CASES)
def test_a_changed_key_is_never_silent(
    folder: Workspace, stand_in: Start, source: str, wants: list[str], proxy: Proxy, field: str
) -> None:
    plan = {"titles": 1_500} if source == "tmdb" else {"artists": 20}
    url, served = stand_in(source, **plan)
    proxy.before(served)
    ended = crawled(folder, source, url, *wants)
    told = " ".join(ended.findings.get(kind, "") for kind in ("field_drift", "odd_value"))
    assert field in told, ended


def test_a_source_that_changes_nothing_does_not_drift(folder: Workspace, stand_in: Start) -> None:
    url, _ = stand_in("soundcloud", artists=20)
    ended = crawled(folder, "soundcloud", url, "comments=all", "tracks=all", "artists=all")
    assert "field_drift" not in ended.findings


def test_a_folder_knows_what_the_source_gave_before(folder: Workspace, stand_in: Start) -> None:
    url, served = stand_in("soundcloud", artists=20)
    assert crawled(folder, "soundcloud", url, "tracks=all").exit_code == 0
    Proxy("license", "renamed").before(served)
    second = crawled(folder, "soundcloud", url, "artists=all", "playlists=all")
    assert "track.licence_url" in second.findings["field_drift"], second


def test_a_crawl_from_scratch_knows_it_too(folder: Workspace, stand_in: Start) -> None:
    url, served = stand_in("soundcloud", artists=20)
    assert crawled(folder, "soundcloud", url, "tracks=all").exit_code == 0
    forget_frontier(folder, "soundcloud")
    Proxy("license", "renamed").before(served)
    second = crawled(folder, "soundcloud", url, "tracks=all")
    assert second.exit_code == 5
    assert "track.licence_url" in second.findings["field_drift"]
