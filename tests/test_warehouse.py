"""The warehouse: one merge rule, whatever the order, however often."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from phonofilm.erasure.retention import purge
from phonofilm.errors import UsageError
from phonofilm.landing.envelope import Envelope, RunInfo, wrap
from phonofilm.landing.segments import segment_paths
from phonofilm.records import RECORDS
from phonofilm.sources.contract import Request, Response
from phonofilm.sql import identifier
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.warehouses import all_rows, land, query

START = 1_780_000_000_000_000
DAY = 86_400_000_000


def artist(id_: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "name": "Noor", "external_urls": {}, **fields}


def response(seq: int, rows: list[Any], at: int, access: str = "extended-legacy") -> Envelope:
    body = json.dumps({"artists": rows}).encode()
    run_info = RunInfo("spotify", access, "terms", "run")
    request = Request("artists", tuple(r["id"] for r in rows if r))
    return wrap(run_info, seq, request, Response(200, {}, body, "http://x"), at)


def test_absent_never_overwrites_and_null_does(folder: Workspace) -> None:
    land(folder, response(1, [artist("a", popularity=50, genres=["x"])], START))
    land(folder, response(2, [artist("a", popularity=None)], START + 5_000_000))
    load(folder)
    assert query(folder, "SELECT popularity, genres FROM artists") == [(None, ["x"])]


def test_the_newest_response_wins_in_any_order_of_loads(folder: Workspace) -> None:
    land(folder, response(2, [artist("a", popularity=60)], START + 5_000_000))
    load(folder)
    land(folder, response(1, [artist("a", popularity=50, genres=["x"])], START))
    result = load(folder)
    assert query(folder, "SELECT popularity, genres FROM artists") == [(60, ["x"])]
    assert result.updated["artists"] == 1


def test_first_and_last_seen_are_the_least_and_greatest(folder: Workspace) -> None:
    for seq, at in ((1, START + DAY), (2, START), (3, START + 2 * DAY)):
        land(folder, response(seq, [artist("a")], at))
        load(folder)
    first, last = query(folder, "SELECT first_seen, last_seen FROM artists")[0]
    assert last - first == timedelta(days=2)


def test_a_crawl_with_less_permission_afterwards_nulls_nothing(folder: Workspace) -> None:
    land(
        folder,
        response(1, [artist("a", popularity=50, genres=["x"], followers={"total": 9})], START),
    )
    land(folder, response(2, [artist("a")], START + DAY, "development"))
    load(folder)
    rows = query(folder, "SELECT popularity, genres, followers, completeness FROM artists")
    assert rows == [(50, ["x"], 9, "full")]


def test_loading_twice_changes_nothing_with_and_without_the_loaded_names(folder: Workspace) -> None:
    land(folder, response(1, [artist("a", popularity=1), artist("b")], START))
    assert load(folder).inserted["artists"] == 2
    before, snapshot = all_rows(folder), published(folder)
    assert load(folder).inserted == {}
    again = load(folder, again=True)
    assert again.inserted["artists"] == again.updated["artists"] == 0
    assert again.unchanged["artists"] == 2
    assert all_rows(folder) == before
    assert published(folder) == snapshot


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "popularity": st.none() | st.integers(0, 100),
        "genres": st.none() | st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "followers": st.none() | st.fixed_dictionaries({"total": st.integers(0, 9)}),
    },
)
RESPONSES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from("abc"), FIELDS), min_size=1, max_size=3),
        st.integers(0, 4),
    ),
    min_size=2,
    max_size=4,
)


@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(responses=RESPONSES, data=st.data())
@pytest.mark.slow
def test_any_order_and_any_grouping_of_loads_give_one_result(
    tmp_path_factory: pytest.TempPathFactory, responses: list, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("orders")
    envelopes = [
        response(
            seq,
            [artist(i, **fields) for i, fields in artists],
            START + half_days * DAY // 2 + seq * 1000,
        )
        for seq, (artists, half_days) in enumerate(responses, 1)
    ]
    once = Workspace(root / "once")
    for envelope in envelopes:
        land(once, envelope)
    load(once)
    other = Workspace(root / "other")
    for envelope in data.draw(st.permutations(envelopes)):
        land(other, envelope)
        if data.draw(st.booleans()):
            load(other)
    load(other, again=data.draw(st.booleans()))
    assert all_rows(once) == all_rows(other)
    shutil.rmtree(root)


def test_a_record_listed_twice_in_one_response_is_one_row_of_the_later_values(
    folder: Workspace,
) -> None:
    land(
        folder,
        response(1, [artist("a", genres=["x"], popularity=3), artist("a", genres=None)], START),
    )
    load(folder)
    assert query(folder, "SELECT genres, popularity FROM artists") == [(None, 3)]


def test_figures_that_move_are_observed_once_a_day(folder: Workspace) -> None:
    for seq, (at, popularity) in enumerate([(0, 50), (1000, 51), (DAY, 60)], 1):
        land(folder, response(seq, [artist("a", popularity=popularity)], START + at))
    load(folder)
    rows = query(folder, "SELECT value FROM observations WHERE metric = 'popularity' ORDER BY day")
    assert rows == [(51,), (60,)]


def test_a_body_that_does_not_parse_is_quarantined_once_with_its_reason(folder: Workspace) -> None:
    run_info = RunInfo("spotify", "extended", "terms", "run")
    bad = wrap(
        run_info, 1, Request("artists", ("a",)), Response(200, {}, b"<html>", "http://x"), START
    )
    land(folder, bad, response(2, [artist("b")], START))
    assert load(folder).quarantined == 1
    load(folder, again=True)
    rows = query(folder, "SELECT endpoint, reason, excerpt FROM quarantine")
    assert len(rows) == 1
    assert rows[0][0] == "artists"
    assert "JSON" in rows[0][1]
    assert query(folder, "SELECT id FROM artists") == [("b",)]


def test_one_bad_item_is_quarantined_and_the_others_are_loaded(folder: Workspace) -> None:
    good = response(1, [artist("a"), artist("b")], START)
    body = json.dumps({"artists": [artist("a"), {"id": 5}]})
    land(folder, Envelope(*[getattr(good, f) for f in good.__struct_fields__[:-1]], body))
    assert load(folder).quarantined == 1
    assert query(folder, "SELECT id FROM artists") == [("a",)]


def test_a_failed_load_leaves_the_last_snapshot_and_can_be_repeated(
    folder: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(folder, response(1, [artist("a")], START))
    load(folder)
    land(folder, response(2, [artist("b")], START + 1000))
    with monkeypatch.context() as patch:
        patch.setattr("phonofilm.warehouse.load.load._save_runs", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load(folder)
    assert query(folder, "SELECT id FROM artists") == [("a",)]
    assert load(folder).inserted["artists"] == 1
    assert len(query(folder, "SELECT id FROM artists")) == 2


def test_readers_keep_their_snapshot_while_a_load_publishes_another(folder: Workspace) -> None:
    land(folder, response(1, [artist("a")], START))
    load(folder)
    with open_snapshot(folder) as reader:
        for seq in range(2, 6):
            land(folder, response(seq, [artist(f"b{seq}")], START + seq * 1000))
            load(folder)
            assert reader.execute("SELECT count(*) FROM artists").fetchall() == [(1,)]
    assert query(folder, "SELECT count(*) FROM artists") == [(5,)]
    assert len(list((folder.warehouse / "snapshots").iterdir())) == 2


def test_without_a_load_there_is_nothing_to_read(folder: Workspace) -> None:
    with pytest.raises(UsageError, match="no warehouse yet"):
        open_snapshot(folder)


def test_purge_removes_what_may_not_be_kept_everywhere(folder: Workspace) -> None:
    old = response(1, [artist("old", popularity=3)], START)
    land(folder, old, response(2, [artist("new")], START + 20 * DAY))
    load(folder)
    when = datetime.fromtimestamp(START / 1e6, UTC) + timedelta(days=31)
    purged = purge(folder, when)
    assert purged.rows["artist"] == 1
    assert purged.answers == 1
    assert query(folder, "SELECT id FROM artists") == [("new",)]
    assert query(folder, "SELECT count(*) FROM observations WHERE id = 'old'") == [(0,)]
    load(folder, again=True)
    assert query(folder, "SELECT id FROM artists") == [("new",)]
    assert len(list((folder.warehouse / "snapshots").iterdir())) == 1


def test_sources_without_a_limit_are_kept(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("deezer", artists=20)
    collect(folder, "deezer", url, "artists=all")
    load(folder)
    assert purge(folder, datetime.now(UTC) + timedelta(days=4000)).rows == {}
    assert segment_paths(folder.landing)


def test_runs_are_loaded_with_how_they_ended(folder: Workspace, stand_in) -> None:
    url, _ = stand_in("deezer", artists=20)
    result = collect(folder, "deezer", url, "artists=all")
    load(folder)
    load(folder)
    ((source, run, crawl_result),) = query(folder, "SELECT source, id, result FROM runs")
    assert (source, run) == ("deezer", result.run)
    assert json.loads(crawl_result)["calls"] == result.calls


def test_the_same_landing_gives_the_same_rows_as_the_world(folder: Workspace, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy", artists=50)
    collect(
        folder,
        "spotify",
        url,
        "artists=all",
        "albums=all",
        "tracks=all",
        "features=all",
        "playlists=all",
    )
    load(folder)
    world, objects = served.world, served.service.objects
    truth = {
        (objects.id_of("artist", a), world.artist(a).name, world.artist(a).popularity)
        for a in range(50)
    }
    assert set(query(folder, "SELECT id, name, popularity FROM artists")) == truth
    tracks = {
        (objects.id_of("track", t), world.track(t).isrc, world.track(t).duration_ms)
        for t in range(world.counts["tracks"])
    }
    assert set(query(folder, "SELECT id, isrc, duration_ms FROM tracks")) == tracks
    assert query(folder, "SELECT count(*) FROM tracks WHERE completeness <> 'full'") == [(0,)]


def test_every_column_of_every_table_can_be_read(folder: Workspace) -> None:
    land(folder, response(1, [artist("a")], START))
    load(folder)
    with open_snapshot(folder) as connection:
        for cls in RECORDS:
            names = ", ".join(identifier(name) for name in cls.__struct_fields__)
            connection.execute(
                f"SELECT {names}, completeness, expires_at FROM {cls.plural}"
            ).fetchall()


def test_the_warehouse_file_is_plain_duckdb(folder: Workspace, tmp_path: Path) -> None:
    land(folder, response(1, [artist("a")], START))
    load(folder)
    with duckdb.connect(str(published(folder)), read_only=True) as connection:
        assert connection.execute("SELECT id FROM artists").fetchall() == [("a",)]
