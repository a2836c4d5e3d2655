"""Names as they are compared: script-safe, stable, versions and guests taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.identity.names import artist_key, people_of, plain, title, version_key


@given(st.text(max_size=60))
def test_a_comparable_name_compares_as_itself(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert artist_key(artist_key(text)) == artist_key(text)


@given(st.text(max_size=60))
def test_a_title_taken_apart_stays_apart(text: str) -> None:
    once = title(text)
    assert title(once.song).song == once.song
    assert version_key(once.version) == once.version


@given(st.text(min_size=1, max_size=40).filter(str.strip))
def test_case_does_not_matter(text: str) -> None:
    if text.lower().upper().lower() == text.lower() and text.isascii():
        assert plain(text.upper()) == plain(text.lower())


@given(st.text(alphabet="абвгдежзиклмнопрстуфхцчшщыэюя", min_size=1, max_size=20))
def test_other_scripts_keep_something_to_compare(text: str) -> None:
    assert plain(text)


@pytest.mark.parametrize(
    ("spelling", "other"),
    [
        ("The Beatles", "Beatles, The"),
        ("Björk", "BJORK"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("Guns N’ Roses", "Guns N' Roses"),
        ("Ли́ния", "Линия"),
        ("Sigur Rós", "Sigur Ros"),
    ],
)
def test_spellings_of_one_artist_have_one_key(spelling: str, other: str) -> None:
    assert artist_key(spelling) == artist_key(other)


def test_names_of_signs_alone_stay_names() -> None:
    assert plain("!!!") == "!!!"
    assert plain("🎧") == plain(plain("🎧")) != ""
    assert artist_key("The The") == "the"


@pytest.mark.parametrize(
    ("text", "song", "version", "guests"),
    [
        ("Rain - Live in Berlin", "rain", "berlin live", ()),
        ("Rain (Live)", "rain", "live", ()),
        ("Rain (feat. Ana & Bo) - Radio Edit", "rain", "edit radio", ("ana", "bo")),
        ("Rain ft. Ana", "rain", "", ("ana",)),
        ("Rain - Remastered 2011", "rain", "", ()),
        ("Rain (2009 Remaster)", "rain", "", ()),
        ("Rain (Original Mix)", "rain", "", ()),
        ("Sex (I'm A ...)", "sex im a", "", ()),
        ("Echo, Pt. 2", "echo part 2", "", ()),
        ("Echo, Part 2", "echo part 2", "", ()),
        ("前世", "qianshi", "", ()),
        ("(Live)", "live", "live", ()),
    ],
)
def test_titles_are_taken_apart(text: str, song: str, version: str, guests: tuple) -> None:
    assert title(text) == (song, version, guests)


def test_everybody_who_is_named_is_found_once() -> None:
    assert people_of(["Ana feat. Bo", "Cy", None], ("bo", "dee")) == ["ana", "bo", "cy", "dee"]
