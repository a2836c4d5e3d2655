"""Addresses in MusicBrainz's relations: of the right kind, and not ended."""

from __future__ import annotations

import msgspec
import pytest

from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.musicbrainz.other_catalogues import elsewhere

MBID = "89ad4ac3-39f7-470e-963a-56509c546378"


@pytest.mark.parametrize(
    ("address", "kind", "expected"),
    [
        ("https://www.deezer.com/artist/777", "artist", ("deezer", "777")),
        ("https://www.deezer.com/fr/artist/777", "artist", ("deezer", "777")),
        ("https://www.deezer.com/album/302127", "artist", None),
        ("https://www.deezer.com/album/302127", "album", ("deezer", "302127")),
        ("https://music.apple.com/gb/song/rain/1440", "track", ("itunes", "1440")),
        ("https://music.apple.com/gb/song/rain/1440", "album", None),
        ("https://www.discogs.com/release/12", "album", ("discogs", "12")),
        ("https://www.discogs.com/artist/12", "album", None),
        ("https://www.wikidata.org/wiki/Q42", "album", ("wikidata", "Q42")),
        ("https://www.imdb.com/name/nm0000001/", "artist", ("imdb", "nm0000001")),
        ("https://www.imdb.com/name/nm0000001/", "track", None),
        ("https://example.org/artist/777", "artist", None),
    ],
)
def test_an_address_counts_for_entities_of_its_kind(address: str, kind: str, expected) -> None:
    assert elsewhere(address, kind) == expected


@pytest.mark.parametrize("ended", [True, False, None])
def test_a_relation_that_ended_states_no_id(ended: bool | None) -> None:
    relation = {"type": "free streaming", "url": {"resource": "https://www.deezer.com/artist/777"}}
    relation |= {} if ended is None else {"ended": ended}
    artist = {"id": MBID, "name": "Ada Quartet", "relations": [relation]}
    response = Response(200, {}, msgspec.json.encode(artist))
    page = get("musicbrainz").parse(Request("artist", (MBID,)), response)
    ids = [record.value for record in page.records if record.kind == "external_id"]
    assert ids == ([] if ended else ["777"])
