"""Deezer's objects over a world: whole ids, seconds instead of milliseconds, its own spellings."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from phonofilm.sandbox.kernel.service import Clock
from phonofilm.sandbox.worlds.hashing import hash_of, mix
from phonofilm.sandbox.worlds.ids import Numbering
from phonofilm.sandbox.worlds.world import Album, Playlist, Track, World

IDS = Numbering("deezer")
PREVIEW_SECONDS = 900
_SIZES = ("small", "medium", "big", "xl")
_FORMS = {"compilation": "compile", "single": "single", "album": "album"}


class Objects:
    """Builds objects; `base` is the address that links start with."""

    def __init__(self, world: World, genres: list[str], clock: Clock) -> None:
        self.world, self.genres, self.clock = world, genres, clock
        self.base = ""

    def index_of(self, kind: str, text: str) -> int | None:
        """Return the index of an id, or None."""
        index = IDS.index_of(kind + "s", text)
        return None if index is None or index >= self.world.counts[kind + "s"] else index

    def _pictures(self, kind: str, key: int, word: str) -> dict[str, str]:
        urls = {f"{word}_{size}": self.picture(kind, str(key), size) for size in _SIZES}
        return {word: f"{self.base}/{kind}/{key}/image", **urls}

    def picture(self, kind: str, key: str, size: str = "medium") -> str:
        """Return the address of a picture."""
        return f"{self.base}/images/{kind}/{mix(hash_of(key), 4):016x}/{size}.jpg"

    def artist_short(self, index: int) -> dict[str, Any]:
        """Return the artist inside tracks and albums."""
        key = IDS.id_of("artists", index)
        return {
            "id": key,
            "name": self.world.artist(index).name,
            "link": f"https://www.deezer.com/artist/{key}",
            **self._pictures("artist", key, "picture"),
            "radio": True,
            "tracklist": f"{self.base}/artist/{key}/top?limit=50",
            "type": "artist",
        }

    def artist(self, index: int) -> dict[str, Any]:
        """Return the artist of lookups, searches and related lists, with its counts."""
        row = self.world.artist(index)
        body = self.artist_short(index)
        return body | {"nb_album": len(self.world.albums_of(index)), "nb_fan": row.followers * 3}

    def genre(self, position: int) -> dict[str, Any]:
        """Return a genre; its id is its position in the list."""
        name = self.genres[position]
        return {
            "id": position,
            "name": name.title(),
            **self._pictures("genre", position, "picture"),
            "type": "genre",
        }

    def genre_of(self, album: Album) -> int:
        """Return the id of an album's genre, -1 where Deezer knows none."""
        if not album.artists:
            return -1
        person = self.world.artist(album.artists[0])
        if not person.genres:
            return -1
        return self.genres.index(self.world.parents.get(person.main_genre, person.main_genre))

    def album_short(self, index: int) -> dict[str, Any]:
        """Return the album inside tracks."""
        row, key = self.world.album(index), IDS.id_of("albums", index)
        return {
            "id": key,
            "title": row.name,
            "link": f"https://www.deezer.com/album/{key}",
            **self._pictures("album", key, "cover"),
            "md5_image": f"{mix(key, 4):032x}",
            "tracklist": f"{self.base}/album/{key}/tracks",
            "type": "album",
        }

    def album_listed(self, index: int) -> dict[str, Any]:
        """Return the album in an artist's list."""
        row = self.world.album(index)
        return self.album_short(index) | {
            "genre_id": self.genre_of(row),
            "fans": row.popularity * 211,
            "release_date": _day(row.release_date),
            "record_type": _FORMS[row.album_type],
            "explicit_lyrics": False,
        }

    def album_found(self, index: int) -> dict[str, Any]:
        """Return the album in searches and charts."""
        row = self.world.album(index)
        body = self.album_listed(index)
        del body["fans"], body["release_date"]
        people = [self.artist_short(a) for a in row.artists[:1]]
        return body | {"nb_tracks": row.total_tracks, "artist": people[0] if people else None}

    def album(self, index: int) -> dict[str, Any]:
        """Return the album of a look-up, its tracks embedded."""
        row = self.world.album(index)
        tracks = [self.track_listed(t) for t in self.world.tracks_of(index)]
        genre = self.genre_of(row)
        return self.album_listed(index) | {
            "upc": row.upc or "",
            "share": self._share("albums", index),
            "genres": {"data": [self.genre(genre)] if genre >= 0 else []},
            "label": row.label,
            "nb_tracks": row.total_tracks,
            "duration": sum(track["duration"] for track in tracks),
            "available": True,
            "contributors": [self.artist_short(a) | {"role": "Main"} for a in row.artists],
            "artist": self.artist_short(row.artists[0]) if row.artists else None,
            "tracks": {"data": tracks},
        }

    def track_listed(self, index: int) -> dict[str, Any]:
        """Return the track in lists: no ISRC, no BPM, no place on its album."""
        row, key = self.world.track(index), IDS.id_of("tracks", index)
        title = _spelled(row)
        return {
            "id": key,
            "readable": True,
            "title": title,
            "title_short": title,
            "title_version": "",
            "link": f"https://www.deezer.com/track/{key}",
            "duration": row.duration_ms // 1000,
            "rank": row.popularity * 9_900 + mix(index, 9) % 9_000,
            "explicit_lyrics": row.explicit,
            "explicit_content_lyrics": int(row.explicit),
            "explicit_content_cover": 0,
            "preview": self._preview(index),
            "artist": self.artist_short(row.artists[0]) if row.artists else None,
            "album": self.album_short(row.album),
            "type": "track",
        }

    def track_placed(self, index: int) -> dict[str, Any]:
        """Return the track in an album's own list: with ISRC and place, without its album."""
        row = self.world.track(index)
        body = self.track_listed(index)
        del body["album"]
        return body | {
            "isrc": row.isrc or "",
            "track_position": row.track_number,
            "disk_number": row.disc_number,
        }

    def track(self, index: int) -> dict[str, Any]:
        """Return the track of a look-up: everything. BPM is 0 for many."""
        row = self.world.track(index)
        tempo = row.features["tempo"] if row.features and mix(row.recording, 7) % 5 > 1 else 0
        return self.track_placed(index) | {
            "share": self._share("tracks", index),
            "release_date": _day(self.world.album(row.album).release_date),
            "bpm": tempo,
            "gain": round(row.features["loudness"] - 3, 1) if row.features else 0,
            "available_countries": ["DE", "FR", "GB", "US"],
            "contributors": [
                self.artist_short(a) | {"role": "Main" if n == 0 else "Featured"}
                for n, a in enumerate(row.artists)
            ],
            "album": self.album_short(row.album)
            | {"release_date": _day(self.world.album(row.album).release_date)},
        }

    def _share(self, kind: str, index: int) -> str:
        now = int(self.clock.now())
        return f"https://www.deezer.com/{kind[:-1]}/{IDS.id_of(kind, index)}?utm_term={now}"

    def _preview(self, index: int) -> str:
        if mix(index, 5) % 10 == 0:
            return ""
        expires = int(self.clock.now()) + PREVIEW_SECONDS
        stem = f"/previews/{mix(index, 6):032x}.mp3"
        return f"{self.base}{stem}?hdnea=exp={expires}~acl={stem}*~hmac={mix(index, expires):016x}"

    def playlist_listed(self, index: int) -> dict[str, Any]:
        """Return the playlist in searches and charts."""
        row, key = self.world.playlist(index), IDS.id_of("playlists", index)
        return {
            "id": key,
            "title": row.name,
            "public": True,
            "nb_tracks": row.size,
            "link": f"https://www.deezer.com/playlist/{key}",
            **self._pictures("playlist", key, "picture"),
            "checksum": f"{mix(index, 8):032x}",
            "tracklist": f"{self.base}/playlist/{key}/tracks",
            "creation_date": "2019-03-04 10:11:12",
            "user": self._owner(row),
            "type": "playlist",
        }

    def playlist(self, index: int) -> dict[str, Any]:
        """Return the playlist of a look-up, its tracks embedded."""
        row = self.world.playlist(index)
        body = self.playlist_listed(index)
        body["creator"] = body.pop("user")
        tracks = [self.entry(index, position) for position in range(row.size)]
        return body | {
            "description": row.description,
            "duration": sum(track["duration"] for track in tracks),
            "is_loved_track": False,
            "collaborative": False,
            "fans": row.followers,
            "tracks": {"data": tracks, "checksum": body["checksum"]},
        }

    def entry(self, playlist: int, position: int) -> dict[str, Any]:
        """Return one track of a playlist with the time it was added."""
        tracks = self.world.tracks_in(playlist)
        return self.track_listed(tracks[position]) | {"time_add": 1_530_283_958 + position * 86_400}

    def _owner(self, row: Playlist) -> dict[str, Any]:
        key = crc32(row.owner.encode())
        return {
            "id": key,
            "name": row.owner,
            "tracklist": f"{self.base}/user/{key}/flow",
            "type": "user",
        }


def _day(date: str | None) -> str:
    """Return a date as Deezer writes it: whole days, unknown parts as zeros or ones."""
    if not date:
        return "0000-00-00"
    return date + {4: "-01-01", 7: "-01"}.get(len(date), "")


def _spelled(row: Track) -> str:
    """Return a title in Deezer's spelling: versions in brackets, and/& mixed."""
    head, dash, version = (row.name or "").partition(" - ")
    name = f"{head} ({version})" if dash else head
    return name.replace(" & ", " and ") if mix(row.recording, 12) % 3 == 0 else name
