"""Files in the data folder: sound, pictures, waveforms."""

from __future__ import annotations

from typing import Annotated, ClassVar

from phonofilm.records.base import ABSENT, Maybe, Record, note
from phonofilm.records.values.traits import COUNT, DURATION_MS, Id


class Sound(Record):
    """A sound file in this folder that may be kept; `id` is its path there."""

    kind: ClassVar[str] = "sound"
    plural: ClassVar[str] = "sounds"

    track_id: Annotated[Maybe[str], note("the track it is, or is a part of", trait=Id("track"))] = (
        ABSENT
    )
    bytes: Annotated[Maybe[int], note("size of the file", trait=COUNT)] = ABSENT
    sha256: Annotated[Maybe[str], note("of the file, in hex")] = ABSENT
    duration_ms: Annotated[
        Maybe[int], note("milliseconds; null when not measured", trait=DURATION_MS)
    ] = ABSENT
    licence_url: Annotated[Maybe[str], note("the licence it is under")] = ABSENT


class Media(Record):
    """A picture, sound or waveform in `media/`; `id` is `kind:id:role` of its owner."""

    kind: ClassVar[str] = "media"
    plural: ClassVar[str] = "media"

    of_kind: Annotated[Maybe[str], note("artist, album, track or playlist")] = ABSENT
    of_id: Annotated[Maybe[str], note("the source's id of the owner", trait=Id("entity"))] = ABSENT
    role: Annotated[
        Maybe[str], note("artwork, profile, background, waveform, samples, preview or audio")
    ] = ABSENT
    url: Annotated[Maybe[str], note("URL it was fetched from, without secrets")] = ABSENT
    path: Annotated[Maybe[str], note("path in the data folder, named by its hash")] = ABSENT
    sha256: Annotated[Maybe[str], note("of the file, in hex")] = ABSENT
    bytes: Annotated[Maybe[int], note("size of the file", trait=COUNT)] = ABSENT
    content_type: Annotated[Maybe[str], note("detected from the content, not from its name")] = (
        ABSENT
    )
    licence: Annotated[Maybe[str], note("licence as the source states it")] = ABSENT
    page_url: Annotated[Maybe[str], note("the page to link back to")] = ABSENT
