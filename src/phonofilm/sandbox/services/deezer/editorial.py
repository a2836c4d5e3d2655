"""What editors of Deezer make: a radio and an editorial for each genre; facts of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phonofilm.sandbox.services.deezer.objects import Objects

_RADIO = 30_000
_TRACKS = 25


class Editorial:
    """Radios, editorials and facts of the service; `artists_of` lists the artists of a genre."""

    def __init__(self, objects: Objects, artists_of: Callable[[int], list[int]]) -> None:
        self._objects, self._artists_of = objects, artists_of

    def radio(self, genre: int) -> dict[str, Any]:
        """Return the radio of a genre."""
        row, key = self._objects.genre(genre), _RADIO + genre
        return {
            "id": key,
            "title": row["name"],
            "description": f"{row['name']} without a pause",
            "share": f"https://www.deezer.com/mixes/genre/{key}",
            **{name: value for name, value in row.items() if name.startswith("picture")},
            "tracklist": f"{self._objects.base}/radio/{key}/tracks",
            "md5_image": f"{key:032x}",
            "type": "radio",
        }

    def genre_of_radio(self, key: str) -> int | None:
        """Return the genre of a radio's id, or None."""
        genre = int(key) - _RADIO if key.isdecimal() and len(key) < 10 else -1
        return genre if 0 <= genre < len(self._objects.genres) else None

    def radios(self) -> list[dict[str, Any]]:
        """Return all radios."""
        return [self.radio(genre) for genre in range(1, len(self._objects.genres))]

    def radios_by_genre(self) -> list[dict[str, Any]]:
        """Return the radios under the genres that they belong to."""
        return [
            {"id": genre, "title": self._objects.genres[genre].title(), "radios": [radio]}
            for genre, radio in enumerate(self.radios(), 1)
        ]

    def radio_tracks(self, genre: int) -> list[int]:
        """Return tracks of the artists of a genre."""
        world = self._objects.world
        people = self._artists_of(genre)[:_TRACKS]
        return [world.tracks_of(world.albums_of(artist)[0])[0] for artist in people]

    def editorial(self, genre: int) -> dict[str, Any]:
        """Return the editorial of a genre."""
        return self._objects.genre(genre) | {"type": "editorial"}

    def releases(self, genre: int) -> list[int]:
        """Return the newest albums of the artists of a genre."""
        return [self._objects.world.albums_of(artist)[-1] for artist in self._artists_of(genre)]

    @staticmethod
    def infos() -> dict[str, Any]:
        """Return what the service says about the country of a request."""
        return {
            "country_iso": "DE",
            "country": "Germany",
            "open": True,
            "pop": "eu",
            "upload_token": "",
            "upload_token_lifetime": 0,
            "user_token": None,
            "hosts": {"stream": "", "images": ""},
            "ads": {},
            "has_podcasts": False,
            "offers": [],
        }

    @staticmethod
    def options() -> dict[str, Any]:
        """Return what a listener without an account may do."""
        names = ("streaming", "offline", "hq", "ads_display", "ads_audio", "preview", "radio")
        return {name: name in ("preview", "ads_display") for name in names} | {"type": "options"}
