"""Registry of kinds: every kind of row, and every kind of node that can be requested.

One table instead of lists in many modules. Its order is that of tables, reports and help texts. A
new kind is one line here, and its record class where it has rows.
"""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.records.base import Record
from phonofilm.records.film import Aka, Credit, Episode, Person, Rating, Title, TitleGenre
from phonofilm.records.lists import ListPage
from phonofilm.records.media import Media, Sound
from phonofilm.records.music import (
    Album,
    Artist,
    ArtistGenre,
    ArtistRelation,
    AudioFeatures,
    ChartEntry,
    ExternalId,
    Genre,
    Label,
    Playlist,
    PlaylistEntry,
    Tag,
    Track,
)
from phonofilm.records.people import Comment, WebProfile


class Kind(NamedTuple):
    """One kind of row or node, with its traits.

    `record` is the class of its rows, None for nodes that have none (queries, links, codes).
    `number` identifies a node kind in frontier files. It is stored, so a number never changes and
    a new kind gets the next free one; None for kinds that are no nodes.
    `wanted`: `--want` takes it. `searchable`: `find` looks for it. `offered`: `sources` lists its
    fields, as it does those of wanted kinds. `parents` are the kinds whose nodes list it.
    `implies` are the kinds that a link of this kind wants when no `--want` is given; with `credits`
    the artists credited there are looked up, too. `typed`: its ids are names or addresses that a
    person typed. `authored`: people write its rows, so every person in a list of them is an author.
    """

    name: str
    record: type[Record] | None = None
    number: int | None = None
    wanted: bool = False
    searchable: bool = False
    offered: bool = False
    parents: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    credits: bool = False
    typed: bool = False
    authored: bool = False

    @property
    def plural(self) -> str:
        """Name of its table; empty for kinds without rows."""
        return self.record.plural if self.record else ""


_CATALOGUE = ("artist", "album", "track")
_LIST = ("playlist", "track")

KINDS: tuple[Kind, ...] = (
    Kind("artist", Artist, number=1, wanted=True, searchable=True, implies=_CATALOGUE),
    Kind(
        "album",
        Album,
        number=2,
        wanted=True,
        searchable=True,
        parents=("artist",),
        implies=("album", "track"),
    ),
    Kind(
        "track",
        Track,
        number=3,
        wanted=True,
        searchable=True,
        parents=("artist", "album", "playlist"),
        implies=("track",),
        credits=True,
    ),
    Kind("features", AudioFeatures, number=4, wanted=True, parents=("track",)),
    Kind("playlist", Playlist, number=5, wanted=True, searchable=True, implies=_LIST, credits=True),
    Kind("playlist_entry", PlaylistEntry),
    Kind("genre", Genre, number=6, implies=("chart_entry",)),
    Kind("artist_genre", ArtistGenre),
    Kind("artist_relation", ArtistRelation),
    Kind("tag", Tag),
    Kind("external_id", ExternalId),
    Kind("sound", Sound),
    Kind("comment", Comment, number=20, wanted=True, parents=("track",), authored=True),
    Kind("web_profile", WebProfile, number=21, wanted=True, parents=("artist",)),
    Kind("label", Label, number=25, implies=("track",)),
    Kind("chart_entry", ChartEntry, number=27, wanted=True, parents=("genre",)),
    Kind("media", Media),
    Kind("title", Title, number=14, wanted=True, searchable=True, implies=("title",)),
    Kind("person", Person),
    Kind("credit", Credit),
    Kind("title_genre", TitleGenre),
    Kind("rating", Rating, offered=True),
    Kind("aka", Aka),
    Kind("episode", Episode),
    Kind("list_page", ListPage),
    Kind("root", number=0),
    Kind("category", number=7),
    Kind("artist_query", number=8, typed=True),
    Kind("album_query", number=9, typed=True),
    Kind("track_query", number=10, typed=True),
    Kind("playlist_query", number=11, typed=True),
    Kind("word", number=12),
    Kind("slice", number=13),
    Kind("title_query", number=15, typed=True),
    Kind("imdb_id", number=16, implies=("title",)),
    Kind("isrc", number=17),
    Kind("address", number=18),
    Kind("track_code", number=19, implies=("track", "features")),
    Kind("artist_link", number=22, implies=_CATALOGUE, typed=True),
    Kind("track_link", number=23, implies=("track",), credits=True, typed=True),
    Kind("playlist_link", number=24, implies=_LIST, credits=True, typed=True),
    Kind("chart", number=26),
)
BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}
RECORDS: tuple[type[Record], ...] = tuple(kind.record for kind in KINDS if kind.record)
BY_KIND: dict[str, type[Record]] = {cls.kind: cls for cls in RECORDS}
BY_PLURAL: dict[str, type[Record]] = {cls.plural: cls for cls in RECORDS}
PLURALS: dict[str, str] = {cls.kind: cls.plural for cls in RECORDS}
"""Table names by kind."""


def _names(kinds: list[Kind]) -> tuple[str, ...]:
    return tuple(kind.name for kind in kinds)


NODE_KINDS = _names(
    sorted((kind for kind in KINDS if kind.number is not None), key=lambda kind: kind.number or 0)
)
"""Node kinds by their stored number: `NODE_KINDS[number]`."""
WANTED = _names([kind for kind in KINDS if kind.wanted])
SEARCHABLE = _names([kind for kind in KINDS if kind.searchable])
OFFERED = _names([kind for kind in KINDS if kind.wanted or kind.offered])
TYPED = frozenset(kind.name for kind in KINDS if kind.typed)
AUTHORED = frozenset(kind.name for kind in KINDS if kind.authored)


def _depth(name: str) -> int:
    """Return the length of the longest chain of parents above a kind."""
    return 1 + max(map(_depth, BY_NAME[name].parents), default=-1)


PARENTS_FIRST = tuple(sorted(WANTED, key=_depth))
"""Wanted kinds, each after the kinds that list it."""
