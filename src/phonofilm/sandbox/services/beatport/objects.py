"""Beatport's objects (API v4) over a world, with the nulls and drifts that were counted."""

from __future__ import annotations

from typing import Any

from phonofilm.sandbox.worlds.hashing import hash_of, mix, pick, share, uuid
from phonofilm.sandbox.worlds.ids import Numbering
from phonofilm.sandbox.worlds.spelling import SourceSpelling
from phonofilm.sandbox.worlds.titles import is_version
from phonofilm.sandbox.worlds.world import Track

_KEYS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_COUNTRIES = ("UK", "US", "DE", "OZ", "FR")
IDS = Numbering("beatport")
_HOST = "https://api.beatport.com"
_NO_FACE = "0dc61986-bccf-49d4-8fad-6b147ea8f327"


class Objects:
    """Everything the API shows; files lie at `base`, the stand-in's own address."""

    def __init__(self, house: SourceSpelling, genres: dict[str, int]) -> None:
        self.house, self.world, self._genres = house, house.world, genres
        self.base = ""

    def artist(self, index: int) -> dict[str, Any]:
        """Return a person; a country distinguishes some namesakes."""
        name = self.house.artist(self.world.artist(index))
        if share(902, index, 1) < 0.03:
            name += f" ({pick(_COUNTRIES, 902, index, 2)})"
        face = _NO_FACE if index % 3 == 0 else uuid(9, index)
        key = IDS.id_of("artists", index)
        return {
            "id": key,
            "name": name,
            "slug": _slug(name),
            "image": self._image("590x404", face, index),
            "url": f"{_HOST}/v4/catalog/artists/{key}/",
        }

    @property
    def _media(self) -> str:
        return f"{self.base}/image_size"

    def _image(self, size: str, name: str, key: int) -> dict[str, Any]:
        return {
            "id": IDS.id_of("pictures", key),
            "uri": f"{self._media}/{size}/{name}.jpg",
            "dynamic_uri": f"{self._media}/{{w}}x{{h}}/{name}.jpg",
        }

    def label(self, name: str) -> dict[str, Any]:
        """Return a label."""
        key = IDS.id_of("labels", hash_of(name) % 9_999_991)
        return {
            "id": key,
            "name": name,
            "slug": _slug(name),
            "image": self._image("500x500", uuid(10, key), key),
        }

    def genre(self, name: str) -> dict[str, Any]:
        """Return a genre; its id is what stays."""
        return {
            "id": self._genres[name],
            "name": name.title(),
            "slug": _slug(name),
            "url": f"{_HOST}/v4/catalog/genres/{self._genres[name]}/",
        }

    def title(self, row: Track) -> tuple[str, str]:
        """Name and mix; some mixes stand in the name, too."""
        text = self.house.title(row)
        head, dash, tail = text.partition(" - ")
        if dash and is_version(tail):
            return head, tail
        head, bracket, tail = text.removesuffix(")").rpartition(" (")
        if bracket and text.endswith(")") and is_version(tail):
            return (text if share(902, row.index, 3) < 0.2 else head), tail
        return text, "Original Mix"

    def release(self, index: int, whole: bool = False) -> dict[str, Any]:
        """Return a release; one in two hundred has lost its tracks and artists."""
        album = self.world.album(index)
        lost, key = share(902, index, 4) < 0.005, IDS.id_of("albums", index)
        release = {
            "id": key,
            "name": album.name,
            "slug": _slug(album.name),
            "image": self._image("1400x1400", uuid(11, index), index),
            "label": self.label(album.label),
        }
        if not whole:
            return release
        day = _day(album.release_date)
        return release | {
            "artists": [] if lost else [self.artist(a) for a in album.artists],
            "remixers": [],
            "bpm_range": {"min": None, "max": None},
            "catalog_number": f"CAT{index:05d}",
            "desc": None,
            "enabled": True,
            "encoded_date": f"{day}T10:00:00-06:00",
            "exclusive": False,
            "is_explicit": False,
            "new_release_date": day,
            "publish_date": day,
            "override_price": None,
            "pre_order": False,
            "pre_order_date": None,
            "track_count": 0 if lost else album.total_tracks,
            "type": {"id": 1, "name": album.album_type.title()},
            "upc": album.upc,
            "updated": f"{day}T10:00:00-06:00",
            "url": f"{_HOST}/v4/catalog/releases/{key}/",
        }

    def track(self, index: int, detail: bool = False) -> dict[str, Any]:
        """Return a track; without its number in lists."""
        row = self.world.track(index)
        album, key = self.world.album(row.album), IDS.id_of("tracks", index)
        name, mixed = self.title(row)
        length = self.house.duration_ms(row)
        day, sound = _day(album.release_date), uuid(12, index)
        owner = self.world.artist(row.artists[0])
        people = [self.artist(a) for a in row.artists]
        track = {
            "id": key,
            "name": "" if share(902, index, 5) < 0.0008 else name,
            "mix_name": mixed,
            "slug": _slug(name),
            "artists": people + (people[:1] if index % 97 == 0 else []),
            "remixers": self._remixers(row, mixed),
            "available_worldwide": index % 5 > 0,
            "bpm": None if share(902, index, 6) < 0.01 else self._bpm(row),
            "key": None if share(902, index, 7) < 0.01 else _key(row),
            "catalog_number": f"CAT{row.album:05d}",
            "current_status": {
                "id": 10,
                "name": "General Content",
                "url": f"{_HOST}/v4/auxiliary/current-status/10/",
            },
            "encoded_date": f"{day}T02:18:24-07:00",
            "genre": self.genre(owner.main_genre),
            "sub_genre": self.genre(owner.genres[-1])
            if owner.genres[1:] and share(902, index, 8) < 0.175
            else None,
            "image": {
                "id": key,
                "uri": f"{self._media}/1500x250/{sound}.png",
                "dynamic_uri": f"{self._media}/{{w}}x{{h}}/{sound}.png",
            },
            "is_explicit": row.explicit,
            "isrc": self.house.isrc(row),
            "label_track_identifier": f"{key}",
            "length": None if length is None else f"{length // 60_000}:{length // 1000 % 60:02d}",
            "length_ms": length,
            "new_release_date": day,
            "publish_date": day,
            "release": self.release(row.album),
            "sample_url": f"{self.base}/samples/track/{sound}.LOFI.mp3",
            "url": f"{_HOST}/v4/catalog/tracks/{key}/",
            **_CONSTANT_TRACK_FIELDS,
        }
        return track | {"number": row.track_number, "hidden": False} if detail else track

    def _remixers(self, row: Track, mixed: str) -> list[dict[str, Any]]:
        if "Mix" not in mixed or mixed == "Original Mix":
            return []
        return [self.artist(mix(902, row.recording, 9) % self.world.counts["artists"])]

    @staticmethod
    def _bpm(row: Track) -> int | None:
        """Return whole beats per minute, sometimes half of them."""
        if not row.features:
            return None
        tempo = float(row.features["tempo"])
        return round(tempo / 2 if share(902, row.recording, 10) < 0.02 else tempo)


_CONSTANT_TRACK_FIELDS: dict[str, Any] = {
    "bsrc_remixer": [],
    "free_downloads": [],
    "free_download_start_date": None,
    "free_download_end_date": None,
    "publish_status": "published",
    "exclusive": False,
    "is_available_for_streaming": True,
    "is_ugc_remix": False,
    "is_dj_edit": False,
    "is_dj_version": False,
    "is_hype": False,
    "pre_order": False,
    "pre_order_date": None,
    "price": {"code": "EUR", "symbol": "€", "value": 1.39, "display": "€1.39"},
    "sale_type": {"id": 1, "name": "purchase"},
    "sample_start_ms": 60_000,
    "sample_end_ms": 180_000,
}


def _key(row: Track) -> dict[str, Any] | None:
    if not row.features:
        return None
    letter, major = _KEYS[int(row.features["key"])], bool(row.features["mode"])
    mode = "Major" if major else "Minor"
    return {
        "camelot_number": 1,
        "camelot_letter": "B" if major else "A",
        "chord_type": {
            "id": 2 if major else 1,
            "name": mode,
            "url": f"{_HOST}/v4/catalog/chord-types/{2 if major else 1}/",
        },
        "id": 1 + int(row.features["key"]) + 12 * major,
        "is_sharp": False,
        "is_flat": letter.endswith("b"),
        "letter": letter[0],
        "name": f"{letter} {mode}",
        "url": f"{_HOST}/v4/catalog/keys/1/",
    }


def _slug(name: str) -> str:
    plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower())
    return "-".join(part for part in plain.split("-") if part) or "-"


def _day(date: str | None) -> str:
    text = date or "2009"
    return text + {4: "-01-01", 7: "-01"}.get(len(text), "")
