"""Who commented is nobody's business: names are hashed, and whoever asks is forgotten."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.config import Settings, hash_key
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.erasure.person import erase_person
from phonofilm.errors import UsageError
from phonofilm.landing.segments import read_segments
from phonofilm.privacy.pseudonyms import PREFIX, person_hash, pseudonym, pseudonymise
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import collect, move_user_folders


def everything(folder: Workspace) -> bytes:
    """All bytes of a data folder, and the answers in it unpacked."""
    plain = b"".join(p.read_bytes() for p in folder.root.rglob("*") if p.is_file())
    responses = (f"{e.ids} {e.url} {e.body}" for e in read_segments(folder.segments().paths()))
    return plain + "\n".join(responses).encode()


def rows(folder, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def comments_world(tmp_path_factory):
    """A home with a folder of all comments of a small world, loaded, and its stand-in."""
    home = tmp_path_factory.mktemp("comments")
    with running(Plan("soundcloud", rate="none", artists=6)) as (url, served):
        with pytest.MonkeyPatch.context() as patch:
            move_user_folders(patch, home)
            folder = Workspace(home / "data")
            collect(folder, "soundcloud", url, "comments=all")
            load(folder)
        yield home, served, url


@pytest.fixture
def comments_folder(comments_world, tmp_path):
    """A copy of that folder and of the key of its hashes."""
    home, served, url = comments_world
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path / "data"), served, url


@pytest.mark.heavy
def test_no_name_stands_in_landing_warehouse_export_or_log(folder, stand_in, tmp_path) -> None:
    from phonofilm.logs import listen

    listen(tmp_path / "log.jsonl", debug=True)
    url, served = stand_in("soundcloud", artists=10)
    collect(folder, "soundcloud", url, "comments=all")
    load(folder)
    for format_ in ("csv", "jsonl", "parquet"):
        export(folder, "comments", format_, tmp_path / f"c.{format_}")
    export(folder, "comments", "csv", tmp_path / "seed", shape="seed")
    written = everything(folder) + (tmp_path / "log.jsonl").read_bytes()
    written += b"".join(p.read_bytes() for p in tmp_path.glob("c.*") if p.suffix != ".parquet")
    written += b"".join(p.read_bytes() for p in (tmp_path / "seed").iterdir())
    listening = served.service.listening
    writers = {said.writer for u in served.service._uploads for said in listening.said(u)} - {None}
    assert len(writers) > 100
    leaked = [
        w
        for w in writers
        if listening.handle(w).encode() in written
        or json.dumps(listening.name(w), ensure_ascii=False).strip('"').encode() in written
    ]
    assert leaked == []
    accounts = {served.service.objects.listener_id(w) for w in writers}
    assert not [a for a in accounts if f"users:{a}".encode() in written]


def test_texts_stay_exact_but_for_who_is_called(comments_folder) -> None:
    folder, served, _ = comments_folder
    truth = {row["id"]: row["body"] for row in served.service.rows("comments")}
    bodies = dict(rows(folder, "SELECT id, body FROM comments"))
    assert bodies.keys() == truth.keys()
    for key, body in truth.items():
        if body.startswith("@"):
            assert bodies[key].startswith(f"@{PREFIX}") and bodies[key].endswith(
                body.split(" ", 1)[1]
            )
        else:
            assert bodies[key] == body


def test_names_are_kept_where_the_operator_says_so(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=4)
    collect(folder, "soundcloud", url, "comments=all", settings=Settings(keep_names=True))
    load(folder)
    truth = {
        (r["id"], r["user_id"], r["user_name"], r["body"]) for r in served.service.rows("comments")
    }
    assert set(rows(folder, "SELECT id, user_id, user_name, body FROM comments")) == truth


@pytest.mark.parametrize(
    ("key", "text", "hashed"),
    [
        (b"k", "ada", "person-16ae9ecd91203823"),
        (b"k", "7", "person-9c737d163bcd1315"),
        (b"k", "soundcloud:users:7", "person-9c737d163bcd1315"),
        (b"k", "a:b", "person-e6c34abee6cc6b1e"),
        (b"k", "Zo\u00eb \U0001f3a7", "person-b6e13b9ec3bdf428"),
        (b"k", "\ud800x", "person-bd97b0310564cd2f"),
        (b"k", "", "person-8bb990c40a7d61cb"),
        (b"\x01" * 32, "ada", "person-f6d9e54cf0783007"),
        (b"long" * 40, "ada", "person-76740106ab33d495"),
        (b"", "ada", "person-f511103a4f5f1125"),
    ],
)
def test_hashes_stay_the_same_over_versions(key: bytes, text: str, hashed: str) -> None:
    """Other hashes would let everybody who was erased come back, as a stranger."""
    assert pseudonym(key, text) == hashed
    assert person_hash(key, text) == hashed
    assert person_hash(key, hashed) == hashed


NAME = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)


@given(name=NAME, key=st.binary(min_size=32, max_size=32))
def test_a_urn_and_its_number_are_one_unknown_person(name: str, key: bytes) -> None:
    hashed = pseudonym(key, name)
    assert hashed.startswith(PREFIX) and len(hashed) == len(PREFIX) + 16
    if ":" not in name:
        assert pseudonym(key, f"soundcloud:users:{name}") == hashed


@given(user=st.dictionaries(NAME, NAME, max_size=5), body=NAME)
def test_of_a_person_only_hashes_of_what_is_named_stay(user: dict, body: str) -> None:
    tree = {
        "collection": [
            {"user": user | {"id": 7, "username": "Ada"}, "body": body, "kind": "comment"}
        ]
    }
    paths = ["collection[kind=comment].user{id,username}", "collection[].body@"]
    masked = json.loads(pseudonymise(json.dumps(tree).encode(), paths, b"k"))["collection"][0]
    assert masked["user"] == {"id": pseudonym(b"k", "7"), "username": pseudonym(b"k", "Ada")}
    assert masked["body"] == body or "@" in body


@pytest.mark.parametrize(
    ("text", "hashed"),
    [
        ("@ada nice", "@{} nice"),
        ("hi @ada, @ada!", "hi @{}, @{}!"),
        ("me@ada.org", "me@ada.org"),
        ("@ 2:30", "@ 2:30"),
        ("@a", "@a"),
        ("\u05d0 @ada \r\n", "\u05d0 @{} \r\n"),
    ],
)
def test_a_mention_is_a_name_and_an_address_is_none(text: str, hashed: str) -> None:
    masked = json.loads(pseudonymise(json.dumps({"body": text}).encode(), ["body@"], b"k"))
    assert masked["body"] == hashed.replace("{}", pseudonym(b"k", "ada"))


def busiest(folder) -> str:
    [(listener,)] = rows(
        folder,
        "SELECT user_id FROM comments WHERE user_id IS NOT NULL GROUP BY 1"
        " ORDER BY count(*) DESC, 1 LIMIT 1",
    )
    return listener


@pytest.mark.parametrize("way", ["hash", "id", "urn", "name", "link"])
def test_a_listener_is_forgotten_everywhere_however_named(comments_folder, way: str) -> None:
    folder, served, _ = comments_folder
    listener = busiest(folder)
    listening, objects, key = served.service.listening, served.service.objects, hash_key()
    writers = range(listening.listeners)
    writer = next(w for w in writers if pseudonym(key, str(objects.listener_id(w))) == listener)
    text = {
        "hash": listener,
        "id": str(objects.listener_id(writer)),
        "name": listening.name(writer),
        "urn": f"soundcloud:users:{objects.listener_id(writer)}",
        "link": f"https://soundcloud.com/{listening.handle(writer)}",
    }[way]
    before = dict(rows(folder, "SELECT user_id, count(*) FROM comments GROUP BY 1"))
    removed = erase_person(folder, text)
    assert removed.rows == {"comment": before[listener]}
    after = dict(rows(folder, "SELECT user_id, count(*) FROM comments GROUP BY 1"))
    assert after == {user: n for user, n in before.items() if user != listener}
    remaining = everything(folder).replace((folder.root / "forgotten.jsonl").read_bytes(), b"")
    handle = pseudonym(key, listening.handle(writer))
    assert listener.encode() not in remaining and handle.encode() not in remaining
    assert load(folder, again=True).inserted.get("comments", 0) == 0


def test_whoever_was_forgotten_is_left_out_of_later_answers(comments_folder) -> None:
    folder, _, url = comments_folder
    listener = busiest(folder)
    erase_person(folder, listener)
    comments_left = rows(folder, "SELECT count(*) FROM comments")
    collect(folder, "soundcloud", url, "comments=all", fresh=True)
    load(folder)
    assert rows(folder, "SELECT count(*) FROM comments") == comments_left
    assert rows(folder, f"SELECT count(*) FROM comments WHERE user_id = '{listener}'") == [(0,)]


def test_an_artist_is_forgotten_with_all_that_hangs_on_the_uploads(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=10)
    collect(
        folder, "soundcloud", url, "comments=all", "web_profiles=all", media=["artwork", "profile"]
    )
    load(folder)
    artist = next(a for a in range(10) if a % 9 != 4 and a % 4)
    name = served.service.objects.name(artist)
    uploads = {
        str(served.service.objects.track_id(u)) for u in served.service.listening.uploads_of(artist)
    }
    removed = erase_person(folder, name)
    assert removed.rows["artist"] == 1 and removed.rows["track"] == len(uploads)
    assert removed.files > 0
    assert not uploads & {row[0] for row in rows(folder, "SELECT id FROM tracks")}
    assert not uploads & {row[0] for row in rows(folder, "SELECT track_id FROM comments")}
    assert rows(folder, "SELECT count(*) FROM artists") == [(9,)]
    remaining = everything(folder)  # what others wrote of them stays: it is the others' text
    assert f'"username":"{name}"'.encode() not in remaining
    assert served.service.objects.handle(artist).encode() not in remaining
    paths = {row[0] for row in rows(folder, "SELECT path FROM media")}
    media_paths = {
        p.relative_to(folder.root).as_posix() for p in (folder.root / "media").glob("??/*")
    }
    assert media_paths == paths
    assert not any(load(folder, again=True).inserted.values())


def test_names_that_nobody_or_several_have_are_told(comments_folder) -> None:
    folder, _, _ = comments_folder
    before = rows(folder, "FROM comments ORDER BY id")
    with pytest.raises(UsageError, match="No person called 'Xyzzy'"):
        erase_person(folder, "Xyzzy")
    assert rows(folder, "FROM comments ORDER BY id") == before
    assert not (folder.root / "forgotten.jsonl").exists()


def test_a_frontier_wipes_the_pages_that_held_a_name(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    frontier = open_frontier(path)
    frontier.add_nodes("artist_query", [("Ada Lovelace", 2, True)])
    frontier.add_nodes("artist", [("470815117", 2, True), ("8", 2, True)])
    frontier.commit()
    frontier.settings["scope"] = "named artist_query Ada Lovelace"
    frontier.close()
    again = open_frontier(path)
    again.store.erase_person({"artist": ["470815117"]}, ["Ada Lovelace"], "forgotten")
    again.close()
    stored = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"Lovelace" not in stored and b"470815117" not in stored
    last = open_frontier(path)
    assert last.seq_of("artist", "8") == 3
    last.close()


@pytest.mark.slow
def test_a_person_is_forgotten_in_postgresql_too(folder, stand_in, database) -> None:
    url, _ = stand_in("soundcloud", artists=6)
    elsewhere = Workspace(folder.root, database)
    collect(folder, "soundcloud", url, "comments=all")
    load(elsewhere)
    who = busiest(elsewhere)
    expected = rows(elsewhere, f"SELECT count(*) FROM comments WHERE user_id = '{who}'")[0][0]
    assert erase_person(elsewhere, who).rows == {"comment": expected}
    assert rows(elsewhere, f"SELECT count(*) FROM comments WHERE user_id = '{who}'") == [(0,)]
    assert len(rows(elsewhere, "SELECT * FROM comments_wide LIMIT 5")) == 5
