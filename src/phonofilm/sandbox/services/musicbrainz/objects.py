"""MusicBrainz's objects over a world: one recording has one id, on however many releases."""

from __future__ import annotations

from typing import Any

from phonofilm.sandbox.worlds.hashing import base62, from_uuid, hash_of, mix, share, uuid
from phonofilm.sandbox.worlds.ids import Numbering
from phonofilm.sandbox.worlds.spelling import SourceSpelling
from phonofilm.sandbox.worlds.world import Album, Track, World

KINDS = {"artist": 1, "release": 2, "recording": 3, "release-group": 4, "genre": 5, "label": 6}
_WORLD = {
    "artist": "artists",
    "release": "albums",
    "recording": "tracks",
    "release-group": "albums",
}
_COUNTRIES = ("DE", "FR", "GB", "JP", "SE", "US")
_DEEZER = Numbering("deezer")
_TYPES = {"album": "Album", "single": "Single", "compilation": "Album"}


class Objects:
    """Builds objects; what `inc` does not name is left out, as the real service does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.house = SourceSpelling(world, 1201, covers=0.95, slips=0.01, lost=0.25)

    def id_of(self, kind: str, index: int) -> str:
        """Return the MBID of a record."""
        return uuid(KINDS[kind], index)

    def index_of(self, kind: str, text: str) -> int | None:
        """Return the index of an MBID that this source has, or None."""
        index = from_uuid(text, KINDS[kind])
        if index is None or index >= self.world.counts[_WORLD[kind]]:
            return None
        return index if self.has(kind, index) else None

    def has(self, kind: str, index: int) -> bool:
        """Tell whether MusicBrainz has a record: it has all artists whom it credits."""
        if kind == "artist":
            return self.house.has(index)
        row = self.world.track(index) if kind == "recording" else self.world.album(index)
        if isinstance(row, Track) and row.recording != index:
            return False
        return bool(row.artists) and all(map(self.house.has, row.artists))

    def spotify_id(self, kind: str, index: int) -> str:
        """Return the id that Spotify gives a record of this world."""
        native = self.world.native_ids.get(kind)
        return (
            native[index] if native else base62({"artist": 1, "album": 2, "track": 3}[kind], index)
        )

    def addresses(self, artist: int) -> list[str]:
        """Return the external pages of an artist, as far as they were entered."""
        urls = []
        if share(artist, 1301) < 0.7:
            urls.append(f"https://open.spotify.com/artist/{self.spotify_id('artist', artist)}")
        if share(artist, 1302) < 0.5:
            urls.append(f"https://www.deezer.com/artist/{_DEEZER.id_of('artists', artist)}")
        return urls

    def artist_short(self, index: int) -> dict[str, Any]:
        """Return the artist inside credits."""
        row = self.world.artist(index)
        name = self.house.artist(row)
        shared = mix(index, 1303) % 3 == 0
        return {
            "id": self.id_of("artist", index),
            "name": name,
            "sort-name": f"{name[4:]}, The" if name.startswith("The ") else name,
            "type": "Group" if index % 3 else "Person",
            "type-id": None,
            "disambiguation": f"{row.main_genre} from {self._country(index)}" if shared else "",
        }

    def _country(self, index: int) -> str:
        return _COUNTRIES[mix(index, 1304) % len(_COUNTRIES)]

    def artist(self, index: int, inc: set[str]) -> dict[str, Any]:
        """Return the artist of look-ups, lists and searches."""
        country = self._country(index)
        body = self.artist_short(index) | {
            "gender": None,
            "country": country,
            "area": {"id": uuid(9, index % 6), "name": country, "sort-name": country},
            "begin-area": None,
            "end-area": None,
            "life-span": {"begin": str(1960 + index % 60), "end": None, "ended": False},
            "isnis": [],
            "ipis": [],
        }
        if "aliases" in inc:
            body["aliases"] = self._aliases(index)
        if "url-rels" in inc:
            body["relations"] = [self._link(address) for address in self.addresses(index)]
        return body | self.words(index, inc)

    def _aliases(self, index: int) -> list[dict[str, Any]]:
        name = self.world.artist(index).name
        return [{"name": name, "sort-name": name, "locale": None, "primary": None, "type": None}]

    @staticmethod
    def _link(address: str) -> dict[str, Any]:
        return {
            "type": "free streaming",
            "type-id": uuid(8, 1),
            "direction": "forward",
            "target-type": "url",
            "begin": None,
            "end": None,
            "ended": False,
            "attributes": [],
            "url": {
                "id": uuid(7, mix(len(address), hash_of(address)) % 10**9),
                "resource": address,
            },
        }

    def words(self, artist: int, inc: set[str]) -> dict[str, Any]:
        """Return genres and tags that people gave an artist; one in ten has none here."""
        genres = self.world.artist(artist).genres if share(artist, 1305) > 0.1 else ()
        body: dict[str, Any] = {}
        if "genres" in inc:
            body["genres"] = [
                {
                    "id": uuid(KINDS["genre"], index),
                    "name": name,
                    "count": 1 + index,
                    "disambiguation": "",
                }
                for index, name in enumerate(genres)
            ]
        if "tags" in inc:
            tags = [*genres, *(["seen live"] if genres and artist % 5 == 0 else [])]
            body["tags"] = [{"name": name, "count": 1 + index} for index, name in enumerate(tags)]
        return body

    def credits(self, artists: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return the artist credit, with the text between the names."""
        last = len(artists) - 1
        return [
            {
                "name": self.house.artist(self.world.artist(a)),
                "joinphrase": "" if index == last else " feat. ",
                "artist": self.artist_short(a),
            }
            for index, a in enumerate(artists)
        ]

    def recording(self, index: int, inc: set[str]) -> dict[str, Any]:
        """Return a recording; sometimes the version is not in its title."""
        row = self.world.track(index)
        title, _, version = self.house.title(row).partition(" (Live)")
        live = "live" if _ else ""
        body: dict[str, Any] = {
            "id": self.id_of("recording", index),
            "title": title + version,
            "length": self.house.duration_ms(row),
            "video": False,
            "disambiguation": live,
            "first-release-date": self.world.album(row.album).release_date or "",
        }
        code = self.house.isrc(row)
        if "isrcs" in inc:
            body["isrcs"] = [code] if code else []
        if "artist-credits" in inc:
            body["artist-credit"] = self.credits(row.artists)
        if "releases" in inc:
            body["releases"] = [self.release(row.album, set())]
        return body | self.words(row.artists[0], inc)

    def release(self, index: int, inc: set[str]) -> dict[str, Any]:
        """Return a release with its media."""
        row = self.world.album(index)
        body: dict[str, Any] = {
            "id": self.id_of("release", index),
            "title": row.name,
            "status": "Official",
            "date": row.release_date or "",
            "country": self._country(row.artists[0]) if row.artists else None,
            "barcode": row.upc or "",
            "disambiguation": "",
            "packaging": None,
            "quality": "normal",
            "asin": None,
            "text-representation": {"language": "eng", "script": "Latn"},
        }
        if "artist-credits" in inc:
            body["artist-credit"] = self.credits(row.artists)
        if "labels" in inc:
            label = {"catalog-number": None, "label": self.label(row.label)}
            body["label-info"] = [label] if row.label else []
        if "release-groups" in inc:
            body["release-group"] = self.group(index)
        if inc & {"media", "recordings"}:
            body["media"] = [self._medium(row, inc)]
        return body | (self.words(row.artists[0], inc) if row.artists else {})

    @staticmethod
    def label(name: str) -> dict[str, Any]:
        """Return a label as releases and look-ups show it."""
        key = uuid(KINDS["label"], hash_of(name) % 10**9)
        return {"id": key, "name": name, "sort-name": name, "disambiguation": ""}

    def release_group(self, index: int, inc: set[str]) -> dict[str, Any]:
        """Return a release group of look-ups, lists and searches."""
        row = self.world.album(index)
        body = self.group(index)
        if "artist-credits" in inc:
            body["artist-credit"] = self.credits(row.artists)
        if "releases" in inc:
            body["releases"] = [self.release(index, set())]
        return body | (self.words(row.artists[0], inc) if row.artists else {})

    def group(self, index: int) -> dict[str, Any]:
        """Return the release group of a release."""
        row = self.world.album(index)
        second = ["Compilation"] if row.album_type == "compilation" else []
        return {
            "id": self.id_of("release-group", index),
            "title": row.name,
            "primary-type": _TYPES.get(row.album_type, "Album"),
            "secondary-types": second,
            "first-release-date": row.release_date or "",
            "disambiguation": "",
        }

    def _medium(self, row: Album, inc: set[str]) -> dict[str, Any]:
        world = self.world
        tracks = [
            track
            for track in world.tracks_of(row.index)
            if self.has("recording", world.track(track).recording)
        ]
        body = {"position": 1, "format": "Digital Media", "title": "", "track-count": len(tracks)}
        if "recordings" not in inc:
            return body
        return body | {
            "track-offset": 0,
            "tracks": [
                self._track_at(track, position, inc) for position, track in enumerate(tracks, 1)
            ],
        }

    def _track_at(self, track: int, position: int, inc: set[str]) -> dict[str, Any]:
        recording = self.recording(self.world.track(track).recording, inc - {"releases"})
        return {
            "id": uuid(10, track),
            "number": str(position),
            "position": position,
            "title": recording["title"],
            "length": recording["length"],
            "recording": recording,
        }
