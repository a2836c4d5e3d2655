"""Records of people: timed comments on tracks, and the profiles of artists elsewhere."""

from __future__ import annotations

from typing import Annotated, ClassVar

from phonofilm.records.base import ABSENT, Maybe, Record, note
from phonofilm.records.values.traits import INSTANT, VERBATIM, Figure, Id


class Comment(Record):
    """A listener's comment at a moment of a track; names and mentions are keyed hashes."""

    kind: ClassVar[str] = "comment"
    plural: ClassVar[str] = "comments"

    track_id: Annotated[Maybe[str], note("the track", core=True, trait=Id("track"))] = ABSENT
    user_id: Annotated[Maybe[str], note("personal: a keyed hash unless keep_names")] = ABSENT
    user_name: Annotated[Maybe[str], note("personal: a keyed hash unless keep_names")] = ABSENT
    body: Annotated[Maybe[str], note("the text, exactly", core=True, trait=VERBATIM)] = ABSENT
    timestamp_ms: Annotated[
        Maybe[int], note("position in the track, milliseconds", trait=Figure(0, 10**10))
    ] = ABSENT
    created_at: Annotated[Maybe[str], note("when it was written, ISO 8601", trait=INSTANT)] = ABSENT


class WebProfile(Record):
    """A profile of an artist at another service, as the artist links to it."""

    kind: ClassVar[str] = "web_profile"
    plural: ClassVar[str] = "web_profiles"
    list_fields: ClassVar[tuple[str, ...]] = ("artist_id",)
    list_owner: ClassVar[str] = "artist"
    list_item: ClassVar[str] = "url"

    artist_id: Annotated[Maybe[str], note("the artist", trait=Id("artist"))] = ABSENT
    service: Annotated[Maybe[str], note("instagram, personal ...")] = ABSENT
    title: Annotated[Maybe[str], note("label of the link")] = ABSENT
    username: Annotated[Maybe[str], note("the artist's name there")] = ABSENT
    url: Annotated[Maybe[str], note("its address")] = ABSENT
