"""Forgetting holds in a world made by hand: cuts, namesakes, odd shapes, files not loaded yet."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import time
from pathlib import Path

import msgspec
import pytest

from phonofilm.config import hash_key
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.saved import land
from phonofilm.erasure import person as forgetting
from phonofilm.erasure.person import erase_person
from phonofilm.errors import StoreError
from phonofilm.files import PARTIAL_SUFFIX
from phonofilm.landing.envelope import RunInfo, wrap
from phonofilm.landing.journal import Journal
from phonofilm.landing.segments import read_segments, seal_log
from phonofilm.privacy.erased import TOMBSTONE
from phonofilm.privacy.pseudonyms import pseudonymise
from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response
from phonofilm.warehouse.engines.location import open_warehouse
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import FolderLock, Workspace
from tests.conftest import move_user_folders
from tests.test_privacy import everything, rows


def user(id_: int, name: str, handle: str) -> dict:
    return {
        "kind": "user",
        "id": id_,
        "urn": f"soundcloud:users:{id_}",
        "username": name,
        "permalink": handle,
        "permalink_url": f"https://soundcloud.com/{handle}",
    }


def track(id_: int, by: dict) -> dict:
    return {"kind": "track", "id": id_, "title": f"t{id_}", "user": by, "duration": 1000}


def comment(id_: int, on: int, by: dict, body: str = "x") -> dict:
    return {
        "kind": "comment",
        "id": id_,
        "track_id": on,
        "user_id": by["id"],
        "user": by,
        "body": body,
    }


ADA, BOB = user(770012345, "Ada", "ada-l"), user(1999, "Bob", "bob-b")
CREW, EVE = user(555, "The crew", "1999"), user(4004, "Eve", "eve")
WORLD = [
    ("artists", ["770012345", "1999", "555"], {"collection": [ADA, BOB, CREW]}),
    ("artist_tracks", ["770012345"], {"collection": [track(10, ADA)]}),
    ("artist_tracks", ["1999"], {"collection": [track(20, BOB)]}),
    ("artist_tracks", ["555"], {"collection": [track(30, CREW)]}),
    ("comments", ["10"], {"collection": [comment(1, 10, EVE), comment(2, 10, BOB)]}),
    ("comments", ["20"], {"collection": [comment(3, 20, ADA), comment(4, 20, EVE, "@ada-l yo")]}),
]


def put(folder, *responses: tuple[str, list[str], object]) -> None:
    """Lands answers as a crawl does."""
    manifest = get("soundcloud").manifest
    folder.open()
    path = folder.logs / f"soundcloud-{time.monotonic_ns()}.ndjson"
    log = Journal(path)
    for number, (endpoint, ids, tree) in enumerate(responses, 1):
        body, personal = json.dumps(tree).encode(), manifest.endpoints[endpoint].personal
        if personal:
            body = pseudonymise(body, personal, hash_key())
        log.add(
            wrap(
                RunInfo("soundcloud", "official", "t", "run1"),
                number,
                Request(endpoint, tuple(ids)),
                Response(200, {}, body, "https://api.soundcloud.com/x"),
                int(time.time() * 1e6),
            )
        )
    log.write()
    log.close()
    seal_log(path, folder.landing)
    path.unlink()
    open_frontier(folder.frontier / "soundcloud.sqlite").close()


@pytest.fixture
def world(made_once, tmp_path: Path) -> Workspace:
    """A copy of a loaded folder and of the key of its hashes."""

    def make(home: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            move_user_folders(patch, home)
            put(Workspace(home / "data"), *WORLD)
            load(Workspace(home / "data"))

    shutil.copytree(made_once("people", make), tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path / "data")


def landed(folder) -> list[tuple[str, list[str]]]:
    return sorted((e.endpoint, e.ids) for e in read_segments(folder.segments().paths("soundcloud")))


def test_links_and_entities_of_a_forgotten_person_go_with_their_records(world) -> None:
    with FolderLock(world, "a match"):
        warehouse = open_warehouse(world, None)
        with warehouse.transaction():
            warehouse.execute(
                "INSERT INTO identity.members VALUES"
                " ('artist', 'soundcloud', '770012345', 'soundcloud:770012345'),"
                " ('artist', 'soundcloud', '555', 'soundcloud:770012345'),"
                " ('recording', 'soundcloud', '20', 'soundcloud:20')"
            )
            warehouse.execute(
                "INSERT INTO identity.links VALUES ('artist', 'soundcloud', '770012345', 'soundcloud',"
                " '555', 0.95, 'likeness', 'name: the same', 'same', 'rules')"
            )
        warehouse.checkpoint()
        warehouse.close()
    erase_person(world, "770012345")
    with open_snapshot(world) as connection:
        members = connection.execute("SELECT id, entity FROM identity.members").fetchall()
        assert connection.execute("SELECT count(*) FROM identity.links").fetchone() == (0,)
    assert members == [("20", "soundcloud:20")]


STEPS = [
    "erase_rows",
    "erase_from_responses",
    "erase_files",
    "erase_from_frontiers",
    "erase_from_identity",
    "publish",
]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", ["before", "behind"])
def test_a_cut_anywhere_is_mended_by_the_next_command(
    world, monkeypatch, step: str, after: str
) -> None:
    real = getattr(forgetting, step)

    def cut(*arguments, **named):
        if after == "behind":
            real(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(forgetting, step, cut)
    with pytest.raises(KeyboardInterrupt):
        erase_person(world, "Ada")
    note = world.root / "forgetting.json"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    monkeypatch.setattr(forgetting, step, real)
    erase_person(world, "Ada")
    assert not note.exists()
    remaining = everything(world).replace((world.root / "forgotten.jsonl").read_bytes(), b"")
    assert b"770012345" not in remaining and b"ada-l" not in remaining and b'"Ada"' not in remaining
    assert rows(world, "SELECT id FROM tracks ORDER BY 1") == [("20",), ("30",)]
    assert rows(world, "SELECT id, body FROM comments") == [("4", rows_body(world))]
    assert not any(load(world, again=True).inserted.values())


def rows_body(folder) -> str:
    [(body,)] = rows(folder, "SELECT body FROM comments WHERE id = '4'")
    assert body == f"@{TOMBSTONE} yo"
    return body


def test_a_database_that_does_not_answer_leaves_work_for_later(world) -> None:
    databases = world.warehouse / "databases"
    databases.write_text("postgresql:///?host=127.0.0.1&port=1&dbname=x\n")
    for _ in range(2):
        with pytest.raises(StoreError, match="Connection refused") as caught:
            erase_person(world, "770012345")
        assert "the rest is noted" in caught.value.saved
    databases.unlink()
    erase_person(world, "770012345")
    assert not (world.root / "forgetting.json").exists()
    assert rows(world, "SELECT id FROM artists ORDER BY 1") == [("1999",), ("555",)]


def test_other_peoples_comments_stay_exact_in_postgresql(world, database: str) -> None:
    there = Workspace(world.root, database)
    put(there, ("comments", ["20"], {"collection": [comment(5, 20, EVE, "100% @ada-l, 5 %% %s")]}))
    load(there)
    erase_person(there, "Ada")
    with open_snapshot(there) as connection:
        bodies = connection.execute("SELECT id, body FROM comments ORDER BY id").fetchall()
    assert bodies == [("4", f"@{TOMBSTONE} yo"), ("5", f"100% @{TOMBSTONE}, 5 %% %s")]


@pytest.mark.parametrize("who", ["https://soundcloud.com/1999", "555"])
def test_the_number_in_a_handle_is_nobodys_id(world, who: str) -> None:
    erase_person(world, who)
    assert rows(world, "SELECT id FROM artists ORDER BY 1") == [("1999",), ("770012345",)]
    load(world, again=True)
    put(world, ("artist_tracks", ["1999"], {"collection": [track(21, BOB)]}))
    assert ("artist_tracks", ["1999"]) in landed(world)
    load(world)
    assert rows(world, "SELECT id FROM tracks ORDER BY 1") == [("10",), ("20",), ("21",)]


def test_what_is_called_like_a_person_stays(folder) -> None:
    techno = user(900, "Techno", "techno-guy")
    put(
        folder,
        ("artists", ["900"], {"collection": [techno]}),
        (
            "genre_artists",
            ["Techno"],
            {"collection": [track(n, by) for n, by in ((41, BOB), (42, EVE), (43, techno))]},
        ),
        ("search_artist", ["Techno"], {"collection": [BOB, techno]}),
    )
    frontier = open_frontier(folder.frontier / "soundcloud.sqlite")
    for kind, id_ in (
        ("genre", "Techno"),
        ("artist_query", "Techno"),
        ("artist", "900"),
        ("comment", "900"),
    ):
        frontier.add_nodes(kind, [(id_, 2, True)])
    frontier.commit()
    frontier.close()
    load(folder)
    erase_person(folder, "900")
    assert rows(folder, "SELECT id FROM tracks ORDER BY 1") == [("41",), ("42",)]
    assert (
        landed(folder)
        == [("artists", ["900"]), ("genre_artists", ["Techno"]), ("search_artist", [TOMBSTONE])][1:]
    )
    with sqlite3.connect(folder.frontier / "soundcloud.sqlite") as db:
        ids = [row[0] for row in db.execute("SELECT id FROM node ORDER BY seq")]
    db.close()
    assert ids == ["Techno", f"{TOMBSTONE}-2", f"{TOMBSTONE}-3", "900"]


def test_what_runs_told_stays_readable_whatever_people_are_called(folder) -> None:
    digit, zoe = user(901, "1", "one-guy"), user(902, "Zo\u00eb", "zoe-z")
    put(folder, ("artists", ["901", "902"], {"collection": [digit, zoe]}))
    frontier = open_frontier(folder.frontier / "soundcloud.sqlite")
    run = {"status": "done", "calls": 121, "findings": [{"example": "nobody called Zo\u00eb"}]}
    frontier.history.save_run("20260101T000000-abc", 1.0, json.dumps(run))
    frontier.close()
    load(folder)
    for id_ in ("902", "901"):
        erase_person(folder, id_)
    expected = run | {"findings": [{"example": TOMBSTONE}]}
    [(result,)] = rows(folder, "SELECT result FROM runs")
    assert json.loads(result) == expected
    with sqlite3.connect(folder.frontier / "soundcloud.sqlite") as db:
        assert json.loads(db.execute("SELECT result FROM run").fetchone()[0]) == expected
    db.close()


def test_a_name_that_begins_another_is_not_that_other(folder) -> None:
    body = "hey @edx-men @edx"
    put(
        folder,
        ("artists", ["950"], {"collection": [user(950, "Ed", "edx")]}),
        ("comments", ["20"], {"collection": [comment(5, 20, EVE, body)]}),
    )
    load(folder)
    before = rows(folder, "SELECT body FROM comments WHERE id = '5'")[0][0].split()
    erase_person(folder, "950")
    after = rows(folder, "SELECT body FROM comments WHERE id = '5'")[0][0].split()
    assert after == [*before[:2], f"@{TOMBSTONE}"]


def test_files_that_were_never_loaded_and_saved_comments_go_too(world) -> None:
    path = world.root / "media" / "ab" / ("ab" * 32 + ".png")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"picture")
    file = {
        "url": "https://i1.sndcdn.com/a.png",
        "path": path.relative_to(world.root).as_posix(),
        "sha256": "ab" * 32,
        "bytes": 7,
        "content_type": "image/png",
        "of": [{"kind": "track", "id": "10", "role": "artwork", "licence": "", "page_url": ""}],
    }
    put(
        world,
        ("media", [file["url"]], file),
        ("saved", ["a"], {"collection": [comment(60, 10, EVE), comment(61, 20, EVE)]}),
    )
    assert erase_person(world, "Ada").files == 1
    assert not path.exists()
    load(world)
    assert ("60",) not in rows(world, "SELECT id FROM comments")
    assert ("61",) in rows(world, "SELECT id FROM comments")


def test_what_a_killed_rewrite_left_goes_too(world) -> None:
    path = next(world.landing.glob("source=soundcloud/endpoint=artists/*/*.parquet"))
    for name in (path.name + PARTIAL_SUFFIX, path.stem + ".growing"):  # of an older version, too
        shutil.copyfile(path, path.with_name(name))
    erase_person(world, "Ada")
    assert {p.suffix for p in world.landing.rglob("*") if p.is_file()} == {".parquet"}


def test_saved_answers_bring_nobody_back(world, tmp_path: Path) -> None:
    erase_person(world, "Ada")
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "a.json").write_text(json.dumps({"collection": [track(10, ADA), track(22, BOB)]}))
    assert land(world, "soundcloud", [saved]).landed == 1
    load(world)
    assert rows(world, "SELECT id FROM tracks ORDER BY 1") == [("20",), ("22",), ("30",)]
    assert b"ada-l" not in everything(world)


SECRET = user(770091234, "Xqzwv Name", "xqzwv-name")
SHAPES = [
    [comment(1, 1, SECRET)],
    {"collection": [[comment(1, 1, SECRET)]]},
    {"collection": [{"comment": comment(1, 1, SECRET, "@xqzwv-name")}, comment(2, 1, SECRET)]},
    {"comments": [comment(1, 1, SECRET)]},
    {"collection": {"0": comment(1, 1, SECRET)}},
    {"collection": [comment(1, 1, SECRET) | {"user": None, "user_urn": SECRET["urn"]}]},
]


@pytest.mark.parametrize("tree", SHAPES)
def test_no_shape_of_a_list_of_comments_brings_a_name_in(
    folder, stand_in, monkeypatch, tree
) -> None:
    from phonofilm.crawl import engine
    from tests.conftest import collect

    url, _ = stand_in("soundcloud", artists=3)
    real, odd = engine.send, []

    async def send(*arguments, **named):
        response = await real(*arguments, **named)
        if arguments[2].endpoint == "comments" and not odd and isinstance(response, Response):
            odd.append(1)
            return response._replace(body=json.dumps(tree).encode())
        return response

    monkeypatch.setattr(engine, "send", send)
    collect(folder, "soundcloud", url, "comments=all")
    load(folder)
    assert odd
    written = everything(folder).lower()
    assert b"xqzwv" not in written and b"770091234" not in written


@pytest.mark.parametrize(
    "tree",
    [
        [{"hydratable": "comment", "data": comment(1, 1, SECRET)}],
        {"kind": "playlist", "id": 1, "user": SECRET},
        {"collection": [{"playlist": {"kind": "playlist", "id": 1, "user": SECRET}}]},
    ],
)
def test_saved_answers_are_masked_at_any_depth(tree) -> None:
    personal = get("soundcloud").manifest.endpoints["saved"].personal
    written = pseudonymise(msgspec.json.encode(tree), personal, b"k").lower()
    assert b"xqzwv" not in written and b"770091234" not in written


@pytest.mark.parametrize("value", ["1e999", '"nan"', '"inf"', "9" * 5000, '"' + "9" * 5000 + '"'])
@pytest.mark.parametrize("endpoint", ["artist_tracks", "comments", "playlist_tracks"])
def test_a_value_that_cannot_be_costs_its_item_and_no_more(value: str, endpoint: str) -> None:
    field = "timestamp" if endpoint == "comments" else "duration"
    body = f'{{"collection":[{{"id":1,"{field}":{value}}},{{"id":2}}]}}'.encode()
    source = get("soundcloud")
    try:
        page = source.parse(Request(endpoint, ("7",)), Response(200, {}, body, "https://x/"))
    except ValueError as error:
        assert "not JSON" in str(error)
    else:
        assert "2" in {record.id for record in page.records} | {
            getattr(record, "track_id", None) for record in page.records
        }


def test_a_track_of_a_set_that_cannot_be_read_keeps_its_place() -> None:
    body = {
        "id": 1,
        "kind": "playlist",
        "tracks": [{"id": 5}, {"id": {}, "title": 7}, None, {"id": 8}],
    }
    page = get("soundcloud").parse(
        Request("playlist", ("1",)), Response(200, {}, json.dumps(body).encode(), "https://x/")
    )
    placed = {r.position: r.track_id for r in page.records if r.kind == "playlist_entry"}
    assert placed == {0: "5", 1: None, 2: None, 3: "8"}
