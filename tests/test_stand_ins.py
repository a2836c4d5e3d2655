"""What all stand-ins share with the real services: each inherits these tests."""

from __future__ import annotations

import re

import pytest

from phonofilm.sandbox.kernel.server import MUSIC
from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response
from tests.genuine import DATE, send, server_of

SEARCHED = [n for n in MUSIC if "search_artist" in get(n).manifest.endpoints]


def found(source: str, text: str) -> list[str]:
    """The ids of the artists that a search of a source finds, in its order."""
    request = Request("search_artist", (text,))
    answer = send(server_of(source, 400), source, request)
    page = get(source).parse(request, Response(200, DATE, answer.body, "http://x"))
    return [record.id for record in page.records if record.kind == "artist"]


@pytest.mark.parametrize("source", SEARCHED)
def test_a_search_folds_accents_and_capitals_and_finds_beginnings(source: str) -> None:
    served = server_of(source, 400)
    numbers = served.true_ids("artists").items()
    names = {key: served.world.artist(index).name for key, index in numbers}
    accented = next(key for key, name in names.items() if re.search("[áéíöü]", name))
    unaccented = names[accented].translate(str.maketrans("áéíöü", "aeiou"))
    assert accented in found(source, names[accented])
    assert accented in found(source, unaccented.upper())
    plain = next(key for key, name in names.items() if re.fullmatch(r"\w+ \w+ \d+", name, re.A))
    assert found(source, names[plain].upper())[0] == plain
    # Lucene, behind MusicBrainz, finds beginnings where a star stands.
    beginning = names[plain][:-1] + "*" * (source == "musicbrainz")
    assert plain in found(source, beginning)
