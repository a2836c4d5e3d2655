"""The records of music. Durations in milliseconds, dates with their precision, ids as given."""

from __future__ import annotations

from typing import Annotated, ClassVar

from phonofilm.records.base import ABSENT, Maybe, Record, note
from phonofilm.records.values.traits import (
    COUNT,
    DATE,
    DECIBELS,
    DURATION_MS,
    INSTANT,
    ISRC,
    ORDINAL,
    PLACED_WORDS,
    POPULARITY,
    SHARE,
    TEMPO,
    UNIX_SECONDS,
    UPC,
    Figure,
    Id,
    IdList,
)


class Artist(Record):
    """A person or group that makes music."""

    kind: ClassVar[str] = "artist"
    plural: ClassVar[str] = "artists"

    name: Annotated[Maybe[str], note("as the source spells it", core=True)] = ABSENT
    genres: Annotated[Maybe[list[str]], note("the source's own genres", core=True)] = ABSENT
    popularity: Annotated[
        Maybe[int],
        note("0 to 100, the source's own figure", core=True, time_varying=True, trait=POPULARITY),
    ] = ABSENT
    followers: Annotated[
        Maybe[int], note("followers or fans", core=True, time_varying=True, trait=COUNT)
    ] = ABSENT
    listeners: Annotated[
        Maybe[int], note("people who listened", time_varying=True, trait=COUNT)
    ] = ABSENT
    listens: Annotated[Maybe[int], note("times listened to", time_varying=True, trait=COUNT)] = (
        ABSENT
    )
    album_count: Annotated[Maybe[int], note("albums the source counts", trait=COUNT)] = ABSENT
    artist_type: Annotated[Maybe[str], note("person, group, orchestra ...")] = ABSENT
    aliases: Annotated[Maybe[list[str]], note("other names, other scripts included")] = ABSENT
    disambiguation: Annotated[Maybe[str], note("distinguishes it from others of its name")] = ABSENT
    country: Annotated[Maybe[str], note("ISO 3166-1, two letters")] = ABSENT
    begin_date: Annotated[
        Maybe[str], note("born or founded, as precise as the source", trait=DATE)
    ] = ABSENT
    description: Annotated[Maybe[str], note("text of the profile")] = ABSENT
    location: Annotated[Maybe[str], note("city and country, in the source's words")] = ABSENT
    followings: Annotated[
        Maybe[int], note("accounts the artist follows", time_varying=True, trait=COUNT)
    ] = ABSENT
    track_count: Annotated[
        Maybe[int], note("tracks the source counts", time_varying=True, trait=COUNT)
    ] = ABSENT
    playlist_count: Annotated[Maybe[int], note("playlists the source counts", trait=COUNT)] = ABSENT
    created_at: Annotated[
        Maybe[str], note("when the profile was made, ISO 8601", trait=INSTANT)
    ] = ABSENT
    image_url: Annotated[Maybe[str], note("largest picture")] = ABSENT
    background_url: Annotated[Maybe[str], note("picture behind the profile")] = ABSENT
    url: Annotated[Maybe[str], note("the artist's page at the source")] = ABSENT


class Album(Record):
    """A release, as the source groups its tracks."""

    kind: ClassVar[str] = "album"
    plural: ClassVar[str] = "albums"
    list_size: ClassVar[str] = "total_tracks"

    name: Annotated[Maybe[str], note("title", core=True)] = ABSENT
    album_type: Annotated[Maybe[str], note("album, single, ep or compilation", core=True)] = ABSENT
    artist_ids: Annotated[
        Maybe[list[str]],
        note("album artists, in order", core=True, trait=IdList("artist", names="artist_names")),
    ] = ABSENT
    artist_names: Annotated[
        Maybe[list[str | None]], note("their names, in the same order", trait=PLACED_WORDS)
    ] = ABSENT
    release_date: Annotated[
        Maybe[str],
        note("YYYY, YYYY-MM or YYYY-MM-DD: as precise as the source", core=True, trait=DATE),
    ] = ABSENT
    release_date_precision: Annotated[Maybe[str], note("year, month or day")] = ABSENT
    total_tracks: Annotated[Maybe[int], note("tracks the source counts", trait=COUNT)] = ABSENT
    label: Annotated[Maybe[str], note("record label", core=True)] = ABSENT
    upc: Annotated[Maybe[str], note("barcode, 12 to 14 digits, zero-padded", trait=UPC)] = ABSENT
    genres: Annotated[Maybe[list[str]], note("the source's genres of the album")] = ABSENT
    popularity: Annotated[Maybe[int], note("0 to 100", time_varying=True, trait=POPULARITY)] = (
        ABSENT
    )
    fans: Annotated[Maybe[int], note("people who saved it", time_varying=True, trait=COUNT)] = (
        ABSENT
    )
    duration_ms: Annotated[
        Maybe[int], note("sum of its tracks, milliseconds", trait=DURATION_MS)
    ] = ABSENT
    group_id: Annotated[Maybe[str], note("groups editions of one release")] = ABSENT
    disambiguation: Annotated[Maybe[str], note("distinguishes it from others of its name")] = ABSENT
    licence_url: Annotated[Maybe[str], note("the licence the music itself is under")] = ABSENT
    image_url: Annotated[Maybe[str], note("cover")] = ABSENT
    url: Annotated[Maybe[str], note("the album's page at the source")] = ABSENT


class Track(Record):
    """A recording on a release."""

    kind: ClassVar[str] = "track"
    plural: ClassVar[str] = "tracks"
    list_fields: ClassVar[tuple[str, ...]] = ("album_id",)
    list_owner: ClassVar[str] = "album"

    name: Annotated[Maybe[str], note("title", core=True)] = ABSENT
    artist_ids: Annotated[
        Maybe[list[str]],
        note("artists, in order", core=True, trait=IdList("artist", names="artist_names")),
    ] = ABSENT
    artist_names: Annotated[
        Maybe[list[str | None]], note("their names, in the same order", trait=PLACED_WORDS)
    ] = ABSENT
    album_id: Annotated[
        Maybe[str], note("the release it was found on", core=True, trait=Id("album"))
    ] = ABSENT
    album_name: Annotated[Maybe[str], note("its title")] = ABSENT
    duration_ms: Annotated[Maybe[int], note("milliseconds", core=True, trait=DURATION_MS)] = ABSENT
    isrc: Annotated[Maybe[str], note("recording code, 12 characters", core=True, trait=ISRC)] = (
        ABSENT
    )
    explicit: Annotated[Maybe[bool], note("explicit lyrics")] = ABSENT
    track_number: Annotated[Maybe[int], note("place on its disc, from 1", trait=ORDINAL)] = ABSENT
    disc_number: Annotated[Maybe[int], note("disc, from 1", trait=ORDINAL)] = ABSENT
    release_date: Annotated[Maybe[str], note("as precise as the source", trait=DATE)] = ABSENT
    popularity: Annotated[
        Maybe[int], note("0 to 100", core=True, time_varying=True, trait=POPULARITY)
    ] = ABSENT
    rank: Annotated[
        Maybe[int],
        note("Deezer's rank, 0 to 1,000,000, higher is better", time_varying=True, trait=COUNT),
    ] = ABSENT
    preview_url: Annotated[Maybe[str], note("30 seconds of sound; may expire")] = ABSENT
    preview_expires_at: Annotated[
        Maybe[int], note("Unix seconds; null when the address does not expire", trait=UNIX_SECONDS)
    ] = ABSENT
    genres: Annotated[Maybe[list[str]], note("the source's genres of the track")] = ABSENT
    listeners: Annotated[
        Maybe[int], note("people who listened", time_varying=True, trait=COUNT)
    ] = ABSENT
    listens: Annotated[Maybe[int], note("times listened to", time_varying=True, trait=COUNT)] = (
        ABSENT
    )
    likes: Annotated[Maybe[int], note("people who like it", time_varying=True, trait=COUNT)] = (
        ABSENT
    )
    reposts: Annotated[
        Maybe[int], note("people who reposted it", time_varying=True, trait=COUNT)
    ] = ABSENT
    comment_count: Annotated[
        Maybe[int], note("comments the source counts", time_varying=True, trait=COUNT)
    ] = ABSENT
    downloads: Annotated[Maybe[int], note("times downloaded", time_varying=True, trait=COUNT)] = (
        ABSENT
    )
    description: Annotated[Maybe[str], note("text by the uploader")] = ABSENT
    created_at: Annotated[Maybe[str], note("when it was put there, ISO 8601", trait=INSTANT)] = (
        ABSENT
    )
    mix_name: Annotated[Maybe[str], note("which mix, where it is not in the title")] = ABSENT
    remixer_ids: Annotated[
        Maybe[list[str]], note("remixers, in order", trait=IdList("artist", names="remixer_names"))
    ] = ABSENT
    remixer_names: Annotated[
        Maybe[list[str | None]], note("their names, in the same order", trait=PLACED_WORDS)
    ] = ABSENT
    label: Annotated[Maybe[str], note("record label")] = ABSENT
    label_id: Annotated[Maybe[str], note("the source's id of the label", trait=Id("label"))] = (
        ABSENT
    )
    catalog_number: Annotated[Maybe[str], note("the label's own number")] = ABSENT
    is_set: Annotated[Maybe[bool], note("a DJ set, detected by length and words")] = ABSENT
    access: Annotated[Maybe[str], note("playable, preview (a part only) or blocked")] = ABSENT
    disambiguation: Annotated[Maybe[str], note("version, where the title does not say it")] = ABSENT
    licence_url: Annotated[Maybe[str], note("the licence the music itself is under")] = ABSENT
    audio_url: Annotated[Maybe[str], note("the whole sound, where it may be downloaded")] = ABSENT
    image_url: Annotated[Maybe[str], note("artwork")] = ABSENT
    waveform_url: Annotated[Maybe[str], note("picture of its loudness")] = ABSENT
    is_local: Annotated[Maybe[bool], note("a file of the playlist's owner")] = ABSENT
    url: Annotated[Maybe[str], note("the track's page at the source")] = ABSENT


class AudioFeatures(Record):
    """Audio features that a source measured in a recording; `id` is the track's."""

    kind: ClassVar[str] = "features"
    plural: ClassVar[str] = "features"
    id_kind: ClassVar[str] = "track"

    danceability: Annotated[Maybe[float], note("0 to 1", trait=SHARE)] = ABSENT
    energy: Annotated[Maybe[float], note("0 to 1", trait=SHARE)] = ABSENT
    key: Annotated[Maybe[int], note("pitch class, 0 is C, -1 unknown", trait=Figure(-1, 11))] = (
        ABSENT
    )
    key_name: Annotated[Maybe[str], note("the key as the source writes it")] = ABSENT
    loudness: Annotated[Maybe[float], note("dB, about -60 to 0", trait=DECIBELS)] = ABSENT
    mode: Annotated[Maybe[int], note("1 major, 0 minor", trait=Figure(0, 1))] = ABSENT
    speechiness: Annotated[Maybe[float], note("0 to 1", trait=SHARE)] = ABSENT
    acousticness: Annotated[Maybe[float], note("0 to 1", trait=SHARE)] = ABSENT
    instrumentalness: Annotated[Maybe[float], note("0 to 1", trait=SHARE)] = ABSENT
    liveness: Annotated[Maybe[float], note("0 to 1", trait=SHARE)] = ABSENT
    valence: Annotated[Maybe[float], note("0 to 1", trait=SHARE)] = ABSENT
    tempo: Annotated[Maybe[float], note("beats per minute; null when unknown", trait=TEMPO)] = (
        ABSENT
    )
    time_signature: Annotated[
        Maybe[int],
        note("beats in a bar; null when unknown", trait=Figure(1, 16, zero_unknown=True)),
    ] = ABSENT
    gain_db: Annotated[Maybe[float], note("replay gain, dB", trait=DECIBELS)] = ABSENT
    duration_ms: Annotated[Maybe[int], note("milliseconds", trait=DURATION_MS)] = ABSENT


class Playlist(Record):
    """A list of tracks that a person made."""

    kind: ClassVar[str] = "playlist"
    plural: ClassVar[str] = "playlists"
    list_size: ClassVar[str] = "track_count"

    name: Annotated[Maybe[str], note("title", core=True)] = ABSENT
    description: Annotated[Maybe[str], note("as written")] = ABSENT
    owner_id: Annotated[Maybe[str], note("personal: a keyed hash unless keep_names")] = ABSENT
    owner_name: Annotated[Maybe[str], note("personal: a keyed hash unless keep_names")] = ABSENT
    track_count: Annotated[
        Maybe[int], note("entries the source counts", core=True, trait=COUNT)
    ] = ABSENT
    followers: Annotated[
        Maybe[int], note("people who follow it", time_varying=True, trait=COUNT)
    ] = ABSENT
    public: Annotated[Maybe[bool], note("listed publicly")] = ABSENT
    collaborative: Annotated[Maybe[bool], note("others may edit it")] = ABSENT
    snapshot_id: Annotated[Maybe[str], note("the source's version of the list")] = ABSENT
    image_url: Annotated[Maybe[str], note("cover")] = ABSENT
    url: Annotated[Maybe[str], note("the playlist's page at the source")] = ABSENT


class PlaylistEntry(Record):
    """One place in a playlist; `id` is `playlist:position`."""

    kind: ClassVar[str] = "playlist_entry"
    plural: ClassVar[str] = "entries"
    list_fields: ClassVar[tuple[str, ...]] = ("playlist_id",)
    list_owner: ClassVar[str] = "playlist"
    list_item: ClassVar[str] = "track_id"

    playlist_id: Annotated[
        Maybe[str], note("the playlist", trait=Id("playlist", required=True))
    ] = ABSENT
    position: Annotated[Maybe[int], note("from 0", trait=COUNT)] = ABSENT
    track_id: Annotated[
        Maybe[str], note("null for local files, episodes, withdrawn", trait=Id("track"))
    ] = ABSENT
    entry_type: Annotated[
        Maybe[str], note("track, episode, local or withdrawn; null when unreadable")
    ] = ABSENT
    added_at: Annotated[Maybe[str], note("ISO 8601", trait=INSTANT)] = ABSENT


class Genre(Record):
    """A genre in a source's own list."""

    kind: ClassVar[str] = "genre"
    plural: ClassVar[str] = "genres"

    name: Annotated[Maybe[str], note("as the source spells it", core=True)] = ABSENT
    parent_id: Annotated[
        Maybe[str], note("the genre above it, where the source has one", trait=Id("genre"))
    ] = ABSENT


class ArtistGenre(Record):
    """A genre under which a source lists an artist; `id` is `artist:genre`."""

    kind: ClassVar[str] = "artist_genre"
    plural: ClassVar[str] = "artist_genres"

    artist_id: Annotated[Maybe[str], note("the artist", trait=Id("artist", required=True))] = ABSENT
    genre_id: Annotated[Maybe[str], note("the genre", trait=Id("genre", required=True))] = ABSENT


class ArtistRelation(Record):
    """An artist whom a source calls similar to another; `id` is `artist:other`."""

    kind: ClassVar[str] = "artist_relation"
    plural: ClassVar[str] = "relations"
    list_fields: ClassVar[tuple[str, ...]] = ("artist_id",)
    list_owner: ClassVar[str] = "artist"
    list_item: ClassVar[str] = "related_id"

    artist_id: Annotated[
        Maybe[str], note("the requested artist", trait=Id("artist", required=True))
    ] = ABSENT
    related_id: Annotated[
        Maybe[str], note("the similar artist", trait=Id("artist", required=True))
    ] = ABSENT
    position: Annotated[Maybe[int], note("place in the source's list, from 0", trait=COUNT)] = (
        ABSENT
    )


class Tag(Record):
    """A tag that people gave an entity at a source, with its licence; `id` is `kind:id:name`."""

    kind: ClassVar[str] = "tag"
    plural: ClassVar[str] = "tags"
    key_fields: ClassVar[tuple[str, ...]] = ("of_kind", "of_id", "name")
    list_fields: ClassVar[tuple[str, ...]] = ("of_kind", "of_id")
    list_item: ClassVar[str] = "name"

    of_kind: Annotated[Maybe[str], note("artist, album or track")] = ABSENT
    of_id: Annotated[
        Maybe[str], note("the source's id of the entity", trait=Id("entity", required=True))
    ] = ABSENT
    name: Annotated[
        Maybe[str], note("the word, as the source spells it", trait=Id("tag", required=True))
    ] = ABSENT
    votes: Annotated[Maybe[int], note("people who gave this tag", trait=COUNT)] = ABSENT
    is_genre: Annotated[Maybe[bool], note("the source counts it among its genres")] = ABSENT
    licence: Annotated[Maybe[str], note("licence of the tag")] = ABSENT


class ExternalId(Record):
    """An id of an entity at another source, as stated; `id` is `kind:id:scheme:value`."""

    kind: ClassVar[str] = "external_id"
    plural: ClassVar[str] = "external_ids"
    key_fields: ClassVar[tuple[str, ...]] = ("of_kind", "of_id", "scheme", "value")
    list_fields: ClassVar[tuple[str, ...]] = ("of_kind", "of_id")
    list_item: ClassVar[str] = "value"

    of_kind: Annotated[Maybe[str], note("artist, album, track or title")] = ABSENT
    of_id: Annotated[
        Maybe[str], note("the source's id of the entity", trait=Id("entity", required=True))
    ] = ABSENT
    scheme: Annotated[Maybe[str], note("a source of ours, isrc, or where ids come from")] = ABSENT
    value: Annotated[Maybe[str], note("the id there", trait=Id("external", required=True))] = ABSENT


class Label(Record):
    """A record label."""

    kind: ClassVar[str] = "label"
    plural: ClassVar[str] = "labels"

    name: Annotated[Maybe[str], note("as the source spells it", core=True)] = ABSENT
    image_url: Annotated[Maybe[str], note("its sign")] = ABSENT
    url: Annotated[Maybe[str], note("the label's page at the source")] = ABSENT


class ChartEntry(Record):
    """A place in a chart on a day; `id` is `chart:day:position`."""

    kind: ClassVar[str] = "chart_entry"
    plural: ClassVar[str] = "chart_entries"
    key_fields: ClassVar[tuple[str, ...]] = ("chart_id", "day", "position")
    list_fields: ClassVar[tuple[str, ...]] = ("chart_id", "day")
    list_item: ClassVar[str] = "track_id"

    chart_id: Annotated[Maybe[str], note("the chart: a genre's, or all")] = ABSENT
    day: Annotated[Maybe[str], note("day of the request, UTC, YYYY-MM-DD", trait=DATE)] = ABSENT
    position: Annotated[Maybe[int], note("from 1", trait=ORDINAL)] = ABSENT
    track_id: Annotated[Maybe[str], note("the track in that place", trait=Id("track"))] = ABSENT
