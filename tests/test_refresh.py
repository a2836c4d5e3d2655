"""What is due: after a purge, or with --refresh, a crawl requests again what it must, and no more."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.refresh import look_at_full_again, refresh
from phonofilm.erasure import retention
from phonofilm.erasure.retention import purge
from phonofilm.sources import get, source_names
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace
from tests.conftest import calls_made, collect
from tests.warehouses import query

DAY = 86_400
ARTISTS = "SELECT count(*) FROM artists WHERE completeness = 'full'"


def crawl(folder: Workspace, source: str, url: str, **more):
    return collect(folder, source, url, "artists=all", "albums=all", **more)


def test_after_a_purge_the_same_crawl_collects_all_again(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("spotify", access="extended-legacy", artists=20)
    first = crawl(folder, "spotify", url)
    load(folder)
    (before,) = query(folder, ARTISTS)
    purged = purge(folder, datetime.now(UTC) + timedelta(days=31))
    assert purged.answers > 0
    assert query(folder, ARTISTS) == [(0,)]
    again = crawl(folder, "spotify", url)
    assert again.records == first.records
    assert again.calls > 0
    load(folder)
    assert query(folder, ARTISTS) == [before]


def test_a_purge_of_nothing_costs_nothing(folder: Workspace, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", artists=20)
    crawl(folder, "spotify", url)
    purge(folder)
    made = calls_made(served)
    assert crawl(folder, "spotify", url).calls == 0
    assert calls_made(served) == made


def test_a_purge_of_a_part_reopens_that_part(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("spotify", access="extended-legacy", artists=40)
    older = crawl(folder, "spotify", url, max_calls=8)
    between = datetime.now(UTC)
    time.sleep(0.01)
    newer = crawl(folder, "spotify", url)
    purge(folder, between + timedelta(days=30))
    again = crawl(folder, "spotify", url)
    assert 0 < again.calls < older.calls + newer.calls
    load(folder)
    assert query(folder, ARTISTS) == [(40,)]
    assert again.records["artists"]["full"] == 40


SOURCES = ["deezer", "musicbrainz", "itunes", "jamendo", "soundcloud", "spotify"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_refresh_of_everything_is_the_first_crawl_again(
    source: str, folder: Workspace, stand_in
) -> None:
    access = {"access": "extended-legacy"} if source == "spotify" else {}
    url, _ = stand_in(source, artists=12, **access)
    first = crawl(folder, source, url)
    again = crawl(folder, source, url, refresh_days=0.0)
    assert again.records == first.records
    # What was learned of queues stays, so that the tail of the first crawl may be left out.
    assert first.calls / 3 <= again.calls <= 1.5 * first.calls + 3
    assert crawl(folder, source, url).calls == 0


def test_a_refresh_asks_only_what_is_older(
    folder: Workspace, stand_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = stand_in("deezer", artists=30)
    now = time.time
    with monkeypatch.context() as ten_days_ago:
        ten_days_ago.setattr(time, "time", lambda: now() - 10 * DAY)
        older = crawl(folder, "deezer", url, max_calls=10)
    newer = crawl(folder, "deezer", url)
    assert older.calls + newer.calls > 20
    assert crawl(folder, "deezer", url, refresh_days=11.0).calls == 0
    again = crawl(folder, "deezer", url, refresh_days=1.0)
    assert 1 <= again.calls <= older.calls + 3
    assert again.records == newer.records


def test_an_interrupted_refresh_goes_on(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("deezer", artists=20)
    first = crawl(folder, "deezer", url)
    begun = crawl(folder, "deezer", url, refresh_days=0.0, max_calls=5)
    rest = crawl(folder, "deezer", url)
    assert begun.calls + rest.calls <= 1.5 * first.calls + 3
    assert rest.records == first.records


def test_a_purge_that_was_killed_before_its_snapshot_is_finished_by_the_next(
    folder: Workspace, stand_in, monkeypatch
) -> None:
    url, _ = stand_in("spotify", access="extended-legacy", artists=10)
    crawl(folder, "spotify", url)
    load(folder)
    later = datetime.now(UTC) + timedelta(days=31)

    def killed(_: Workspace) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retention, "withdraw", killed)
        with pytest.raises(KeyboardInterrupt):
            purge(folder, later)
    purge(folder, later)
    assert query(folder, "SELECT count(*) FROM artists") == [(0,)]


def test_a_refresh_forgets_what_queues_were_expected_to_bring(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("deezer", artists=40)
    first = crawl(folder, "deezer", url)
    assert any(row.dry or row.gain < 0.05 for row in first.yields if row.calls)
    refresh(folder, get("deezer"), "open", time.time() + 1)
    with closing(open_frontier(folder.frontier / "deezer.sqlite")) as frontier:
        assert not list(frontier.answered_requests())
    again = crawl(folder, "deezer", url, workers=1)
    assert again.records == first.records


LEVELS = [
    (name, narrow, wide)
    for name in source_names()
    for narrow in get(name).manifest.access
    for wide in get(name).manifest.access
    if any(
        get(name).manifest.wanted_mask(kind, narrow) < get(name).manifest.wanted_mask(kind, wide)
        for kind in ("artist", "album")
    )
]


@pytest.mark.parametrize(("name", "narrow", "wide"), LEVELS)
def test_at_a_wider_access_level_records_are_completed(
    folder: Workspace, stand_in, name: str, narrow: str, wide: str
) -> None:
    try:
        urls = [stand_in(name, access=level, artists=12)[0] for level in (narrow, wide)]
    except ValueError:
        pytest.skip("no stand-in of this level")
    collect(folder, name, urls[0], "artists=all", "albums=all")
    wider = collect(folder, name, urls[1], "artists=all", "albums=all")
    alone = collect(Workspace(folder.root / "alone"), name, urls[1], "artists=all", "albums=all")
    load(folder)
    load(Workspace(folder.root / "alone"))
    for table in ("artists", "albums"):
        assert wider.records[table] == alone.records[table]
        ids = f"SELECT id, {', '.join(PROMISED[table])} FROM {table} ORDER BY id"
        assert query(folder, ids) == query(Workspace(folder.root / "alone"), ids)


def test_another_level_with_the_same_fields_costs_nothing(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("deezer", artists=12)
    crawl(folder, "deezer", url)
    look_at_full_again(folder, get("deezer"), "open")
    assert crawl(folder, "deezer", url).calls == 0


PROMISED = {"artists": ("name", "followers", "popularity", "genres"), "albums": ("name", "label")}
