"""Names as they are compared: script-safe, stable, versions and guests taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.identity.names import Title, people_of, readable, remark_of, title
from phonofilm.records.names import are_same_artist_names, artist_key, plain, spaceless_key


@given(st.text(max_size=60))
def test_a_comparable_name_compares_as_itself(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert artist_key(artist_key(text)) == artist_key(text)
    assert artist_key(text).replace(" ", "") == spaceless_key(text)


@given(st.text(max_size=60))
def test_a_title_taken_apart_stays_apart(text: str) -> None:
    once = title(text)
    assert title(once.song).song == once.song
    assert remark_of(f"{once.version} version").version == once.version


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
        ("Destiny's Child", "Destinys Child"),
        ("Bjørn Torske", "Bjorn Torske"),
        ("MØ", "Mo"),
        ("Øresund Ensemble", "oresund ensemble"),
        ("Łukasz", "Lukasz"),
        ("Guns N' Roses", "Guns and Roses"),
        ("Rock 'n' Roll Band", "Rock & Roll Band"),
        ("Florence + The Machine", "Florence and the Machine"),
        ("C+C Music Factory", "C & C Music Factory"),
        ("Ke$ha", "Kesha"),
        ("A$AP Rocky", "ASAP Rocky"),
        ("$uicideboy$", "Suicideboys"),
        ("Joey Bada$$", "joey badass"),
        ("P!nk", "Pink"),
        ("Panic! At The Disco", "Panic at the Disco"),
        ("Straße", "strasse"),
    ],
)
def test_spellings_of_one_artist_have_one_key(spelling: str, other: str) -> None:
    assert artist_key(spelling) == artist_key(other)


@pytest.mark.parametrize(
    ("spelling", "other"),
    [
        ("AC/DC", "ACDC"),
        ("AC/DC", "AC DC"),
        ("t.A.T.u.", "tatu"),
        ("R.E.M.", "REM"),
        ("a-ha", "Aha"),
    ],
)
def test_blanks_and_signs_do_not_tell_artists_apart(spelling: str, other: str) -> None:
    assert are_same_artist_names(spelling, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Pink", "Pink Floyd"), ("!!!", "???"), ("+44", "44 and"), ("Mo", "Moe"), ("", "!")],
)
def test_other_artists_stay_others(one: str, other: str) -> None:
    assert not are_same_artist_names(one, other)


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_that_match_has_for_equal_are_equal_for_a_crawl(one: str, other: str) -> None:
    assert are_same_artist_names(one, one)
    if artist_key(one) == artist_key(other):
        assert are_same_artist_names(one, other)


def test_names_of_signs_alone_stay_names() -> None:
    assert plain("!!!") == "!!!"
    assert plain("🎧") == plain(plain("🎧")) != ""
    assert artist_key("The The") == "the"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rain - Live in Berlin", Title("rain", "berlin live")),
        ("Rain (Live)", Title("rain", "live")),
        ("Rain - En Vivo", Title("rain", "en live")),
        (
            "Rain (feat. Ana & Bo) - Radio Edit",
            Title("rain", guests=("ana", "bo"), edit="edit radio"),
        ),
        ("Rain ft. Ana", Title("rain", guests=("ana",))),
        ("Rain (feat.- Ana)", Title("rain", guests=("ana",))),
        ("Rain - feat. Ana", Title("rain", guests=("ana",))),
        ("Rain (with Ana)", Title("rain", guests=("ana",))),
        ("Rain (Remix feat. Ana & Bo)", Title("rain", "remix", ("ana", "bo"))),
        ("Rain - Remastered 2011", Title("rain")),
        ("Rain (2009 Remaster)", Title("rain")),
        ("Rain - Remasterizado 2007", Title("rain")),
        ("Rain (Original Mix)", Title("rain")),
        ("Rain [Explicit]", Title("rain")),
        ("Rain (Deluxe Edition) [Bonus Track]", Title("rain")),
        ('Rain - From "Storm"/Soundtrack Version', Title("rain")),
        ("Rain (Inst.)", Title("rain", "instrumental")),
        ("Rain (ENG)", Title("rain", "english")),
        ("Rain - Duo Ver.", Title("rain", "duo")),
        ("Rain - Mono Version / Remastered 2002", Title("rain", edit="mono")),
        ("Rain (Ana Remix) - Radio Edit", Title("rain", "ana remix", edit="edit radio")),
        ("Rain - Ana Remix Radio Edit", Title("rain", "ana remix", edit="edit radio")),
        ("Rain - Ana", Title("rain", "ana")),
        ("Rain (On The Roof)", Title("rain", subtitle="roof")),
        ("(On The Roof)", Title("on the roof", subtitle="roof")),
        ("Rain (Live (Berlin))", Title("rain", "live", subtitle="berlin")),
        ("Echo, Pt. 2", Title("echo part 2")),
        ("Echo, Part Two", Title("echo part 2")),
        ("Echo (Pt. II)", Title("echo part 2")),
        ("Interlude IV", Title("interlude 4")),
        ("Rainâ€™s Fall", Title("rains fall")),
        ("前世", Title("qianshi")),
    ],
)
def test_titles_are_taken_apart(text: str, expected: Title) -> None:
    assert title(text) == expected


@pytest.mark.parametrize("text", ["Beyoncé", "naïve", "ÀÉÎ", "Ñandú", "100 %", "Ω"])
def test_text_in_another_encoding_is_read_as_it_was_meant(text: str) -> None:
    assert readable(text) == text
    for encoding in ("cp1252", "latin-1"):
        try:
            misread = text.encode().decode(encoding)
        except UnicodeError:
            continue
        assert readable(misread) == text


def test_everybody_who_is_named_is_found_once() -> None:
    assert people_of(["Ana feat. Bo", "Cy", None], ("bo", "dee")) == ["ana", "bo", "cy", "dee"]
