"""SoundCloud's official objects over a world, with the nulls that were recorded."""

from __future__ import annotations

import time
from typing import Any

from phonofilm.sandbox.worlds.hashing import mix, pick, share
from phonofilm.sandbox.worlds.ids import Numbering
from phonofilm.sandbox.worlds.listening import Listening, TimedComment
from phonofilm.sandbox.worlds.spelling import SourceSpelling

IDS = Numbering("soundcloud")
_COMMENT = 3_000_000_000
_LICENCES = ("all-rights-reserved",) * 6 + ("cc-by", "cc-by-nc-sa")
_CITIES = (
    ("Berlin", "Germany"),
    ("Detroit", "United States"),
    ("São Paulo", "Brazil"),
    ("東京", "Japan"),
    (None, None),
    ("", None),
)


def slashed(seconds: float) -> str:
    """Format a date as the official API does: `2019/01/15 15:40:49 +0000`."""
    return time.strftime("%Y/%m/%d %H:%M:%S +0000", time.gmtime(seconds))


class Objects:
    """Everything the official API shows; `base` is the stand-in's own address."""

    def __init__(self, listening: Listening, house: SourceSpelling) -> None:
        self.listening, self.house, self.world = listening, house, listening.world

    def user_id(self, artist: int) -> int:
        """Return an artist's account."""
        return IDS.id_of("users", artist)

    def listener_id(self, listener: int) -> int:
        """Return a listener's account; they come after all artists."""
        return IDS.id_of("users", self.world.counts["artists"] + listener)

    def track_id(self, upload: int) -> int:
        """Return an upload's id."""
        return IDS.id_of("tracks", upload)

    def playlist_id(self, number: int) -> int:
        """Return the id of a set; an artist has the numbers `2 * artist` and the next."""
        return IDS.id_of("playlists", number)

    def comment_id(self, said: TimedComment) -> int:
        """Return a comment's id."""
        return _COMMENT + said.number

    def handle(self, artist: int) -> str:
        """Return the address of an artist's page."""
        plain = "".join(
            c if c.isascii() and c.isalnum() else "-" for c in self.world.artist(artist).name
        )
        return f"{plain.strip('-').lower() or 'artist'}-{artist}"

    def name(self, artist: int) -> str:
        """Return the name of an artist at this source."""
        return self.house.artist(self.world.artist(artist))

    def hides_figures(self, upload: int) -> bool:
        """Tell whether an artist hides counters, which are null then."""
        return share(801, upload, 1) < 0.03

    def hides_comments(self, upload: int) -> bool:
        """Tell whether an upload hides its comments from others."""
        return share(801, upload, 2) < 0.01

    def access(self, upload: int) -> str:
        """Return the access to the sound: playable, preview or blocked."""
        draw = share(801, upload, 3)
        return "blocked" if draw < 0.03 else "preview" if draw < 0.08 else "playable"

    def user(self, artist: int, base: str) -> dict[str, Any]:
        """Return an artist's whole profile."""
        row, key = self.world.artist(artist), self.user_id(artist)
        city, country = pick(_CITIES, 801, artist, 4)
        uploads = self.listening.uploads_of(artist)
        return self.small_user(artist, base) | {
            "city": city,
            "country": country,
            "first_name": "",
            "last_name": "",
            "full_name": "",
            "description": None if artist % 5 == 0 else self._about(row.main_genre),
            "followers_count": row.followers,
            "followings_count": mix(801, artist, 5) % 900,
            "track_count": len(uploads),
            "playlist_count": min(2, len(uploads)),
            "public_favorites_count": mix(801, artist, 6) % 400,
            "reposts_count": artist % 7,
            "plan": "Free",
            "website": None,
            "website_title": None,
            "discogs_name": None,
            "created_at": slashed(1_300_000_000 + mix(801, artist, 7) % 300_000_000),
            "subscriptions": [{"product": {"id": "free", "name": "Free"}}],
            "id": key,
        }

    @staticmethod
    def _about(genre: str) -> str:
        return f"{genre} since 2011 🎧\r\nbookings: none"

    def small_user(self, artist: int, base: str) -> dict[str, Any]:
        """Return an artist as a track shows it."""
        key, handle = self.user_id(artist), self.handle(artist)
        avatar = f"{base}/media/avatars-{artist:09d}-large.png"
        if artist % 9 == 4:
            avatar = "https://a1.sndcdn.com/images/default_avatar_large.png"
        return {
            "urn": f"soundcloud:users:{key}",
            "kind": "user",
            "username": self.name(artist),
            "permalink": handle,
            "permalink_url": f"https://soundcloud.com/{handle}",
            "uri": f"{base}/users/soundcloud:users:{key}",
            "avatar_url": avatar,
            "last_modified": slashed(1_700_000_000),
        }

    def listener(self, listener: int, base: str) -> dict[str, Any]:
        """Return a listener."""
        key, handle = self.listener_id(listener), self.listening.handle(listener)
        return {
            "urn": f"soundcloud:users:{key}",
            "kind": "user",
            "username": self.listening.name(listener),
            "permalink": handle,
            "permalink_url": f"https://soundcloud.com/{handle}",
            "uri": f"{base}/users/soundcloud:users:{key}",
            "avatar_url": "https://a1.sndcdn.com/images/default_avatar_large.png",
            "followers_count": listener % 50,
            "followings_count": listener % 70,
            "last_modified": slashed(1_690_000_000),
        }

    def title(self, upload: int) -> str:
        """Return a title; some name the artist first, some say where it is to be had."""
        if upload >= self.listening.tracks:
            return self.listening.extra_title(upload)
        row = self.world.track(upload)
        text, draw = self.house.title(row), share(801, row.recording, 8)
        if draw < 0.12:
            return f"{self.name(row.artists[0])} - {text}"
        if draw < 0.17:
            return f"{text} [Free Download]"
        return f"{text} (Original Mix)" if draw < 0.25 and "(" not in text else text

    def track(self, upload: int, base: str) -> dict[str, Any]:
        """Return a track as lists and look-ups show it."""
        listening, details = self.listening, self.listening.upload(upload)
        row = self.world.track(upload) if details.track is not None else None
        album = self.world.album(row.album) if row else None
        key = self.track_id(upload)
        length = (self.house.duration_ms(row) if row else None) or listening.duration_ms(upload)
        access = self.access(upload)
        handle, free = self.handle(details.artist), share(801, upload, 9) < 0.08
        genre = self.world.artist(details.artist).main_genre
        page = f"https://soundcloud.com/{handle}/track-{key}"
        return {
            "kind": "track",
            "urn": f"soundcloud:tracks:{key}",
            "title": self.title(upload),
            "duration": length,
            "created_at": slashed(1_400_000_000 + upload % 300_000_000),
            "description": listening.extra_text(upload)
            if row is None
            else ("" if upload % 3 else f"out on {album.label if album else ''} 🌍\r\n© all of us"),
            "genre": genre.title() if upload % 11 else None,
            "tag_list": f'{genre.split()[0]} "late night" "new " vinyl' if upload % 4 == 0 else "",
            # Null and empty in all 26 recorded tracks (2018 to 2026).
            "bpm": None,
            "key_signature": "",
            "isrc": self.house.isrc(row) if row else None,
            "label_name": album.label if album and upload % 2 else None,
            "metadata_artist": self.name(details.artist) if upload % 6 == 0 else None,
            "license": pick(_LICENCES, 801, upload, 11),
            "sharing": "public",
            "embeddable_by": "all",
            "streamable": access != "blocked",
            "commentable": True,
            "downloadable": free,
            "download_url": f"{base}/tracks/soundcloud:tracks:{key}/download" if free else None,
            "artwork_url": f"{base}/media/artworks-{(row.album if row else upload):09d}-large.png"
            if upload % 8
            else None,
            "waveform_url": f"{base}/media/wave{upload:09d}_m.png",
            "permalink_url": page,
            "uri": f"{base}/tracks/soundcloud:tracks:{key}",
            "access": access,
            "reveal_comments": not self.hides_comments(upload),
            "user": self.small_user(details.artist, base),
            **_UNUSED,
            **_date_fields(album.release_date if album else None),
            **self._figures(upload, free),
        }

    def _figures(self, upload: int, free: bool) -> dict[str, Any]:
        """Return the counters of a track, null where its artist hides them."""
        quiet, fame = self.hides_figures(upload), self.listening.fame(upload)
        figures = {
            "comment_count": self.listening.count(upload),
            "favoritings_count": fame * 7 + upload % 13,
            "reposts_count": fame + upload % 5,
            "playback_count": fame * 950 + upload % 997,
            "download_count": fame if free else 0,
        }
        shown = dict.fromkeys(figures) if quiet else figures
        return {**shown, "reveal_stats": not quiet}

    def comment(self, said: TimedComment, base: str) -> dict[str, Any]:
        """Return a comment; its moment is a number, a text or null."""
        key, upload = self.comment_id(said), said.number // 1000
        moment: int | str | None = said.at_ms
        if moment is not None and said.number % 10 == 3:
            moment = str(moment)
        user = None if said.writer is None else self.listener(said.writer, base)
        return {
            "kind": "comment",
            "urn": f"soundcloud:comments:{key}",
            "body": said.body,
            "created_at": slashed(said.written_at),
            "timestamp": moment,
            "track_urn": f"soundcloud:tracks:{self.track_id(upload)}",
            "user_urn": user["urn"] if user else None,
            "uri": f"{base}/comments/soundcloud:comments:{key}",
            "user": user,
        }

    def playlist(self, artist: int, slot: int, base: str, whole: bool) -> dict[str, Any]:
        """Return one of an artist's two sets; long ones embed stubs after five tracks."""
        uploads = self.listening.uploads_of(artist)[slot::2]
        key = self.playlist_id(artist * 2 + slot)
        tracks = [
            self.track(upload, base)
            if n < 5 or not whole
            else {
                "id": self.track_id(upload),
                "kind": "track",
                "policy": "ALLOW",
                "monetization_model": "NOT_APPLICABLE",
            }
            for n, upload in enumerate(uploads)
        ]
        return {
            "kind": "playlist",
            "urn": f"soundcloud:playlists:{key}",
            "title": ("The singles", "Everything else")[slot],
            "description": None,
            "track_count": len(uploads),
            "likes_count": artist % 90,
            "sharing": "public",
            "duration": sum(self.listening.duration_ms(u) for u in uploads),
            "playlist_type": "compilation" if slot else "album",
            "created_at": slashed(1_500_000_000),
            "last_modified": slashed(1_600_000_000),
            "artwork_url": None,
            "user": self.small_user(artist, base),
            "permalink_url": f"https://soundcloud.com/{self.handle(artist)}/sets/{slot}",
            "uri": f"{base}/playlists/soundcloud:playlists:{key}",
            "tracks": tracks,
        }

    def web_profiles(self, artist: int) -> list[dict[str, Any]]:
        """Return the web profiles of an artist."""
        handle = self.handle(artist)
        services = ("instagram", "personal", "bandcamp")[: artist % 4]
        return [
            {
                "urn": f"soundcloud:web-profiles:{IDS.id_of('labels', artist * 4 + n)}",
                "kind": "web-profile",
                "service": service,
                "title": service.title() if n else "",
                "url": f"https://{service}.example/{handle}",
                "username": handle if service != "personal" else None,
                "created_at": slashed(1_500_000_000 + artist),
            }
            for n, service in enumerate(services)
        ]


_UNUSED = {
    "purchase_url": None,
    "purchase_title": None,
    "release": None,
    "available_country_codes": None,
    "user_favorite": False,
    "user_playback_count": None,
    "secret_uri": None,
}


def _date_fields(date: str | None) -> dict[str, Any]:
    year, month, day = _parts(date)
    return {"release_year": year, "release_month": month, "release_day": day}


def _parts(date: str | None) -> tuple[int | None, int | None, int | None]:
    parts = [int(part) for part in (date or "").split("-") if part.isdigit()]
    padded = [*parts, None, None, None]
    return padded[0], padded[1], padded[2]
