"""`-n N` with other wants: N artists, and the albums, tracks and comments of these alone."""

from __future__ import annotations

from contextlib import closing

import pytest

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.scope.first_of import kinds_below
from phonofilm.crawl.scope.scopes import Everything, OfGenre, Scope
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.warehouses import query

SOURCES = [
    ("spotify", "extended-legacy", "albums=all"),
    ("spotify", "development", "albums=all"),
    ("deezer", "open", "albums=all"),
    ("soundcloud", "official", "comments=all"),
]


@pytest.mark.parametrize("genre", ["", "house"])
@pytest.mark.parametrize(("source", "access", "want"), SOURCES)
def test_what_belongs_to_n_artists_comes_and_no_more(
    folder: Workspace, stand_in, source: str, access: str, want: str, genre: str
) -> None:
    url, _ = stand_in(source, access=access, artists=60)
    scope: Scope = OfGenre(genre) if genre else Everything()
    result = collect(folder, source, url, "artists=3", want, scope=scope, workers=1)
    assert result.status in ("done", "goal")
    assert result.in_scope["artists"] == {"full": 3, "mentioned": 0}
    load(folder)
    assert len(owners(folder, want)) in range(1, 4)


@pytest.mark.parametrize("source", ["deezer", "spotify"])
def test_a_greater_number_goes_on_and_a_smaller_one_costs_nothing(
    folder: Workspace, stand_in, source: str
) -> None:
    access = {"deezer": "open", "spotify": "extended-legacy"}[source]
    url, _ = stand_in(source, access=access, artists=60)
    counts, calls = [], []
    for number in (2, 6, 2, 6):
        result = collect(folder, source, url, f"artists={number}", "albums=all", workers=1)
        load(folder)
        counts.append(len(owners(folder, "albums=all")))
        calls.append(result.calls)
    assert counts[0] <= 2 < counts[1] <= 8
    assert calls[3] == 0


def owners(folder: Workspace, want: str) -> set[str]:
    """Return the artists of the followed albums, or of the tracks that have comments."""
    kind = {"albums=all": "album", "comments=all": "track"}[want]
    followed = followed_ids(folder, kind)
    sql = {
        "album": "SELECT id, artist_ids[1] FROM albums WHERE completeness = 'full'",
        "track": "SELECT t.id, t.artist_ids[1] FROM comments c JOIN tracks t"
        " ON t.id = c.track_id AND t.source = c.source",
    }[kind]
    return {owner for id_, owner in query(folder, sql) if id_ in followed or kind == "track"}


def followed_ids(folder: Workspace, kind: str) -> set[str]:
    """Return the ids of a kind that the crawl followed."""
    (path,) = folder.frontier.glob("*.sqlite")
    with closing(open_frontier(path)) as frontier:
        nodes = frontier.index.by_kind[kind]
        return {frontier.id_of(node) for node in set(nodes) if frontier.level(node)}


def test_kinds_below_a_kind_are_those_that_its_records_list() -> None:
    assert kinds_below("artist") >= {"album", "track", "features", "comment"}
    assert "artist" not in kinds_below("track")
    assert "playlist" not in kinds_below("artist")
