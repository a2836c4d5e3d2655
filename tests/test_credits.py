"""Artists of a named album, track or playlist: they come when they are wanted, whatever was named."""

from __future__ import annotations

import pytest

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.errors import UsageError
from phonofilm.records.kinds import PLURALS
from phonofilm.workspace import Workspace
from tests.conftest import collect

SOURCES = [
    ("spotify", "extended-legacy"),
    ("spotify", "development"),
    ("deezer", ""),
    ("soundcloud", ""),
    ("musicbrainz", ""),
    ("beatport", ""),
    ("jamendo", ""),
]


def some_id(folder: Workspace, source: str, kind: str) -> str | None:
    """Return the id of a full record of a kind, or None."""
    frontier = open_frontier(folder.frontier / f"{source}.sqlite")
    nodes = [node for node in frontier.index.by_kind[kind] if frontier.is_full(node)]
    ids = sorted(frontier.id_of(node) for node in set(nodes))
    frontier.close()
    return ids[0] if ids else None


@pytest.mark.parametrize(("source", "access"), SOURCES)
def test_the_artists_of_what_is_named_come_when_they_are_wanted(
    folder: Workspace, tmp_path, stand_in, source: str, access: str
) -> None:
    url, _ = stand_in(source, access=access, artists=20, rate="none")
    collect(folder, source, url, "albums=all", "tracks=all", max_calls=60)
    for kind in ("album", "track", "playlist"):
        id_ = some_id(folder, source, kind)
        try:
            selection = Selection([], "", [], "", [f"{kind}:{id_}"])
            wants, scope = select(source, selection, {"artist": None})
        except UsageError:
            continue
        words = [f"{PLURALS[want]}=all" for want in wants]
        result = collect(Workspace(tmp_path / kind), source, url, *words, scope=scope)
        assert (result.status, result.not_found) == ("done", []), kind
        assert result.records["artists"]["full"] > 0, kind
        assert set(map(tuple, result.coverage.values())) == {(1.0, 1.0, 1.0)}, kind
        assert result.calls < 60, kind  # the artists and no more


@pytest.mark.parametrize(
    ("source", "named", "want"),
    [
        ("deezer", "artist", "track"),
        ("deezer", "album", "track"),
        ("deezer", "playlist", "track"),
        ("soundcloud", "track", "comment"),
        ("soundcloud", "artist", "web_profile"),
    ],
)
def test_wants_that_lie_below_what_is_named_stay_as_they_are(source, named, want) -> None:
    selection = Selection([], "", [], "", [f"{named}:7"])
    assert select(source, selection, {want: None})[0] == {want: None}


def test_what_is_named_is_wanted_with_what_lies_above_it() -> None:
    selection = Selection([], "", [], "", ["track:7"])
    assert select("deezer", selection, {"artist": 5})[0] == {"artist": 5, "track": None}
    assert select("soundcloud", selection, {"album": 5})[0] == {"album": 5}  # it has no albums
