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
from phonofilm.landing.journal import Journal
from phonofilm.landing.segments import seal_log, segment_paths
from phonofilm.records import RECORDS
from phonofilm.sources.contract import Request, Response
from phonofilm.sql import identifier
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.schema.field_times import field_time
from phonofilm.warehouse.schema.tables import field_names
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace
from tests.conftest import collect

START = 1_780_000_000_000_000
DAY = 86_400_000_000


def artist(id_: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "name": "Noor", "external_urls": {}, **fields}


def answer(seq: int, rows: list[Any], at: int, access: str = "extended-legacy") -> Envelope:
    body = json.dumps({"artists": rows}).encode()
    stamp = RunInfo("spotify", access, "terms", "run")
    request = Request("artists", tuple(r["id"] for r in rows if r))
    return wrap(stamp, seq, request, Response(200, {}, body, "http://x"), at)


def land(folder: Workspace, *envelopes: Envelope) -> None:
    """Each call makes segments of its own."""
    folder.open()
    log = Journal(folder.logs / "test.ndjson")
    for envelope in envelopes:
        log.add(envelope)
    log.write()
    log.close()
    seal_log(log.path, folder.landing)
    log.path.unlink()


def rows(folder: Workspace, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


def dump(folder: Workspace) -> dict[str, list[tuple]]:
    """All that the warehouse holds, with the instant of each field however it is kept."""
    held = {}
    for cls in RECORDS:
        names = field_names(cls)
        instants = ", ".join(field_time("t", names, name) for name in names)
        held[cls.kind] = rows(
            folder,
            f"SELECT * EXCLUDE (_told, _held, _at), [{instants}] FROM store.{cls.kind} t"
            " ORDER BY ALL",
        )
    for table in ("observation", "quarantine"):
        held[table] = rows(folder, f"SELECT * FROM store.{table} ORDER BY ALL")
    return held


def test_absent_never_overwrites_and_null_does(folder: Workspace) -> None:
    land(folder, answer(1, [artist("a", popularity=50, genres=["x"])], START))
    land(folder, answer(2, [artist("a", popularity=None)], START + 5_000_000))
    load(folder)
    assert rows(folder, "SELECT popularity, genres FROM artists") == [(None, ["x"])]


def test_the_newest_answer_wins_whatever_is_loaded_first(folder: Workspace) -> None:
    land(folder, answer(2, [artist("a", popularity=60)], START + 5_000_000))
    load(folder)
    land(folder, answer(1, [artist("a", popularity=50, genres=["x"])], START))
    result = load(folder)
    assert rows(folder, "SELECT popularity, genres FROM artists") == [(60, ["x"])]
    assert result.updated["artists"] == 1


def test_first_and_last_seen_are_the_least_and_greatest(folder: Workspace) -> None:
    for seq, at in ((1, START + DAY), (2, START), (3, START + 2 * DAY)):
        land(folder, answer(seq, [artist("a")], at))
        load(folder)
    first, last = rows(folder, "SELECT first_seen, last_seen FROM artists")[0]
    assert last - first == timedelta(days=2)


def test_a_crawl_with_less_permission_afterwards_nulls_nothing(folder: Workspace) -> None:
    land(
        folder, answer(1, [artist("a", popularity=50, genres=["x"], followers={"total": 9})], START)
    )
    land(folder, answer(2, [artist("a")], START + DAY, "development"))
    load(folder)
    found = rows(folder, "SELECT popularity, genres, followers, completeness FROM artists")
    assert found == [(50, ["x"], 9, "full")]


def test_loading_twice_changes_nothing_with_and_without_the_ledger(folder: Workspace) -> None:
    land(folder, answer(1, [artist("a", popularity=1), artist("b")], START))
    assert load(folder).inserted["artists"] == 2
    before, snapshot = dump(folder), published(folder)
    assert load(folder).inserted == {}
    again = load(folder, again=True)
    assert again.inserted["artists"] == again.updated["artists"] == 0
    assert again.unchanged["artists"] == 2
    assert dump(folder) == before
    assert published(folder) == snapshot


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "popularity": st.none() | st.integers(0, 100),
        "genres": st.none() | st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "followers": st.none() | st.fixed_dictionaries({"total": st.integers(0, 9)}),
    },
)
ANSWERS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from("abc"), FIELDS), min_size=1, max_size=3),
        st.integers(0, 4),
    ),
    min_size=2,
    max_size=4,
)


@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(told=ANSWERS, data=st.data())
def test_any_order_and_any_grouping_of_loads_give_one_result(
    tmp_path_factory: pytest.TempPathFactory, told: list, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("orders")
    envelopes = [
        answer(
            seq,
            [artist(i, **fields) for i, fields in held],
            START + half_days * DAY // 2 + seq * 1000,
        )
        for seq, (held, half_days) in enumerate(told, 1)
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
    assert dump(once) == dump(other)
    shutil.rmtree(root)


def test_a_thing_listed_twice_in_one_answer_is_one_and_the_later_stands(folder: Workspace) -> None:
    land(
        folder,
        answer(1, [artist("a", genres=["x"], popularity=3), artist("a", genres=None)], START),
    )
    load(folder)
    assert rows(folder, "SELECT genres, popularity FROM artists") == [(None, 3)]


def test_figures_that_move_are_observed_once_a_day(folder: Workspace) -> None:
    for seq, (at, popularity) in enumerate([(0, 50), (1000, 51), (DAY, 60)], 1):
        land(folder, answer(seq, [artist("a", popularity=popularity)], START + at))
    load(folder)
    found = rows(folder, "SELECT value FROM observations WHERE metric = 'popularity' ORDER BY day")
    assert found == [(51,), (60,)]


def test_a_body_that_does_not_parse_is_quarantined_once_with_its_reason(folder: Workspace) -> None:
    stamp = RunInfo("spotify", "extended", "terms", "run")
    bad = wrap(
        stamp, 1, Request("artists", ("a",)), Response(200, {}, b"<html>", "http://x"), START
    )
    land(folder, bad, answer(2, [artist("b")], START))
    assert load(folder).quarantined == 1
    load(folder, again=True)
    found = rows(folder, "SELECT endpoint, reason, excerpt FROM quarantine")
    assert len(found) == 1
    assert found[0][0] == "artists"
    assert "JSON" in found[0][1]
    assert rows(folder, "SELECT id FROM artists") == [("b",)]


def test_one_bad_item_is_quarantined_and_the_others_are_loaded(folder: Workspace) -> None:
    good = answer(1, [artist("a"), artist("b")], START)
    body = json.dumps({"artists": [artist("a"), {"id": 5}]})
    land(folder, Envelope(*[getattr(good, f) for f in good.__struct_fields__[:-1]], body))
    assert load(folder).quarantined == 1
    assert rows(folder, "SELECT id FROM artists") == [("a",)]


def test_a_failed_load_leaves_the_last_snapshot_and_can_be_repeated(
    folder: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(folder, answer(1, [artist("a")], START))
    load(folder)
    land(folder, answer(2, [artist("b")], START + 1000))
    with monkeypatch.context() as patch:
        patch.setattr("phonofilm.warehouse.load.load._save_runs", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load(folder)
    assert rows(folder, "SELECT id FROM artists") == [("a",)]
    assert load(folder).inserted["artists"] == 1
    assert len(rows(folder, "SELECT id FROM artists")) == 2


def test_readers_keep_their_snapshot_while_a_load_publishes_another(folder: Workspace) -> None:
    land(folder, answer(1, [artist("a")], START))
    load(folder)
    with open_snapshot(folder) as reader:
        for seq in range(2, 6):
            land(folder, answer(seq, [artist(f"b{seq}")], START + seq * 1000))
            load(folder)
            assert reader.execute("SELECT count(*) FROM artists").fetchall() == [(1,)]
    assert rows(folder, "SELECT count(*) FROM artists") == [(5,)]
    assert len(list((folder.warehouse / "snapshots").iterdir())) == 2


def test_without_a_load_there_is_nothing_to_read(folder: Workspace) -> None:
    with pytest.raises(UsageError, match="no warehouse yet"):
        open_snapshot(folder)


def test_purge_removes_what_may_not_be_kept_everywhere(folder: Workspace) -> None:
    old = answer(1, [artist("old", popularity=3)], START)
    land(folder, old, answer(2, [artist("new")], START + 20 * DAY))
    load(folder)
    when = datetime.fromtimestamp(START / 1e6, UTC) + timedelta(days=31)
    done = purge(folder, when)
    assert done.rows["artist"] == 1
    assert done.answers == 1
    assert rows(folder, "SELECT id FROM artists") == [("new",)]
    assert rows(folder, "SELECT count(*) FROM observations WHERE id = 'old'") == [(0,)]
    load(folder, again=True)
    assert rows(folder, "SELECT id FROM artists") == [("new",)]
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
    ((source, run, told),) = rows(folder, "SELECT source, id, result FROM runs")
    assert (source, run) == ("deezer", result.run)
    assert json.loads(told)["calls"] == result.calls


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
    assert set(rows(folder, "SELECT id, name, popularity FROM artists")) == truth
    tracks = {
        (objects.id_of("track", t), world.track(t).isrc, world.track(t).duration_ms)
        for t in range(world.counts["tracks"])
    }
    assert set(rows(folder, "SELECT id, isrc, duration_ms FROM tracks")) == tracks
    assert rows(folder, "SELECT count(*) FROM tracks WHERE completeness <> 'full'") == [(0,)]


def test_every_column_of_every_table_can_be_read(folder: Workspace) -> None:
    land(folder, answer(1, [artist("a")], START))
    load(folder)
    with open_snapshot(folder) as connection:
        for cls in RECORDS:
            names = ", ".join(identifier(name) for name in cls.__struct_fields__)
            connection.execute(
                f"SELECT {names}, completeness, expires_at FROM {cls.plural}"
            ).fetchall()


def test_the_warehouse_file_is_plain_duckdb(folder: Workspace, tmp_path: Path) -> None:
    land(folder, answer(1, [artist("a")], START))
    load(folder)
    with duckdb.connect(str(published(folder)), read_only=True) as connection:
        assert connection.execute("SELECT id FROM artists").fetchall() == [("a",)]
