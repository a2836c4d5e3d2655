"""Names are hashed with the key of a user; another machine needs the same key to find a person."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from phonofilm.config import hash_key
from phonofilm.erasure.person import erase_person
from phonofilm.errors import UsageError
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


def test_with_another_key_a_person_is_unknown_and_that_is_said(
    tmp_path, folder: Workspace, on: Machine, listener
) -> None:
    url, handle = listener
    on("first")
    crawl(folder, url)
    first_key, before = hash_key(), set(rows(folder, WRITERS))
    on("second")
    assert hash_key() != first_key
    with pytest.raises(UsageError, match="No person called"):
        erase_person(folder, handle)
    assert set(rows(folder, WRITERS)) == before


@pytest.mark.xfail(
    strict=True, reason="notimpl: a folder does not remember with which key its names were hashed"
)
def test_a_person_is_erased_from_a_folder_of_two_keys(
    folder: Workspace, on: Machine, listener
) -> None:
    url, handle = listener
    on("first")
    crawl(folder, url)
    person = pseudonym(hash_key(), handle).encode()
    assert person in everything(folder)
    on("second")
    crawl(folder, url, fresh=True)
    erase_person(folder, handle)
    assert person not in everything(folder)
