"""Names are hashed with the key of a user; another machine needs the same key to find a person."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from phonofilm.config import hash_key
from phonofilm.erasure.person import erase_person
from phonofilm.errors import ConfigurationError
from phonofilm.privacy.pseudonyms import pseudonym
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.test_privacy import everything, rows

WRITERS = "SELECT DISTINCT user_id FROM comments"
Machine = Callable[[str], None]


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Go on as the user of another machine: `on("second")`."""

    def move(name: str) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / name / "config"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name / "cache"))

    return move


@pytest.fixture
def listener(stand_in) -> tuple[str, str]:
    """The address of a stand-in, and the handle of somebody who comments in it."""
    url, server = stand_in("soundcloud", artists=3)
    listening = server.service.listening
    uploads = server.service._uploads
    writers = (said.writer for upload in uploads for said in listening.said(upload))
    return url, listening.handle(next(writer for writer in writers if writer is not None))


def crawl(folder: Workspace, url: str, **options: object) -> None:
    collect(folder, "soundcloud", url, "comments=all", **options)
    load(folder)


def copy_key(tmp_path: Path, source: str, target: str) -> None:
    shutil.copytree(tmp_path / source / "config", tmp_path / target / "config")


def test_with_one_key_a_person_is_one_on_both_machines(tmp_path, on: Machine, listener) -> None:
    url, handle = listener
    first, second = Workspace(tmp_path / "a"), Workspace(tmp_path / "b")
    on("first")
    crawl(first, url)
    copy_key(tmp_path, "first", "second")
    on("second")
    crawl(second, url)
    assert set(rows(first, WRITERS)) == set(rows(second, WRITERS))
    before = len(rows(first, WRITERS))
    assert erase_person(first, handle).rows["comment"] > 0  # from the other machine
    assert len(rows(first, WRITERS)) == before - 1


@pytest.mark.parametrize("work", ["crawl", "forget"])
def test_without_the_key_of_a_folder_no_name_is_hashed(
    folder: Workspace, on: Machine, listener, work: str
) -> None:
    url, handle = listener
    on("first")
    crawl(folder, url)
    first_key, before = hash_key(), everything(folder)
    on("second")
    assert hash_key() != first_key
    with pytest.raises(ConfigurationError, match="they were hashed with another key") as caught:
        crawl(folder, url, fresh=True) if work == "crawl" else erase_person(folder, handle)
    assert "Copy names.key" in caught.value.next_step
    assert everything(folder) == before


def test_with_the_key_of_a_folder_beside_ones_own_a_person_is_erased(
    tmp_path: Path, folder: Workspace, on: Machine, listener
) -> None:
    url, handle = listener
    on("first")
    crawl(folder, url)
    person = pseudonym(hash_key(), handle).encode()
    assert person in everything(folder)
    on("second")
    own_key = hash_key()
    key_of = "{}/config/phonofilm/names.key".format
    shutil.copy(tmp_path / key_of("first"), tmp_path / "second/config/phonofilm/first.key")
    crawl(folder, url, fresh=True)
    erase_person(folder, handle)
    left_out = (folder.root / "forgotten.jsonl").read_bytes()  # so that it does not come again
    assert person not in everything(folder).replace(left_out, b"")
    assert hash_key() == own_key
    other = Workspace(tmp_path / "other")
    crawl(other, url)
    assert pseudonym(own_key, handle).encode() in everything(other)


def test_a_folder_never_contains_its_key(folder: Workspace, on: Machine, listener) -> None:
    on("first")
    crawl(folder, listener[0])
    key = hash_key()
    files = b"".join(path.read_bytes() for path in folder.root.rglob("*") if path.is_file())
    assert key not in files
    assert key.hex().encode() not in files
