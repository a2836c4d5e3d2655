"""Jamendo's API 3.0 over a world: part of its artists, every track under a licence of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from phonofilm.sandbox.kernel.media import media_file
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Window, json_response
from phonofilm.sandbox.worlds.hashing import mix, pick
from phonofilm.sandbox.worlds.ids import Numbering
from phonofilm.sandbox.worlds.spelling import SourceSpelling
from phonofilm.sandbox.worlds.word_index import words_of
from phonofilm.sandbox.worlds.world import Catalogue

_LICENCES = ("by/3.0", "by-sa/3.0", "by-nc/3.0", "by-nc-sa/3.0", "by-nc-nd/3.0", "by/4.0")
_IDS = Numbering("jamendo")
_MOST, _DEFAULT = 200, 10


class Refusal(Exception):  # noqa: N818 - what it is
    """An error as it comes inside HTTP 200."""

    def __init__(self, code: int, kind: str, text: str) -> None:
        super().__init__(f"Jamendo Api {kind} Error: {text}")
        self.code = code


class JamendoService:
    """The stand-in; any client id is good but `suspended`."""

    name = "jamendo"

    def __init__(
        self, catalogue: Catalogue, access: str, clock: Clock, rate: str, quota: str
    ) -> None:
        if access != "free":
            raise ValueError("jamendo has one access level: free")
        self.catalogue, self.access, self.world = catalogue, access, catalogue.world
        self.house = SourceSpelling(self.world, 1402, covers=0.6, slips=0.03, guests=True)
        self._base = ""
        self._rate, self._quota = Window.parse(rate, clock), Window.parse(quota, clock)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request; refusals are responses too."""
        self._base = request.base
        parts = request.path.strip("/").split("/")
        if parts[0] in ("usercontent", "storage"):
            return self._file(parts, request.query)
        if parts[:1] != ["v3.0"] or len(parts) != 2:
            return json_response("unknown", {"error": "Not Found"}, 404)
        endpoint = parts[1]
        try:
            self._admit(request)
            rows, build = self._found(endpoint, request)
            offset, limit = self._span(request)
            results = [build(row) for row in rows[offset : offset + limit]]
            headers: dict[str, Any] = _headers("success", 0, "", len(results))
            if request.query.get("fullcount") == "true":
                headers["results_fullcount"] = len(rows)
            return json_response(endpoint, {"headers": headers, "results": results})
        except Refusal as refused:
            body = {"headers": _headers("failed", refused.code, str(refused), 0), "results": []}
            return json_response(f"{endpoint}:{refused.code}", body)

    def _admit(self, request: HttpRequest) -> None:
        client = request.query.get("client_id", "")
        if not client:
            raise Refusal(5, "Invalid Client Id", "Your credential is not authorized.")
        if client == "suspended":
            raise Refusal(11, "Suspended Application", "Your application has been suspended")
        if self._rate.admit() or self._quota.admit():
            raise Refusal(6, "Rate Limit Exceeded", "Usage limits are exceeded")

    @staticmethod
    def _span(request: HttpRequest) -> tuple[int, int]:
        offset, limit = request.query.get("offset", "0"), request.query.get("limit", str(_DEFAULT))
        limit = str(_MOST) if limit == "all" else limit
        if not (offset.isdecimal() and limit.isdecimal()):
            raise Refusal(3, "Type", "offset and limit must be integers")
        return int(offset), min(_MOST, int(limit))

    def _found(self, what: str, request: HttpRequest) -> tuple[Sequence[int], Callable[[int], Any]]:
        handlers = {"artists": self._artists, "albums": self._albums, "tracks": self._tracks}
        builders = {"artists": self.artist, "albums": self.album, "tracks": self.track}
        if what not in handlers:
            raise Refusal(7, "Method Not Found", what)
        return handlers[what](request.query), builders[what]

    def _ids(self, text: str, kind: str) -> list[int]:
        indices = []
        for word in text.replace("+", " ").split():
            if not word.isdecimal():
                raise Refusal(3, "Type", "id must be an integer")
            index = _IDS.index_of(kind, word)
            if index is not None and index < self.world.counts[kind]:
                indices.append(index)
        return indices

    def _people(self, query: dict[str, str]) -> list[int]:
        if text := query.get("artist_id"):
            rows: list[int] = self._ids(text, "artists")
        elif genre := query.get("tags"):
            rows = list(self.catalogue.ranked(genre))
        elif words := query.get("search"):
            rows = self.catalogue.named(words)
        else:
            rows = self.catalogue.by_popularity
        return [row for row in rows if self.house.has(row)]

    def _artists(self, query: dict[str, str]) -> Sequence[int]:
        if text := query.get("id"):
            return [row for row in self._ids(text, "artists") if self.house.has(row)]
        if words := query.get("namesearch") or query.get("name"):
            return [row for row in self.catalogue.named(words) if self.house.has(row)]
        return self._people({})

    def _albums(self, query: dict[str, str]) -> Sequence[int]:
        wanted = set(words_of(query.get("namesearch", "")))
        if text := query.get("id"):
            return [a for a in self._ids(text, "albums") if self._has_album(a)]
        rows = (a for artist in self._people(query) for a in self.world.albums_of(artist))
        return [a for a in rows if wanted <= set(words_of(self.world.album(a).name))]

    def _has_album(self, album: int) -> bool:
        artists = self.world.album(album).artists
        return bool(artists) and self.house.has(artists[0])

    def _tracks(self, query: dict[str, str]) -> Sequence[int]:
        world = self.world
        if text := query.get("id"):
            rows = self._ids(text, "tracks")
            return [t for t in rows if self.house.has_track(world.track(t))]
        people = self._people(query)
        if query.get("groupby") == "artist_id":
            return [world.tracks_of(world.albums_of(a)[0])[0] for a in people]
        tracks = [t for a in people for album in world.albums_of(a) for t in world.tracks_of(album)]
        if not tracks and (words := query.get("search")):
            tracks = [
                t for t in self.catalogue.titled(words) if self.house.has_track(world.track(t))
            ]
        return tracks

    def artist(self, index: int) -> dict[str, Any]:
        """Return the artist of lists and look-ups."""
        key = _IDS.id_of("artists", index)
        return {
            "id": str(key),
            "name": self.house.artist(self.world.artist(index)),
            "website": "",
            "joindate": "2009-04-01",
            "image": "" if index % 4 else self._image("artist", key),
            "shorturl": f"https://jamen.do/a/{key}",
            "shareurl": f"https://www.jamendo.com/artist/{key}",
        }

    def album(self, index: int) -> dict[str, Any]:
        """Return the album of lists; it has no licence, its tracks have."""
        row, key = self.world.album(index), _IDS.id_of("albums", index)
        owner = row.artists[0]
        return {
            "id": str(key),
            "name": row.name,
            "releasedate": _day(row.release_date),
            "artist_id": str(_IDS.id_of("artists", owner)),
            "artist_name": self.house.artist(self.world.artist(owner)),
            "image": self._image("album", key),
            "zip": "",
            "zip_allowed": False,
            "shorturl": f"https://jamen.do/l/a{key}",
            "shareurl": f"https://www.jamendo.com/list/a{key}",
        }

    def track(self, index: int) -> dict[str, Any]:
        """Return the track of lists; downloads are allowed for most."""
        row, key = self.world.track(index), _IDS.id_of("tracks", index)
        owner, album = row.artists[0], self.world.album(row.album)
        allowed = mix(index, 1403) % 10 > 0
        genres = [self.world.artist(owner).main_genre.replace(" ", "")]
        length = self.house.duration_ms(row)
        return {
            "id": str(key),
            "name": self.house.title(row),
            "duration": (length or 0) // 1000,
            "artist_id": str(_IDS.id_of("artists", owner)),
            "artist_name": self.house.artist(self.world.artist(owner)),
            "artist_idstr": f"artist_{_IDS.id_of('artists', owner)}",
            "album_name": album.name,
            "album_id": str(_IDS.id_of("albums", row.album)),
            "license_ccurl": self._licence(owner),
            "position": row.track_number,
            "releasedate": _day(album.release_date),
            "album_image": self._image("album", _IDS.id_of("albums", row.album)),
            "audio": f"{self._base}/storage/?trackid={key}&format=mp31",
            "audiodownload": f"{self._base}/storage/download/track/{key}/mp32/" if allowed else "",
            "prourl": "",
            "shorturl": f"https://jamen.do/t/{key}",
            "shareurl": f"https://www.jamendo.com/track/{key}",
            "waveform": '{"peaks":[1,2]}',
            "image": self._image("track", key),
            "audiodownload_allowed": allowed,
            "content_id_free": False,
            "musicinfo": {
                "vocalinstrumental": "vocal",
                "lang": "",
                "gender": "",
                "speed": "medium",
                "acousticelectric": "",
                "tags": {"genres": genres, "instruments": ["guitar"], "vartags": []},
            },
            "stats": {"rate_listened_total": row.popularity * 37, "rate_downloads_total": 3},
        }

    def _image(self, kind: str, key: int) -> str:
        return f"{self._base}/usercontent?type={kind}&id={key}&width=300"

    def _file(self, parts: list[str], query: dict[str, str]) -> HttpResponse:
        """Return the picture of a record, or the sound of a track; 404 where there is none."""
        sound = parts[0] == "storage"
        kind = "track" if sound else query.get("type", "")
        key = query.get("trackid") or query.get("id") or (parts[3] if len(parts) > 3 else "")
        index = _IDS.index_of(f"{kind}s", key) if kind in ("artist", "album", "track") else None
        if index is None or index >= self.world.counts[f"{kind}s"]:
            return media_file("")
        return media_file(f"{mix(index, 1405):016x}", "mp3" if sound else "jpg")

    def _licence(self, artist: int) -> str:
        return f"http://creativecommons.org/licenses/{pick(_LICENCES, artist, 1404)}/"

    def visible(self) -> dict[str, int]:
        """Count the visible records by kind."""
        kinds = ("artists", "albums", "tracks")
        return self.world.counts | {kind: sum(1 for _ in self._known(kind)) for kind in kinds}

    def _known(self, kind: str) -> Iterator[int]:
        world = self.world
        has: dict[str, Callable[[int], bool]] = {
            "artists": self.house.has,
            "albums": self._has_album,
            "tracks": lambda t: self.house.has_track(world.track(t)),
        }
        return (i for i in range(world.counts[kind]) if has[kind](i)) if kind in has else iter(())

    def ids(self, kind: str) -> list[str]:
        """Return all ids of a plural kind."""
        return list(self.true_ids(kind))

    def true_ids(self, kind: str) -> dict[str, int]:
        """Map each id of a kind to the number of its record in the world."""
        real = self.world.track if kind == "tracks" else None
        return {
            str(_IDS.id_of(kind, i)): real(i).recording if real else i for i in self._known(kind)
        }


def _headers(status: str, code: int, message: str, count: int) -> dict[str, Any]:
    return {
        "status": status,
        "code": code,
        "error_message": message,
        "warnings": "",
        "results_count": count,
    }


def _day(date: str | None) -> str:
    return (date or "2009") + {4: "-01-01", 7: "-01"}.get(len(date or "2009"), "")
