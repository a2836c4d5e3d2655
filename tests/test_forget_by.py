"""A person of every source is found by id, by name and by the address of the profile."""

from __future__ import annotations

import shutil
from typing import Any, NamedTuple

import pytest

from phonofilm import api
from phonofilm.sources import manifests
from tests.cli import run_cli
from tests.test_named import serving

ID = "4Z8W4fKeB5YxbusRsdQVPb"


class Owner(NamedTuple):
    """A playlist of a person, and what names the person."""

    access: str
    link: str
    body: dict[str, Any]
    id: str
    names: tuple[str, ...]


OWNERS = {
    "deezer": Owner(
        "open",
        "https://www.deezer.com/playlist/1",
        {
            "id": 1,
            "title": "Old",
            "nb_tracks": 0,
            "tracks": {"data": []},
            "creator": {"id": 7001, "name": "frozen6265"},
        },
        "7001",
        (
            "7001",
            "frozen6265",
            "https://www.deezer.com/profile/7001",
            "deezer.com/de/profile/7001/playlists",
        ),
    ),
    "spotify": Owner(
        "extended",
        f"https://open.spotify.com/playlist/{ID}",
        {
            "id": ID,
            "name": "Old",
            "owner": {"id": "frozen.6265", "display_name": "Frozen One"},
            "tracks": {"items": [], "total": 0, "offset": 0, "limit": 100, "next": None},
        },
        "frozen.6265",
        (
            "frozen.6265",
            "Frozen One",
            "https://open.spotify.com/user/frozen.6265?si=1",
            "spotify:user:frozen.6265",
            f"https://open.spotify.com/user/frozen%2E6265/playlist/{ID}",
        ),
    ),
}


@pytest.mark.parametrize("name", OWNERS)
def test_a_person_is_found_by_id_name_and_address(name: str, tmp_path) -> None:
    owner = OWNERS[name]
    full = tmp_path / "full"
    with serving(name, owner.access, lambda path, query: owner.body) as (url, _):
        assert (
            run_cli(
                "crawl", name, owner.link, "-W", "playlists", "--at", url, "--data", full
            ).exit_code
            == 0
        )
    assert run_cli("load", "--data", full).exit_code == 0
    for text in owner.names:
        folder = shutil.copytree(full, tmp_path / "copy")
        (folder / "not-found-deezer.txt").write_text("Frozen One\n")
        result = run_cli("forget", text, "--source", name, "--yes", "--data", folder)
        assert result.exit_code == 0, (text, result.stderr)
        assert rows_of_playlists(folder) == 0
        assert not list(folder.glob("not-found-*"))
        shutil.rmtree(folder)
    wrong = run_cli(
        "forget", f"{owner.names[2].partition('?')[0]}9", "--source", name, "--yes", "--data", full
    )
    assert wrong.exit_code == 2


def rows_of_playlists(folder) -> int:
    return len(api.open(folder).sql("FROM playlists"))


def test_every_source_that_names_people_has_addresses_of_their_profiles() -> None:
    named = {manifest.name for manifest in manifests() if manifest.people.owners}
    assert {manifest.name for manifest in manifests() if manifest.people.profile} == named
    assert named == {*OWNERS, "soundcloud"}  # tests/test_forgetting.py is SoundCloud's
