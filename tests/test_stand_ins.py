"""What all stand-ins share with the real services: each inherits these tests."""

from __future__ import annotations

import re

import pytest

from phonofilm.sandbox.kernel.server import MUSIC
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sandbox.worlds.spelling import SourceSpelling
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


def test_titles_have_the_shapes_of_real_ones_as_often_as_those() -> None:
    world = GeneratedWorld(400, 5)
    titles = [world.title(track) for track in range(world.counts["tracks"])]

    def share_of(pattern: str) -> float:
        return sum(bool(re.search(pattern, title)) for title in titles) / len(titles)

    # Of 28,352 real tracks, January 2020; versions are words after a dash that are no edition.
    assert share_of(" - ") == pytest.approx(0.10, abs=0.02)
    assert share_of(r" - .+ Remix$") == pytest.approx(0.045, abs=0.015)
    assert share_of("'") == pytest.approx(0.074, abs=0.015)
    assert share_of("&") == pytest.approx(0.030, abs=0.01)
    assert share_of("[áéíöü]") == pytest.approx(0.036, abs=0.01)
    assert share_of(r"\d") == pytest.approx(0.055, abs=0.015)


def test_a_source_writes_versions_guests_and_editions_in_real_ways() -> None:
    world = GeneratedWorld(200, 5)
    house = SourceSpelling(world, 1501, guests=True)
    rows = [world.track(track) for track in range(world.counts["tracks"])]
    guests = [house.title(row) for row in rows if len(row.artists) > 1]
    assert sum("(feat. " in title for title in guests) / len(guests) > 0.75
    assert any("(with " in title for title in guests)
    written = [house.title(row) for row in rows]
    editions = [title for title in written if "emaster" in title]
    assert 0.01 < len(editions) / len(written) < 0.05
    assert {re.sub(r"\d{4}", "Y", title.rpartition(" - ")[2]) for title in editions} >= {
        "Y Remaster",
        "Remastered Y",
        "Remastered",
    }
