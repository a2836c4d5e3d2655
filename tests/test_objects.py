"""The landing in an object store: one interface, nothing overwritten, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from phonofilm.config import Settings
from phonofilm.errors import OriginError, StoreError, UsageError
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.landing import object_store as objects_module
from phonofilm.landing.object_store import ObjectStore, open_objects
from phonofilm.net.retry_policy import RetryPolicy
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.servers import Seaweed
from tests.servers import seaweed as a_seaweed

Opened = Callable[[], ObjectStore]


@pytest.fixture(params=["file", "memory", "s3"])
def opened(request, tmp_path: Path, monkeypatch) -> Opened:
    """The same objects, opened anew with each call."""
    if request.param == "s3":
        server: Seaweed = request.getfixturevalue("seaweed")
        for name, value in server.store.environment.items():
            monkeypatch.setenv(name, value)
        url = f"s3://conformance/{tmp_path.name}"
    else:
        url = f"{request.param}://{tmp_path}/objects"

    def again() -> ObjectStore:
        objects = open_objects(url)
        objects.check(create=True)
        return objects

    return again


class TestEveryStore:
    def test_what_was_put_is_there(self, opened: Opened, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"hello" * 1000)
        assert opened().put("a/b/x.parquet", path)
        assert opened().names() == ["a/b/x.parquet"]
        assert opened().names("a/b") == ["a/b/x.parquet"]
        assert opened().names("a/c") == []
        assert opened().fetch("a/b/x.parquet", tmp_path / "y").read_bytes() == path.read_bytes()

    def test_nothing_is_overwritten(self, opened: Opened, tmp_path: Path) -> None:
        first, second = tmp_path / "1", tmp_path / "2"
        first.write_bytes(b"one")
        second.write_bytes(b"two")
        assert opened().put("x", first)
        assert not opened().put("x", first)  # an upload that was cut after it arrived
        with pytest.raises(StoreError, match="another object"):
            opened().put("x", second)
        assert opened().fetch("x", tmp_path / "y").read_bytes() == b"one"

    def test_two_writers_never_overwrite_each_other(self, opened: Opened, tmp_path) -> None:
        paths = [tmp_path / str(n) for n in range(8)]
        for path in paths:
            path.write_bytes(path.name.encode())
        won: list[str] = []

        def put(path: Path) -> None:
            try:
                if opened().put("only-one", path):
                    won.append(path.name)
            except StoreError:
                pass

        threads = [threading.Thread(target=put, args=[path]) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert opened().fetch("only-one", tmp_path / "y").read_bytes() == won[0].encode()

    def test_replaced_and_deleted(self, opened: Opened, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"old")
        opened().put("x", path)
        path.write_bytes(b"new")
        opened().replace("x", path)
        assert opened().fetch("x", tmp_path / "y").read_bytes() == b"new"
        opened().delete("x")
        assert opened().names() == []

    def test_what_is_not_there_is_said(self, opened: Opened, tmp_path: Path) -> None:
        with pytest.raises(StoreError):
            opened().fetch("nothing", tmp_path / "y")
        assert list(tmp_path.glob("y*")) == []
        (tmp_path / "x").write_bytes(b"x")
        with pytest.raises(StoreError):
            opened().replace("nothing", tmp_path / "x")

    def test_what_was_deleted_already_may_be_deleted_again(self, opened: Opened) -> None:
        opened().delete("nothing")
        assert opened().names() == []

    def test_publishing_replaces_another_object(self, opened: Opened, tmp_path: Path) -> None:
        path = tmp_path / "x"
        for text in (b"one", b"one", b"two"):
            path.write_bytes(text)
            opened().publish("x", path)
        assert opened().fetch("x", tmp_path / "y").read_bytes() == b"two"


class TestALandingInS3:
    @pytest.fixture
    def url(self, seaweed: Seaweed, monkeypatch, tmp_path: Path) -> str:
        for name, value in seaweed.store.environment.items():
            monkeypatch.setenv(name, value)
        return f"s3://landing/{tmp_path.name}"

    def folder(self, tmp_path: Path, url: str, name: str = "data") -> Workspace:
        return Workspace(tmp_path / name, landing_url=url, create=True)

    def test_the_same_rows_as_beside_the_folder(self, url, stand_in, tmp_path: Path) -> None:
        deezer, _ = stand_in("deezer", artists=30)
        there, here = self.folder(tmp_path, url), Workspace(tmp_path / "here")
        for folder in (there, here):
            collect(folder, "deezer", deezer, "artists=12", "albums=8", workers=1)
            load(folder)
        assert not list(there.landing.glob("source=*/**/*.parquet"))
        assert open_objects(url).names("landing/source=deezer")
        sql = "SELECT source, id, name FROM artists ORDER BY ALL"
        with open_snapshot(there) as a, open_snapshot(here) as b:
            assert a.execute(sql).fetchall() == b.execute(sql).fetchall()

    def test_a_second_machine_reads_it(self, url, stand_in, tmp_path: Path) -> None:
        tmdb, _ = stand_in("tmdb", titles=2000)
        first = self.folder(tmp_path, url)
        collect(first, "tmdb", tmdb, "titles")
        write(FilmWorld(120), tmp_path / "dumps")
        run(import_dumps(first, Settings(), ImportOptions("imdb", str(tmp_path / "dumps"))))
        first_load = load(first)
        second = self.folder(tmp_path, url, "elsewhere").open()
        second_load = load(second)
        assert first_load.inserted == second_load.inserted
        assert second_load.inserted["titles"] > 120
        assert not any(load(second).inserted.values())

    def test_crawling_on_in_another_scope_reads_the_store(self, url, stand_in, tmp_path) -> None:
        from phonofilm.crawl.scope.scopes import OfGenre

        deezer, served = stand_in("deezer", artists=40)
        folder = self.folder(tmp_path, url)
        collect(folder, "deezer", deezer, "artists=10")
        collect(folder, "deezer", deezer, "artists", scope=OfGenre("pop"))
        assert load(folder).inserted["artists"] > 0

    def test_the_folder_remembers_and_refuses_another(self, url, tmp_path: Path) -> None:
        self.folder(tmp_path, url).open()
        assert Workspace(tmp_path / "data").open().objects_url == url
        with pytest.raises(OriginError):
            Workspace(tmp_path / "data", landing_url="s3://other/place").open()
        Workspace(tmp_path / "plain").open()
        with pytest.raises(OriginError):
            Workspace(tmp_path / "plain", landing_url=url).open()

    def test_an_address_of_something_else(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError):
            Workspace(tmp_path / "data", landing_url="ftp://x/y").open()

    def test_wrong_keys_are_no_secret(self, url, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wr0ng-s3cret")
        with pytest.raises(StoreError) as caught:
            self.folder(tmp_path, url).open()
        assert caught.value.exit_code == 6
        assert "wr0ng" not in f"{caught.value.happened}{caught.value.saved}"
        assert not (tmp_path / "data" / "phonofilm.json").exists()

    def test_purge_reaches_the_store(self, url, stand_in, tmp_path: Path) -> None:
        from datetime import UTC, datetime, timedelta

        from phonofilm.erasure.retention import purge

        tmdb, _ = stand_in("tmdb", titles=1500)
        folder = self.folder(tmp_path, url)
        collect(folder, "tmdb", tmdb, "titles=3")
        load(folder)
        assert purge(folder, datetime.now(UTC) + timedelta(days=200)).answers > 0
        assert open_objects(url).names("landing/source=tmdb") == []


def test_a_bucket_that_is_not_there(tmp_path: Path, monkeypatch) -> None:
    """moto knows missing buckets; `--create` makes them."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        port = server.get_host_and_port()[1]
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(StoreError, match="no bucket") as caught:
            Workspace(tmp_path / "data", landing_url="s3://nowhere/x").open()
        assert "--create" in caught.value.next_step
        Workspace(tmp_path / "data", landing_url="s3://nowhere/x", create=True).open()
        path = tmp_path / "x"
        path.write_bytes(b"x")
        assert open_objects("s3://nowhere/x").put("a", path)
    finally:
        server.stop()


@pytest.mark.slow
def test_a_store_that_is_killed_twenty_times_loses_nothing(
    stand_in, tmp_path: Path, monkeypatch
) -> None:
    """What is not there yet waits in the folder; the next run brings it."""
    once = RetryPolicy(attempts_max=1, first_pause_seconds=0.0)
    monkeypatch.setattr(objects_module, "PUT_RETRIES", once)
    url, served = stand_in("tmdb", titles=1500)
    with a_seaweed() as server:
        for name, value in server.store.environment.items():
            monkeypatch.setenv(name, value)
        folder = Workspace(tmp_path / "data", landing_url="s3://kill/x", create=True)
        failures = 0
        for attempt in range(20):
            killer = threading.Timer(0.005 * attempt, server.kill)
            killer.start()
            try:
                collect(folder, "tmdb", url, f"titles={(attempt + 1) * 2}")
                folder.segments().ship()
            except StoreError as error:
                failures += 1
                assert error.exit_code == 6
                assert "wait" in error.saved or "nothing is lost" in error.saved
            killer.join()
            server.start()
        collect(folder, "tmdb", url, "titles")
        result = load(folder)
    assert failures > 0
    assert result.inserted["titles"] == served.service.visible()["titles"]
