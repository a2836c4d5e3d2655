"""Objects in the shapes of the API behind SoundCloud's pages, as recorded in 2026."""

from __future__ import annotations

import time
from typing import Any

from phonofilm.sandbox.services.soundcloud.objects import Objects
from phonofilm.sandbox.worlds.listening import TimedComment


def iso(seconds: float) -> str:
    """Format a date as `2024-09-01T17:45:16Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def unslashed(text: str) -> str:
    """Return a date of the official API as `2024-09-01T17:45:16Z`."""
    return text.replace("/", "-").replace(" +0000", "Z").replace(" ", "T")


class PageObjects:
    """Everything that the API behind the pages shows."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._listening = objects.listening

    def small_user(self, official: dict[str, Any]) -> dict[str, Any]:
        """Return an account in the other shape."""
        key = int(official["urn"].rsplit(":", 1)[-1])
        return {
            "id": key,
            "urn": official["urn"],
            "kind": "user",
            "username": official["username"],
            "avatar_url": official["avatar_url"],
            "permalink": official["permalink"],
            "permalink_url": official["permalink_url"],
            "uri": official["uri"],
            "first_name": "",
            "last_name": "",
            "full_name": "",
            "followers_count": official.get("followers_count", 0),
            "verified": False,
            "city": None,
            "country_code": None,
            "last_modified": unslashed(official["last_modified"]),
            "badges": {
                "pro": False,
                "creator_mid_tier": False,
                "pro_unlimited": False,
                "verified": False,
            },
            "station_urn": f"soundcloud:system-playlists:artist-stations:{key}",
            "station_permalink": f"artist-stations:{key}",
        }

    def listener(self, listener: int, base: str) -> dict[str, Any]:
        """Return a listener with the counts of a whole profile."""
        row = self._objects.listener(listener, base)
        counts = ("comments_count", "groups_count", "likes_count", "playlist_likes_count")
        more = ("playlist_count", "track_count")
        product = {"product": {"id": "free"}}
        return self.small_user(row) | {
            **dict.fromkeys((*counts, *more), 0),
            "created_at": None,
            "creator_subscriptions": [product],
            "creator_subscription": product,
            "description": None,
            "followings_count": row["followings_count"],
            "reposts_count": None,
            "visuals": None,
        }

    def playlist(self, number: int, base: str) -> dict[str, Any]:
        """Return a set; tracks after the fifth are stubs."""
        artist, slot = divmod(number, 2)
        row = self._objects.playlist(artist, slot, base, whole=True)
        key = self._objects.playlist_id(number)
        uploads = self._listening.uploads_of(artist)[slot::2]
        tracks = [
            self.track(upload, base) if n < 5 else row["tracks"][n]
            for n, upload in enumerate(uploads)
        ]
        created = unslashed(row["created_at"])
        return {
            "id": key,
            "urn": row["urn"],
            "kind": "playlist",
            "title": row["title"],
            "user": self.user(artist, base),
            "user_id": self._objects.user_id(artist),
            "permalink": f"{slot}",
            "tracks": tracks,
            "is_album": slot == 0,
            "set_type": "album" if slot == 0 else "",
            "managed_by_feeds": False,
            "published_at": created,
            "created_at": created,
            "display_date": created,
            "last_modified": unslashed(row["last_modified"]),
            **{name: row[name] for name in _SAME_PLAYLIST_FIELDS},
            **_CONSTANT_PLAYLIST_FIELDS,
        }

    def user(self, artist: int, base: str) -> dict[str, Any]:
        """Return an artist's profile; only this shape has the background picture."""
        row = self._objects.user(artist, base)
        visual = {
            "urn": f"soundcloud:visuals:{artist}",
            "entry_time": 0,
            "visual_url": f"{base}/media/artworks-{artist:09d}-original.png",
        }
        return self.small_user(row) | {
            "city": row["city"],
            "comments_count": 0,
            "created_at": unslashed(row["created_at"]),
            "creator_subscriptions": [{"product": {"id": "free"}}],
            "creator_subscription": {"product": {"id": "free"}},
            "description": row["description"],
            "followings_count": row["followings_count"],
            "groups_count": 0,
            "likes_count": 0,
            "playlist_likes_count": 0,
            "playlist_count": row["playlist_count"],
            "reposts_count": None,
            "track_count": row["track_count"],
            "visuals": {
                "urn": f"soundcloud:users:{row['id']}",
                "enabled": True,
                "visuals": [visual],
                "tracking": None,
            }
            if artist % 2
            else None,
        }

    def track(self, upload: int, base: str) -> dict[str, Any]:
        """Return a track; a preview is thirty seconds long and names the full length too."""
        row = self._objects.track(upload, base)
        key = self._objects.track_id(upload)
        policy = {"preview": "SNIP", "blocked": "BLOCK"}.get(row["access"], "ALLOW")
        length = row["duration"]
        return {
            "id": key,
            "urn": row["urn"],
            "kind": "track",
            "title": row["title"],
            "user": self.user(self._listening.upload(upload).artist, base),
            "user_id": self._objects.user_id(self._listening.upload(upload).artist),
            "duration": 30_000 if policy == "SNIP" else length,
            "full_duration": length,
            "description": row["description"],
            "genre": row["genre"],
            "tag_list": row["tag_list"],
            "label_name": row["label_name"],
            "license": row["license"],
            "policy": policy,
            "downloadable": row["downloadable"],
            "comment_count": row["comment_count"],
            "likes_count": row["favoritings_count"],
            "playback_count": row["playback_count"],
            "download_count": row["download_count"],
            "reposts_count": row["reposts_count"] or 0,
            "artwork_url": row["artwork_url"],
            "waveform_url": row["waveform_url"].replace(".png", ".json"),
            "permalink": f"track-{key}",
            "permalink_url": row["permalink_url"],
            "uri": row["uri"],
            "created_at": unslashed(row["created_at"]),
            "last_modified": unslashed(row["created_at"]),
            "display_date": unslashed(row["created_at"]),
            "media": {"transcodings": _transcodings(base, policy, length)},
            "publisher_metadata": {
                "id": key,
                "urn": row["urn"],
                "contains_music": True,
                "isrc": row["isrc"],
            }
            if row["isrc"]
            else None,
            **_CONSTANT_TRACK_FIELDS,
        }

    def comment(self, said: TimedComment, base: str) -> dict[str, Any]:
        """Return a comment with numbers for ids."""
        key, upload = self._objects.comment_id(said), said.number // 1000
        official = self._objects.listener(said.writer or 0, base)
        return {
            "kind": "comment",
            "id": key,
            "body": said.body,
            "created_at": iso(said.written_at),
            "timestamp": said.at_ms,
            "track_id": self._objects.track_id(upload),
            "user_id": self._objects.listener_id(said.writer or 0),
            "self": {"urn": f"soundcloud:comments:{key}"},
            "user": self.small_user(official),
        }


_SAME_PLAYLIST_FIELDS = (
    "track_count",
    "likes_count",
    "sharing",
    "duration",
    "artwork_url",
    "permalink_url",
    "uri",
    "description",
)
_CONSTANT_PLAYLIST_FIELDS: dict[str, Any] = {
    "reposts_count": 0,
    "public": True,
    "secret_token": None,
    "release_date": None,
    "embeddable_by": "all",
    "genre": "",
    "label_name": None,
    "license": "all-rights-reserved",
    "purchase_title": None,
    "purchase_url": None,
    "tag_list": "",
}
_CONSTANT_TRACK_FIELDS = {
    "monetization_model": "NOT_APPLICABLE",
    "sharing": "public",
    "state": "finished",
    "public": True,
    "streamable": True,
    "commentable": True,
    "has_downloads_left": True,
    "embeddable_by": "all",
    "caption": None,
    "purchase_title": None,
    "purchase_url": None,
    "release_date": None,
    "secret_token": None,
    "visuals": None,
    "station_urn": None,
    "station_permalink": None,
    "track_authorization": "x.y.z",
}


def _transcodings(base: str, policy: str, length_ms: int) -> list[dict[str, Any]]:
    """Return the streams of a track; a blocked one has none."""
    if policy == "BLOCK":
        return []
    return [
        {
            "url": f"{base}/media/x/stream/hls",
            "preset": "aac_160k",
            "duration": length_ms,
            "snipped": policy == "SNIP",
            "format": {"protocol": "hls", "mime_type": "audio/mp4"},
            "quality": "sq",
            "is_legacy_transcoding": False,
        }
    ]
