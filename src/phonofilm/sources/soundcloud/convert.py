"""SoundCloud's objects as records."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Sequence

from msgspec import UNSET, UnsetType

from phonofilm.records import (
    Artist,
    ArtistGenre,
    AudioFeatures,
    Comment,
    Maybe,
    Playlist,
    PlaylistEntry,
    Record,
    Tag,
    Track,
    WebProfile,
)
from phonofilm.records.values.dates import date_of_parts
from phonofilm.sources.contract import Finding
from phonofilm.sources.decode import each
from phonofilm.sources.musical_keys import key_or_text
from phonofilm.sources.record_builder import RecordBuilder, T, mapped, whole, without
from phonofilm.sources.soundcloud import api_types
from phonofilm.sources.soundcloud.api_types import tail
from phonofilm.sources.soundcloud.sets import is_set

SOURCE = "soundcloud"
_SLASHED = len("2019/01/15 15:40:49 +0000")
_TAG = re.compile(r'"([^"]+)"|([^ ]+)')
_POLICIES = {"SNIP": "preview", "BLOCK": "blocked", "ALLOW": "playable", "MONETIZE": "playable"}


def moment(text: str) -> str | None:
    """`2019/01/15 15:40:49 +0000` in ISO 8601, as the other shape has it; else as it came."""
    if len(text) == _SLASHED and text[4] == "/" and text.endswith(" +0000"):
        return f"{text[:4]}-{text[5:7]}-{text[8:10]}T{text[11:19]}Z"
    return text or None


def filled(text: str) -> str | None:
    """Return text, or null where it is empty: both are how people leave a field out."""
    return text or None


def picture(url: str) -> str | None:
    """Return a picture of 500 points instead of 100; the one that everybody has is none."""
    if not url or "default_avatar" in url:
        return None
    return url.replace("-large.", "-t500x500.")


def tags_of(text: str) -> list[str]:
    """Split tags: words, or several words in quotes; drop stray spaces and quotes."""
    tags = (match[1] or match[2] for match in _TAG.finditer(text))
    words = (word.strip(' "') for word in tags)
    return [w for w in dict.fromkeys(words) if w and not w.startswith("soundcloud:source=")]


class PageBuilder(RecordBuilder):
    """Builder of the records of one response."""

    def user(self, row: api_types.User) -> None:
        """Add an account that was listed or looked up."""
        if record := self._artist(row):
            self.page.records.append(record)

    def _artist(self, row: api_types.User) -> Artist | None:
        key = tail(row.urn, row.id)
        if not key:
            self._odd("malformed_item", "a user without an id")
            return None
        return Artist(
            SOURCE,
            key,
            name=mapped(row.username, filled),
            followers=mapped(row.followers_count, whole),
            followings=mapped(row.followings_count, whole),
            track_count=mapped(row.track_count, whole),
            playlist_count=mapped(row.playlist_count, whole),
            description=mapped(row.description, filled),
            location=_location(row),
            country=mapped(row.country_code, filled),
            created_at=mapped(row.created_at, moment),
            image_url=mapped(row.avatar_url, picture),
            background_url=_background(row),
            url=mapped(row.permalink_url, filled),
        )

    def _odd(self, kind: str, detail: str) -> None:
        self.page.findings.append(Finding(kind, detail))

    def track(self, row: api_types.Track) -> str:
        """Add an upload with its tags, measures and artist; return its id, else empty."""
        key = tail(row.urn, row.id)
        if not key:
            self._odd("malformed_item", "a track without an id")
            return ""
        owner = row.user if isinstance(row.user, api_types.User) else None
        if owner and (artist := self._artist(owner)):
            self._mentions.setdefault(("artist", artist.id), artist)
        self.page.records.append(_track(key, row, owner))
        self.page.records += _tags(key, row)
        self.page.records += _measures(key, row)
        return key

    def playlist(self, row: api_types.Playlist) -> None:
        """Add a set with its embedded tracks: full ones, and stubs with an id only."""
        key = tail(row.urn, row.id)
        if not key:
            self._odd("malformed_item", "a playlist without an id")
            return
        owner = row.user if isinstance(row.user, api_types.User) else None
        self.page.records.append(
            Playlist(
                SOURCE,
                key,
                name=mapped(row.title, filled),
                description=mapped(row.description, filled),
                owner_id=_who(owner) if owner else without(row.user),
                owner_name=mapped(owner.username, filled) if owner else without(row.user),
                track_count=mapped(row.track_count, whole),
                followers=mapped(row.likes_count, whole),
                public=mapped(row.sharing, lambda text: text == "public"),
                snapshot_id=mapped(row.last_modified, moment),
                image_url=mapped(row.artwork_url, picture),
                url=mapped(row.permalink_url, filled),
            )
        )
        embedded = row.tracks if isinstance(row.tracks, list) else []
        self.entries(key, 0, each(embedded, api_types.Track, self.page))

    def entries(
        self, playlist: str, first: int, tracks: Sequence[api_types.Track | UnsetType]
    ) -> None:
        """Add places in a set, from `first` on; a track that cannot be read leaves its place."""
        for position, track in enumerate(tracks, first):
            self.page.records.append(
                PlaylistEntry(
                    SOURCE,
                    f"{playlist}:{position}",
                    playlist_id=playlist,
                    position=position,
                    track_id=(self.track(track) or None) if track else None,
                    entry_type="track",
                )
            )

    def saved_comment(self, row: api_types.Comment) -> None:
        """Add a comment that names its track itself."""
        self.comment(row, "")

    def comment(self, row: api_types.Comment, track: str | None = None) -> None:
        """Add a comment; the account that wrote it may be gone, and so may the moment.

        Without a `track` it is of the requested one.
        """
        if track is None:
            track = self.request.ids[0] if self.request.ids else ""
        urn, user = row.urn, row.user  # the way of nearly all comes first: there are millions
        key = urn[urn.rfind(":") + 1 :] if urn else ""
        if not key.isdigit():
            key = tail(urn, (row.self or {}).get("urn"), row.id)
        if not key:
            self._odd("malformed_item", "a comment without an id")
            return
        written, at = row.created_at, row.timestamp
        self.page.records.append(
            Comment(
                SOURCE,
                key,
                track or tail(row.track_urn, row.track_id) or None,
                (tail(user.urn, user.id) if user else tail(row.user_urn, row.user_id)) or None,
                (user.username or None) if user else None,
                row.body,
                at if at.__class__ is int else _moment_of(at),
                moment(written) if written.__class__ is str else written,
            )
        )

    def web_profile(self, row: api_types.WebProfile) -> None:
        """Add a link on the requested artist's profile."""
        artist = self.request.ids[0]
        key = tail(row.urn, row.id) or row.url
        if not key or isinstance(key, UnsetType):
            self._odd("malformed_item", "a link without an address")
            return
        self.page.records.append(
            WebProfile(
                SOURCE,
                f"{artist}:{key}",
                artist_id=artist,
                service=row.service or row.network,
                title=row.title,
                username=row.username,
                url=row.url,
            )
        )

    def related_user(self, row: api_types.User) -> None:
        """Add an account in its place among those related to the requested one."""
        self.user(row)
        self.relate(SOURCE, tail(row.urn, row.id), self.position)

    def of_genre(self) -> None:
        """Assign the requested genre to all artists of the page."""
        genre = self.request.ids[0]
        for kind, key in list(self._mentions):
            if kind == "artist":
                self.page.records.append(
                    ArtistGenre(SOURCE, f"{key}:{genre}", artist_id=key, genre_id=genre)
                )


def _who(owner: api_types.User) -> Maybe[str]:
    return tail(owner.urn, owner.id) or None


def _location(row: api_types.User) -> Maybe[str]:
    """Return city and country, as far as they are known."""
    if isinstance(row.city, UnsetType) and isinstance(row.country, UnsetType):
        return UNSET
    parts = (row.city, row.country)
    return ", ".join(part for part in parts if isinstance(part, str) and part) or None


def _background(row: api_types.User) -> Maybe[str]:
    """Return the picture behind a profile, which only the API behind the pages tells."""
    if isinstance(row.visuals, UnsetType):
        return UNSET
    visuals = row.visuals.visuals if row.visuals else None
    return (visuals[0].visual_url or None) if visuals else None


def _moment_of(value: float | str | None | UnsetType) -> Maybe[int]:
    """Return milliseconds from a number or from text; anything else as it came."""
    if isinstance(value, UnsetType | None):
        return value
    if isinstance(value, str):
        is_number = value.strip().isascii() and value.strip().isdigit()
        return int(value) if is_number else typing.cast(int, value or None)
    return whole(value)


def _track(key: str, row: api_types.Track, owner: api_types.User | None) -> Track:
    publisher_metadata = row.publisher_metadata
    publisher = (
        publisher_metadata
        if isinstance(publisher_metadata, api_types.Publisher)
        else api_types.Publisher()
    )
    owner_id = tail(owner.urn, owner.id) if owner else tail(row.user_id)
    # A part of a track has a length of its own: 30 seconds.
    length = row.full_duration if isinstance(row.full_duration, int | float) else row.duration
    duration_ms = mapped(length, whole)
    title, description = mapped(row.title, filled), mapped(row.description, filled)
    likes = (
        row.likes_count if isinstance(row.favoritings_count, UnsetType) else row.favoritings_count
    )
    return Track(
        SOURCE,
        key,
        name=title,
        artist_ids=[owner_id] if owner_id else without(row.user),
        artist_names=_names(row, publisher, owner),
        duration_ms=duration_ms,
        album_name=mapped(publisher.album_title, filled),
        isrc=publisher.isrc if isinstance(row.isrc, UnsetType) else row.isrc,
        explicit=publisher.explicit,
        release_date=_released(row),
        genres=mapped(row.genre, lambda text: [text] if text else []),
        listens=mapped(row.playback_count, whole),
        likes=mapped(likes, whole),
        reposts=_reposts(row),
        comment_count=mapped(row.comment_count, whole),
        downloads=mapped(row.download_count, whole),
        description=description,
        created_at=mapped(row.created_at, moment),
        label=mapped(row.label_name, filled),
        is_set=UNSET
        if isinstance(length, UnsetType)
        else is_set(_known(duration_ms), _known(title), _known(description)),
        access=_access(row),
        licence_url=mapped(row.license, filled),
        audio_url=_audio(row),
        image_url=mapped(row.artwork_url, picture),
        waveform_url=mapped(row.waveform_url, filled),
        url=mapped(row.permalink_url, filled),
    )


def _known(value: Maybe[T]) -> T | None:
    return None if isinstance(value, UnsetType) else value


def _names(
    row: api_types.Track, publisher: api_types.Publisher, owner: api_types.User | None
) -> Maybe[list[str | None]]:
    """Return the credited artist, because labels and channels upload for others."""
    for name in (row.metadata_artist, publisher.artist):
        if isinstance(name, str) and name:
            return [name]
    if owner is None:
        return without(row.user)
    return UNSET if isinstance(owner.username, UnsetType) else [owner.username]


def _reposts(row: api_types.Track) -> Maybe[int]:
    """Drop a zero that stands for a hidden counter, as the API of the pages sends it."""
    quiet = row.playback_count is None and row.comment_count is None
    return None if quiet else mapped(row.reposts_count, whole)


def _released(row: api_types.Track) -> Maybe[str]:
    """Return the date as text, or joined from its parts."""
    if isinstance(row.release_date, str) or isinstance(row.release_year, UnsetType):
        return row.release_date
    parts = (row.release_year, row.release_month, row.release_day)
    return date_of_parts(*(part if isinstance(part, int) else None for part in parts))


def _access(row: api_types.Track) -> Maybe[str]:
    if isinstance(row.access, str) or isinstance(row.policy, UnsetType):
        return row.access
    return _POLICIES.get(row.policy or "")


def _audio(row: api_types.Track) -> Maybe[str]:
    """Return the whole sound, only where its uploader lets it be downloaded."""
    if isinstance(row.downloadable, UnsetType):
        return UNSET
    return (_known(row.download_url) or None) if row.downloadable else None


def _tags(key: str, row: api_types.Track) -> Iterator[Record]:
    if isinstance(row.tag_list, str):
        for name in tags_of(row.tag_list):
            yield Tag(
                SOURCE,
                f"track:{key}:{name}",
                of_kind="track",
                of_id=key,
                name=name,
                is_genre=False,
                licence=None,
            )


def _measures(key: str, row: api_types.Track) -> Iterator[Record]:
    """Return tempo and key, where the uploader gave one of them."""
    tempo = row.bpm if isinstance(row.bpm, int | float) and row.bpm else None
    name = row.key_signature if isinstance(row.key_signature, str) and row.key_signature else None
    if tempo or name:
        pitch, mode = key_or_text(name)
        yield AudioFeatures(SOURCE, key, tempo=tempo, key_name=name, key=pitch, mode=mode)
