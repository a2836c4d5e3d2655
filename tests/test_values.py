"""Readers of values: one meaning of a column for responses, dumps and the command line."""

from __future__ import annotations

from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phonofilm.records import (
    RECORDS,
    Album,
    Artist,
    AudioFeatures,
    PlaylistEntry,
    Track,
    columns,
    traits_of,
)
from phonofilm.records.values.clean import IdPatterns, clean
from phonofilm.records.values.codes import isrc, upc
from phonofilm.records.values.dates import date_of_parts, read_date, read_instant, release_date
from phonofilm.records.values.figures import decimal_number, whole_number
from phonofilm.records.values.sql import MACROS, cleaned
from phonofilm.records.values.texts import is_unknown, plain_text
from phonofilm.records.values.traits import DATE, ISRC, UPC, WORDS, Figure, Trait

NUMBERED = IdPatterns({"artist": "[1-9][0-9]*", "track": "[1-9][0-9]*", "album": "[1-9][0-9]*"})


@pytest.mark.parametrize(
    ("text", "date", "odd"),
    [
        ("2008", "2008", False),
        ("2008-02", "2008-02", False),
        ("2008-02-29", "2008-02-29", False),
        ("2008-??-02", "2008", False),
        ("????-12-24", None, True),
        ("2013/03/23 00:00:00 +0000", "2013-03-23", False),
        ("20200105", "2020-01-05", False),
        (" 2020-01-05\n", "2020-01-05", False),
        ("2020-01-05T00:00:00Z", "2020-01-05", False),
        ("2009.7.4", "2009-07-04", False),
        ("0000-00-00 00:00:00", None, False),
        ("2001-00-00", "2001", False),
        ("0", None, False),
        ("", None, False),
        ("soon", None, True),
        ("-0001-11-30", None, False),
        ("10000-01-01", None, True),
        ("2013-13-45", "2013", True),
        ("2020-02-30", "2020-02", True),
        ("2019-02-29", "2019-02", True),
    ],
)
def test_a_date_is_its_longest_part_that_is_a_day_month_or_year(
    text: str, date: str | None, odd: bool
) -> None:
    assert read_date(text)[::2] == (date, odd)


def test_the_precision_of_a_source_shortens_its_dates() -> None:
    assert read_date("1967-01-01", "year")[:2] == ("1967", "year")
    assert read_date("1967-03-01", "month")[:2] == ("1967-03", "month")
    assert read_date("1967", "day")[:2] == ("1967", "year")
    assert read_date("1967-03-01", "fortnight")[:2] == ("1967-03-01", "day")
    assert release_date(date_of_parts(2019, 2, 31)) == ("2019-02", "month")
    assert release_date(date_of_parts(2019, None, None)) == ("2019", "year")


def test_an_instant_is_whole_or_its_day() -> None:
    assert read_instant("2013-03-23T14:58:27Z") == ("2013-03-23T14:58:27Z", False)
    assert read_instant("2013-03-23T25:58:27Z") == ("2013-03-23", False)
    assert read_instant("0000-00-00T00:00:00Z") == (None, False)
    assert read_instant("yesterday") == (None, True)


def test_codes_are_normalised_or_none() -> None:
    assert isrc("us-um7-24-09273") == isrc("ISRC USUM72409273") == "USUM72409273"
    assert isrc("DUM_22832") is isrc("  ") is isrc("") is isrc(None) is None
    assert upc("2475093060") == "002475093060"
    assert upc("00602475093060") == "00602475093060"
    assert upc("0") is upc("000000000000") is upc(" ") is upc("none") is upc(None) is None


def test_blanks_and_markers_are_unknown_and_entities_are_characters() -> None:
    genid = "http://www.wikidata.org/.well-known/genid/0a1b2c"
    assert all(map(is_unknown, ["", " ", "\\N", "[unknown]", genid]))
    assert not any(map(is_unknown, ["0", "N", "Unknown", "[untitled]"]))
    assert plain_text("AT&amp;T &#39;n&#x27; &eacute;") == "AT&T 'n' é"
    assert plain_text("Simon & Garfunkel &copy 1") == "Simon & Garfunkel &copy 1"


def test_every_column_of_figures_says_what_it_can_mean() -> None:
    for cls in RECORDS:
        traits = traits_of(cls)
        for column in columns(cls):
            if column.sql_type in ("BIGINT", "DOUBLE"):
                assert isinstance(traits.get(column.name), Figure), (cls, column.name)
            if column.name.endswith("_date") or column.name == "day":
                assert traits[column.name] is DATE


ODD: list[Any] = [float("nan"), float("inf"), -1, 10**400, 2**63, "a12", [], {}, True]


@pytest.mark.parametrize("cls", RECORDS)
def test_no_odd_value_stays_in_any_column(cls: type) -> None:
    for name, trait in traits_of(cls).items():
        for value in ODD:
            record = cls("x", "1")
            setattr(record, name, value)
            is_kept, odd = clean(record, IdPatterns({}))
            after = getattr(record, name)
            assert after == [] or after is None or trait.read(after) == (after, False)
            assert after in (value, []) or odd, (name, value)
            assert is_kept == (after is not None or not getattr(trait, "required", False))
            msgspec.json.encode(record)


def test_what_means_not_known_is_null_without_a_finding() -> None:
    track = Track("x", "1", name=" ", duration_ms=0, track_number=0, disc_number=0, isrc="  ")
    features = AudioFeatures("x", "1", tempo=0.0, time_signature=0)
    album = Album("x", "1", upc="0", release_date="0000-00-00", label="", artist_names=["", "Ada"])
    for record in (track, features, album):
        assert clean(record, NUMBERED) == (True, [])
    assert track == Track(
        "x", "1", name=None, duration_ms=None, track_number=None, disc_number=None, isrc=None
    )
    assert (features.tempo, features.time_signature) == (None, None)
    assert (album.upc, album.release_date, album.label) == (None, None, None)
    assert (album.artist_names, album.release_date_precision) == ([None, "Ada"], None)


def test_an_odd_id_never_stands_for_an_entity() -> None:
    assert clean(Artist("x", "0", name="Mia"), NUMBERED)[0] is False
    assert clean(Artist("x", "-5"), NUMBERED)[1][0][:2] == ("odd_id", "id")
    track = Track("x", "7", artist_ids=["0", "8"], artist_names=["Mia", "Ada"], album_id="b5")
    is_kept, odd = clean(track, NUMBERED)
    assert is_kept
    assert (track.artist_ids, track.artist_names, track.album_id) == (["8"], ["Ada"], None)
    assert [(oddity.field, oddity.value) for oddity in odd] == [
        ("artist_ids", "0"),
        ("album_id", "b5"),
    ]
    entry = PlaylistEntry("x", "1:0", playlist_id="1", position=0, track_id="-3")
    assert clean(entry, NUMBERED)[0]
    assert entry.track_id is None


def read_by_sql(trait: Trait, texts: list[str]) -> list[str | None]:
    connection = duckdb.connect()
    for macro in MACROS:
        connection.execute(macro)
    sql = f"SELECT {cleaned(trait, 't', {})} FROM (SELECT unnest(?) AS t)"
    return [row[0] for row in connection.execute(sql, [texts]).fetchall()]


@given(st.lists(st.text("0129-/.? TZ", max_size=12), min_size=50, max_size=50))
def test_dumps_read_dates_as_responses_do(texts: list[str]) -> None:
    assert read_by_sql(DATE, texts) == [DATE.read(text).value for text in texts]


@pytest.mark.parametrize("trait", [DATE, ISRC, UPC, WORDS], ids=lambda t: type(t).__name__)
def test_dumps_read_named_cases_as_responses_do(trait: Trait) -> None:
    texts = [
        *("2008-??-02", "2020-02-30", "20200105", "2013/03/23 00:00:00 +0000", "soon", "0"),
        *("us-um7-24-09273", "DUM_22832", "  ", "000000", "602475093060", "\\N", "[unknown]", "x"),
    ]
    assert read_by_sql(trait, texts) == [trait.read(text).value for text in texts]


NUMBERS = st.text("0123456789+-.eE_x \t", max_size=9) | st.sampled_from(
    [
        "nan",
        "inf",
        "-inf",
        "NaN",
        "Infinity",
        "1e400",
        "9" * 400,
        "98.6",
        "1_000",
        "0x1F",
        "٣",
        "5.",
        "",
    ]
)


@given(st.lists(NUMBERS, min_size=50, max_size=50))
@example(
    ["1e3", "-0", ".5", "+5", " 12 ", "9007199254740993", "1e", "e1", "--1", "1e+2", "+-0", "-+1"]
)
def test_dumps_read_numbers_as_text_is_read_elsewhere(texts: list[str]) -> None:
    connection = duckdb.connect()
    for macro in MACROS:
        connection.execute(macro)
    sql = "SELECT t, whole_number(t), decimal_number(t) FROM (SELECT unnest(?) AS t)"
    assert connection.execute(sql, [texts]).fetchall() == [
        (text, whole_number(text), decimal_number(text)) for text in texts
    ]
