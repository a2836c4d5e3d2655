"""The API behind SoundCloud's pages, for clients that ask it and for answers to save.

It is no live way of ours; its shapes are those recorded in 2026, its `client_id` is any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from phonofilm.sandbox.kernel.service import HttpRequest, HttpResponse, json_response
from phonofilm.sandbox.services.soundcloud.objects import IDS, Objects
from phonofilm.sandbox.worlds.listening import TimedComment
from phonofilm.sandbox.worlds.world import Catalogue

_DEFAULT = 20


def iso(seconds: float) -> str:
    """Format a date as `2024-09-01T17:45:16Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _unslashed(text: str) -> str:
    return text.replace("/", "-").replace(" +0000", "Z").replace(" ", "T")


class BehindThePages:
    """Responses in the shapes of api-v2."""

    def __init__(self, objects: Objects, catalogue: Catalogue) -> None:
        self._objects, self._catalogue = objects, catalogue
        self._listening = objects.listening

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request; an unknown path is `{}` with 404."""
        parts = request.path.strip("/").split("/")
        kind, rest = parts[0], parts[1:]
        index = self._index(kind, rest[0]) if rest else None
        if parts == ["search", "users"]:
            rows = self._catalogue.named(request.query.get("q", ""))
            return self._page(request, "v2_search", rows, lambda row: self.user(row, request.base))
        if parts == ["tracks"] and "ids" in request.query:
            uploads = [self._index(kind, text) for text in request.query["ids"].split(",")[:50]]
            return json_response(
                "v2_tracks", [self.track(u, request.base) for u in uploads if self._there(u)]
            )
        if kind == "users" and index is not None and index < len(self._catalogue.everyone):
            return self._of_user(index, rest[1:], request)
        if kind == "tracks" and self._there(index):
            return self._of_track(index, rest[1:], request)
        return json_response("v2_missing", {}, 404)

    @staticmethod
    def _index(kind: str, text: str) -> int | None:
        if kind not in ("users", "tracks"):
            return None
        return IDS.index_of(kind, text.rsplit(":", 1)[-1])

    def _there(self, upload: int | None) -> TypeGuard[int]:
        return (
            upload is not None
            and upload < self._listening.uploads
            and self._listening.exists(upload)
        )

    def _of_user(self, artist: int, rest: list[str], request: HttpRequest) -> HttpResponse:
        if not rest:
            return json_response("v2_user", self.user(artist, request.base))
        if rest == ["tracks"]:
            rows = self._listening.uploads_of(artist)
            return self._page(
                request, "v2_user_tracks", rows, lambda u: self.track(u, request.base)
            )
        return json_response("v2_missing", {}, 404)

    def _of_track(self, upload: int, rest: list[str], request: HttpRequest) -> HttpResponse:
        if not rest:
            return json_response("v2_track", self.track(upload, request.base))
        if rest == ["comments"]:
            rows = [
                said
                for said in self._listening.said(upload)
                if said.writer is not None and said.at_ms is not None
            ]
            return self._page(
                request, "v2_comments", rows, lambda said: self.comment(said, request.base)
            )
        return json_response("v2_missing", {}, 404)

    @staticmethod
    def _page(
        request: HttpRequest, endpoint: str, rows: Sequence[Any], build: Callable[[Any], Any]
    ) -> HttpResponse:
        limit, offset = request.query.get("limit", ""), request.query.get("offset", "")
        size = int(limit) if limit.isdecimal() else _DEFAULT
        start = int(offset) if offset.isdecimal() else 0
        body: dict[str, Any] = {"collection": [build(row) for row in rows[start : start + size]]}
        if start + size < len(rows):
            client = request.query["client_id"]
            body["next_href"] = (
                f"{request.base}{request.path}"
                f"?offset={start + size}&limit={size}&client_id={client}"
            )
        return json_response(endpoint, body)

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
            "last_modified": _unslashed(official["last_modified"]),
            "badges": {
                "pro": False,
                "creator_mid_tier": False,
                "pro_unlimited": False,
                "verified": False,
            },
            "station_urn": f"soundcloud:system-playlists:artist-stations:{key}",
            "station_permalink": f"artist-stations:{key}",
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
            "created_at": _unslashed(row["created_at"]),
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
            "created_at": _unslashed(row["created_at"]),
            "last_modified": _unslashed(row["created_at"]),
            "display_date": _unslashed(row["created_at"]),
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
