"""Lists of the API behind the pages: who follows and likes, what is alike, streams, searches.

Followers and likers are listeners of the world; an artist likes and reposts what is played next to
theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from phonofilm.sandbox.services.soundcloud.objects import Objects
from phonofilm.sandbox.services.soundcloud.page_objects import PageObjects, unslashed
from phonofilm.sandbox.worlds.hashing import mix, uuid
from phonofilm.sandbox.worlds.world import Catalogue

_SHOWN = 40


class Rows(NamedTuple):
    """The rows of a list, and how one of them is built."""

    rows: Sequence[Any]
    build: Callable[[Any], Any]


class PageLists:
    """Lists by kind and name; None for a list that there is not."""

    def __init__(self, objects: Objects, pages: PageObjects, catalogue: Catalogue) -> None:
        self._objects, self._pages, self._catalogue = objects, pages, catalogue
        self._listening, self._world = objects.listening, objects.world

    def of_user(self, artist: int, what: str, base: str) -> Rows | None:
        """Return a list of an artist."""
        pages, related = self._pages, self._world.related_to(artist)
        uploads = self._listening.uploads_of(artist)
        lists: dict[str, Callable[[], Rows]] = {
            "tracks": lambda: Rows(uploads, self._track(base)),
            "toptracks": lambda: Rows(self._best(uploads), self._track(base)),
            "albums": lambda: Rows(self._sets(artist, 0), self._playlist(base)),
            "playlists_without_albums": lambda: Rows(self._sets(artist, 1), self._playlist(base)),
            "likes": lambda: Rows(self._liked(related), lambda u: self._like(u, base)),
            "followers": lambda: Rows(self._followers(artist), self._listener(base)),
            "followings": lambda: Rows(related[:5], lambda a: pages.user(a, base)),
            "relatedartists": lambda: Rows(related, lambda a: pages.user(a, base)),
            "featured-profiles": lambda: Rows((), _same),
            "comments": lambda: Rows((), _same),
        }
        return lists[what]() if what in lists else None

    def of_track(self, upload: int, what: str, base: str) -> Rows | None:
        """Return a list of an upload."""
        artist = self._listening.upload(upload).artist
        near = [self._listening.uploads_of(a)[0] for a in self._world.related_to(artist)]
        lists: dict[str, Callable[[], Rows]] = {
            "comments": lambda: Rows(self._said(upload), lambda s: self._pages.comment(s, base)),
            "related": lambda: Rows(near, self._track(base)),
            "likers": lambda: Rows(self._likers(upload), self._listener(base)),
            "reposters": lambda: Rows(self._likers(upload)[::3], self._listener(base)),
            "albums": lambda: Rows(self._sets_with(upload, 0), self._playlist(base)),
            "playlists_without_albums": lambda: Rows(
                self._sets_with(upload, 1), self._playlist(base)
            ),
        }
        return lists[what]() if what in lists else None

    def of_playlist(self, number: int, what: str, base: str) -> Rows | None:
        """Return a list of a set."""
        likers = self._likers(self._listening.uploads_of(number // 2)[0])
        rows = {"likers": likers, "reposters": likers[::3]}.get(what)
        return None if rows is None else Rows(rows, self._listener(base))

    def stream(self, artist: int, reposts: bool, base: str) -> Rows:
        """Return what an artist posted and reposted, newest first."""
        posted = [] if reposts else [(u, False) for u in self._listening.uploads_of(artist)]
        liked = self._liked(self._world.related_to(artist))[:3]
        rows = [*posted, *((upload, True) for upload in liked)]
        return Rows(rows, lambda row: self._posted(artist, row[0], row[1], base))

    def search(self, kind: str, text: str, base: str) -> Rows | None:
        """Return what a search finds; a search without a kind finds people, tracks and sets."""
        people = self._catalogue.named(text)
        tracks = [u for a in people for u in self._listening.uploads_of(a)]
        tracks = tracks or self._catalogue.titled(text)
        pages, track, playlist = self._pages, self._track(base), self._playlist(base)
        if kind == "users":
            return Rows(people, lambda a: pages.user(a, base))
        if kind == "tracks":
            return Rows(tracks, track)
        slots = {"albums": (0,), "playlists_without_albums": (1,), "playlists": (0, 1)}.get(kind)
        if slots:
            return Rows([n for a in people for s in slots for n in self._sets(a, s)], playlist)
        if kind:
            return None
        mixed = [*((True, artist) for artist in people), *((False, upload) for upload in tracks)]
        return Rows(mixed, lambda row: pages.user(row[1], base) if row[0] else track(row[1]))

    def _track(self, base: str) -> Callable[[int], Any]:
        return lambda upload: self._pages.track(upload, base)

    def _playlist(self, base: str) -> Callable[[int], Any]:
        return lambda number: self._pages.playlist(number, base)

    def _listener(self, base: str) -> Callable[[int], Any]:
        return lambda listener: self._pages.listener(listener, base)

    def _best(self, uploads: Sequence[int]) -> list[int]:
        return sorted(uploads, key=lambda u: (-self._listening.fame(u), u))[:10]

    def _sets(self, artist: int, slot: int) -> list[int]:
        there = len(self._listening.uploads_of(artist)) > slot
        return [artist * 2 + slot] if there else []

    def _sets_with(self, upload: int, slot: int) -> list[int]:
        artist = self._listening.upload(upload).artist
        inside = upload in self._listening.uploads_of(artist)[slot::2]
        return [artist * 2 + slot] if inside else []

    def _liked(self, artists: Sequence[int]) -> list[int]:
        return [self._listening.uploads_of(artist)[0] for artist in artists[:10]]

    def _followers(self, artist: int) -> list[int]:
        count = min(_SHOWN, self._world.artist(artist).followers)
        listeners = (mix(803, artist, n) % self._listening.listeners for n in range(count))
        return list(dict.fromkeys(listeners))

    def _likers(self, upload: int) -> list[int]:
        """Return the listeners who wrote something glad."""
        glad = (s.writer for s in self._listening.said(upload) if s.mood > 0)
        return list(dict.fromkeys(writer for writer in glad if writer is not None))

    def _said(self, upload: int) -> list[Any]:
        said = self._listening.said(upload)
        return [s for s in said if s.writer is not None and s.at_ms is not None]

    def _like(self, upload: int, base: str) -> dict[str, Any]:
        track = self._pages.track(upload, base)
        return {"created_at": track["created_at"], "kind": "like", "track": track}

    def _posted(self, artist: int, upload: int, again: bool, base: str) -> dict[str, Any]:
        track, user = self._pages.track(upload, base), self._objects.small_user(artist, base)
        item = {
            "created_at": unslashed("2024/03/01 10:00:00 +0000"),
            "type": "track-repost" if again else "track",
            "user": self._pages.small_user(user),
            "uuid": uuid(18, upload),
            "caption": None,
            "track": track,
        }
        reposted = {"target_urn": track["urn"], "user_urn": user["urn"], "caption": None}
        return item | ({"reposted": reposted} if again else {})


def _same(row: Any) -> Any:
    return row
