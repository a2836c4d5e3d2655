"""Deezer's endpoints: index paging, 50 calls per 5 s, errors inside HTTP 200."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

from phonofilm.sandbox.kernel.media import media_file
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.services.deezer.editorial import Editorial
from phonofilm.sandbox.services.deezer.objects import IDS, Objects
from phonofilm.sandbox.worlds.generated import recording_of
from phonofilm.sandbox.worlds.word_index import words_of
from phonofilm.sandbox.worlds.world import Catalogue

_FILTER = re.compile(r'(artist|album|track):"([^"]*)"')
_CHART = 100
_GENRE_ARTISTS = 50


class Refusal(Exception):  # noqa: N818 - an answer of the service, not a fault of ours
    """An error body inside HTTP 200."""

    def __init__(self, kind: str, message: str, code: int) -> None:
        super().__init__(message)
        self.body = {"error": {"type": kind, "message": message, "code": code}}


def _same(row: Any) -> Any:
    return row


def _nothing() -> Any:
    raise _no_data()


def _no_data() -> Refusal:
    return Refusal("DataException", "no data", 800)


class DeezerService:
    """The stand-in; keyless, so its one access level is `open`."""

    name = "deezer"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access != "open":
            raise ValueError("deezer has one access level: open")
        self.catalogue, self.access = catalogue, access
        world = catalogue.world
        self._genres = ["all", *sorted(set(world.parents.values()))]
        self.objects = Objects(world, self._genres, clock)
        self._editorial = Editorial(self.objects, self._of_genre)
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request."""
        self.objects.base = request.base
        if request.path.startswith(("/images/", "/previews/")) or request.path.endswith("/image"):
            return self._file(request)
        endpoint, handler = self._route(request)
        if handler is None:
            return json_response("unknown", {"error": "Not Found"}, 404)
        try:
            if self._rate.admit() or self._quota.admit():
                raise Refusal("Exception", "Quota limit exceeded", 4)
            return json_response(endpoint, handler())
        except Refusal as refused:
            code = refused.body["error"]["code"]
            return json_response(f"{endpoint}:{code}", refused.body)

    def _file(self, request: HttpRequest) -> HttpResponse:
        """Return a picture, or a preview until its address expires; 302 from `/KIND/ID/image`."""
        folder, *rest = request.path.strip("/").split("/")
        if folder == "images":
            return media_file("/".join(rest[1:]))
        if folder != "previews":
            address = self.objects.picture(folder, rest[0])
            return HttpResponse("media", 302, b"", {"Location": address})
        expires = re.match(r"exp=(\d+)~", request.query.get("hdnea", ""))
        if not expires or int(expires[1]) <= self.objects.clock.now():
            return HttpResponse("media", 403, b"", {"Content-Type": "text/plain"})
        return media_file(rest[0])

    def _route(self, request: HttpRequest) -> tuple[str, Callable[[], Any] | None]:
        parts = request.path.strip("/").split("/")
        if parts == ["genre"]:
            return "genres", lambda: {
                "data": [self.objects.genre(n) for n in range(len(self._genres))]
            }
        if parts[0] == "search" and len(parts) <= 2:
            kind = parts[1] if len(parts) == 2 else "track"
            return f"search_{kind}", lambda: self._search(request, kind)
        if parts == ["chart"]:
            parts = ["chart", "0"]
        if (made := self._editors(parts, request)) is not None:
            return made
        if len(parts) == 2:
            return parts[0], self._lookup(parts[0], parts[1], request)
        if len(parts) == 3:
            return "_".join((parts[0], parts[2])), self._listing(
                parts[0], parts[1], parts[2], request
            )
        return "unknown", None

    def _editors(
        self, parts: list[str], request: HttpRequest
    ) -> tuple[str, Callable[[], Any]] | None:
        """Return the handler of radios, editorials and facts of the service."""
        made, objects = self._editorial, self.objects
        plain: dict[str, Callable[[], Any]] = {
            "infos": made.infos,
            "options": made.options,
            "editorial": lambda: self._page(range(len(self._genres)), made.editorial, request),
            "radio": lambda: {"data": made.radios()},
            "radio/top": lambda: self._page(made.radios(), _same, request),
            "radio/lists": lambda: self._page(made.radios(), _same, request),
            "radio/genres": lambda: {"data": made.radios_by_genre()},
        }
        if (path := "/".join(parts)) in plain:
            return path.replace("/", "_"), plain[path]
        if len(parts) < 2 or parts[0] not in ("editorial", "radio"):
            return None
        if parts[0] == "radio":
            genre = made.genre_of_radio(parts[1])
            if genre is None:
                return "radio_one", _nothing
            if len(parts) == 2:
                return "radio_one", lambda: made.radio(genre)
            tracks = made.radio_tracks(genre)
            return "radio_tracks", lambda: self._page(tracks, objects.track_listed, request)
        return self._of_editorial(parts, request)

    def _of_editorial(
        self, parts: list[str], request: HttpRequest
    ) -> tuple[str, Callable[[], Any]] | None:
        made, key = self._editorial, parts[1]
        handlers: dict[str, Callable[[], Any]] = {
            "": lambda: made.editorial(self._genre(key)),
            "charts": lambda: {
                name: self._chart(name, self._genre(key), request, 10) for name in self._charts
            },
            "releases": lambda: self._page(
                made.releases(self._genre(key)), self.objects.album_found, request
            ),
            "selection": lambda: self._page(
                made.releases(self._genre(key))[:10], self.objects.album_found, request
            ),
        }
        what = "/".join(parts[2:])
        return (f"editorial_{what}", handlers[what]) if what in handlers else None

    def _lookup(self, kind: str, key: str, request: HttpRequest) -> Callable[[], Any] | None:
        if kind == "album" and key.startswith("upc:"):
            return lambda: self._by_upc(key.removeprefix("upc:"))
        if kind == "track" and key.startswith("isrc:"):
            return lambda: self._by_isrc(key.removeprefix("isrc:"))
        builders: dict[str, Callable[[int], Any]] = {
            "artist": self.objects.artist,
            "album": self.objects.album,
            "track": self.objects.track,
            "playlist": self.objects.playlist,
        }
        if kind in builders:
            return lambda: builders[kind](self._index(kind, key))
        if kind == "genre":
            return lambda: self.objects.genre(self._genre(key))
        if kind in ("user", "podcast", "episode"):  # the world has none of them
            return _nothing
        if kind == "chart":
            return lambda: {
                name: self._chart(name, self._genre(key), request, 10) for name in self._charts
            }
        return None

    def _by_upc(self, upc: str) -> Any:
        album = self._barcodes.get(upc.lstrip("0"))
        if album is None:
            raise _no_data()
        return self.objects.album(album)

    @cached_property
    def _barcodes(self) -> dict[str, int]:
        """Albums by barcode without the zeros before it; the first of several editions."""
        rows = map(self.catalogue.world.album, range(self.catalogue.world.counts["albums"]))
        barcodes: dict[str, int] = {}
        for row in rows:
            if row.upc:
                barcodes.setdefault(row.upc.lstrip("0"), row.index)
        return barcodes

    def _by_isrc(self, isrc: str) -> Any:
        recording = recording_of(isrc)
        world = self.catalogue.world
        if recording is None or recording >= world.counts["tracks"]:
            raise _no_data()
        if world.track(recording).isrc != isrc:
            raise _no_data()
        return self.objects.track(recording)

    def _listing(
        self, kind: str, key: str, what: str, request: HttpRequest
    ) -> Callable[[], Any] | None:
        world, objects = self.catalogue.world, self.objects
        if kind == "genre" and what == "artists":
            return lambda: {
                "data": [objects.artist_short(a) for a in self._of_genre(self._genre(key))]
            }
        if (kind, what) == ("genre", "radios"):
            return lambda: {"data": [self._editorial.radio(self._genre(key))]}
        if kind == "chart" and what in self._charts:
            return lambda: self._chart(what, self._genre(key), request, None)
        table: dict[
            tuple[str, str], tuple[Callable[[int], Sequence[int]], Callable[[int], Any]]
        ] = {
            ("artist", "albums"): (world.albums_of, objects.album_listed),
            ("artist", "related"): (world.related_to, objects.artist),
            ("artist", "top"): (self.catalogue.top_tracks, objects.track_listed),
            ("artist", "radio"): (self._radio_of, objects.track_listed),
            ("artist", "playlists"): (self._playlists_of, objects.playlist_listed),
            ("album", "tracks"): (world.tracks_of, objects.track_placed),
        }
        if (kind, what) in table:
            members, build = table[kind, what]
            return lambda: self._page(members(self._index(kind, key)), build, request)
        if (kind, what) == ("playlist", "tracks"):
            return lambda: self._entries(self._index("playlist", key), request)
        return None

    def _radio_of(self, artist: int) -> list[int]:
        """Return a track of the artist and of each related one."""
        people = (artist, *self.catalogue.world.related_to(artist))
        return [track for near in people for track in self.catalogue.top_tracks(near)[:1]]

    def _playlists_of(self, artist: int) -> list[int]:
        """Return playlists about what the artist plays."""
        genre = self.catalogue.world.artist(artist).main_genre
        return self.catalogue.playlists_by_genre.get(genre, [])

    def _index(self, kind: str, key: str) -> int:
        index = self.objects.index_of(kind, key)
        if index is None:
            raise _no_data()
        return index

    def _genre(self, key: str) -> int:
        if not (key.isascii() and key.isdigit() and len(key) < 10 and int(key) < len(self._genres)):
            raise Refusal("ParameterException", "Wrong parameter", 500)
        return int(key)

    def _of_genre(self, position: int) -> list[int]:
        if position == 0:
            return self.catalogue.by_popularity[:_GENRE_ARTISTS]
        parents, name = self.catalogue.world.parents, self._genres[position]
        artists = {
            a for g, rows in self.catalogue.by_genre.items() if parents.get(g) == name for a in rows
        }
        world = self.catalogue.world
        return sorted(artists, key=lambda a: (-world.artist(a).popularity, a))[:_GENRE_ARTISTS]

    @property
    def _charts(self) -> tuple[str, ...]:
        return ("tracks", "albums", "artists", "playlists")

    def _chart(self, what: str, genre: int, request: HttpRequest, limit: int | None) -> Any:
        world, people = self.catalogue.world, self._of_genre(genre)
        rows: list[int]
        if what == "tracks":
            rows = [t for a in people for t in self.catalogue.top_tracks(a)[:2]]
            return self._page(rows[:_CHART], self.objects.track_listed, request, limit)
        if what == "albums":
            rows = [world.albums_of(a)[0] for a in people]
            return self._page(rows[:_CHART], self.objects.album_found, request, limit)
        if what == "artists":
            return self._page(people[:_CHART], self.objects.artist_short, request, limit)
        parents, name, lists = world.parents, self._genres[genre], self.catalogue.playlists_by_genre
        rows = [
            p
            for g, playlists in lists.items()
            if genre == 0 or parents.get(g) == name
            for p in playlists
        ]
        return self._page(rows[:_CHART], self.objects.playlist_listed, request, limit)

    def _span(self, request: HttpRequest, default: int = 25) -> tuple[int, int]:
        index, limit = request.query.get("index", "0"), request.query.get("limit", str(default))
        if not all(t.isascii() and t.isdigit() and len(t) < 10 for t in (index, limit)):
            raise Refusal("ParameterException", "Wrong parameter", 500)
        return int(index), min(100, int(limit)) or default

    def _page(
        self,
        members: Sequence[Any],
        build: Callable[[Any], Any],
        request: HttpRequest,
        limit: int | None = None,
    ) -> Any:
        index, size = (0, limit) if limit else self._span(request)
        body: dict[str, Any] = {"data": [build(i) for i in members[index : index + size]]}
        body["total"] = min(len(members), limit or len(members))
        return body if limit else body | self._turns(request, index, size, len(members))

    def _turns(self, request: HttpRequest, index: int, size: int, total: int) -> dict[str, str]:
        query = "".join(f"{k}={quote(v)}&" for k, v in request.query.items() if k != "index")
        turns = {}
        if index + size < total:
            turns["next"] = f"{request.base}{request.path}?{query}index={index + size}"
        if index:
            turns["prev"] = f"{request.base}{request.path}?{query}index={max(0, index - size)}"
        return turns

    def _entries(self, playlist: int, request: HttpRequest) -> Any:
        places = range(self.catalogue.world.playlist(playlist).size)
        return self._page(places, lambda position: self.objects.entry(playlist, position), request)

    def _search(self, request: HttpRequest, kind: str) -> Any:
        text = request.query.get("q", "")
        if not text:
            raise Refusal("MissingParameterException", "Missing parameters: q", 501)
        fields = dict(_FILTER.findall(text))
        words = (
            _FILTER.sub(" ", text) if not fields else ""
        )  # free text next to a filter is dropped
        finders: dict[
            str, tuple[Callable[[dict[str, str], str], Sequence[int]], Callable[[int], Any]]
        ]
        finders = {
            "artist": (self._artists, self.objects.artist),
            "album": (self._albums, self.objects.album_found),
            "track": (self._tracks, self.objects.track_listed),
            "playlist": (self._playlists, self.objects.playlist_listed),
        }
        if kind not in finders:
            raise Refusal("InvalidQueryException", "Wrong parameter", 600)
        find, build = finders[kind]
        return self._page(find(fields, words), build, request)

    def _artists(self, fields: dict[str, str], words: str) -> Sequence[int]:
        return self.catalogue.named(fields.get("artist") or words)

    def _albums(self, fields: dict[str, str], words: str) -> Sequence[int]:
        world, catalogue = self.catalogue.world, self.catalogue
        people = catalogue.named(fields.get("artist") or words)
        if not people:
            return catalogue.albums_titled(fields.get("album") or words)
        wanted = set(words_of(fields.get("album", "")))
        albums = [album for a in people for album in world.albums_of(a)]
        return [album for album in albums if wanted <= set(words_of(world.album(album).name))]

    def _tracks(self, fields: dict[str, str], words: str) -> Sequence[int]:
        world, catalogue = self.catalogue.world, self.catalogue
        title, artist = fields.get("track", ""), fields.get("artist", "")
        if not artist:
            people = catalogue.named(words)
            top = [track for a in people for track in catalogue.top_tracks(a)]
            return top or catalogue.titled(title or words)
        wanted = set(words_of(title))
        tracks = [
            t
            for a in catalogue.named(artist)
            for album in world.albums_of(a)
            for t in world.tracks_of(album)
            if wanted <= set(words_of(world.title(t)))
        ]
        return sorted(tracks, key=lambda t: (-world.track(t).popularity, t))

    def _playlists(self, fields: dict[str, str], words: str) -> Sequence[int]:
        world, wanted = self.catalogue.world, set(words_of(words))
        return [p for p in range(world.counts["playlists"]) if wanted <= self._words_of_playlist(p)]

    def _words_of_playlist(self, index: int) -> set[str]:
        row = self.catalogue.world.playlist(index)
        return set(words_of(row.name)) | set(words_of(row.genre))

    def visible(self) -> dict[str, int]:
        """Count the records that the open API shows, by kind."""
        world, counts = self.catalogue.world, dict(self.catalogue.world.counts)
        entries = sum(world.playlist(p).size for p in range(counts["playlists"]))
        return counts | {"features": counts["tracks"], "entries": entries}

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        return [str(IDS.id_of(kind, i)) for i in range(self.catalogue.world.counts[kind])]
