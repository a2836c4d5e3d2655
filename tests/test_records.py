"""Records: absent, null and value; tables derive from them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phonofilm.records import (
    ABSENT,
    RECORDS,
    Artist,
    Track,
    bit_of,
    columns,
    core_fields,
    field_mask_of,
    has_all,
)
from phonofilm.records.dates import release_date
from phonofilm.records.ids import isrc, upc
from phonofilm.warehouse.schema.tables import dictionary


def test_a_record_knows_absent_from_null_from_a_value() -> None:
    artist = Artist("x", "1", name="Noor", popularity=None)
    held = field_mask_of(Artist)(artist)
    assert held & bit_of(Artist, "name")
    assert held & bit_of(Artist, "popularity")
    assert not held & bit_of(Artist, "genres")
    assert artist.genres is ABSENT


def test_a_record_is_full_when_it_holds_what_is_wanted_even_as_null() -> None:
    wanted = bit_of(Artist, "name") | bit_of(Artist, "followers")
    full = has_all(Artist, wanted)
    assert full(Artist("x", "1", name="Noor", followers=None))
    assert not full(Artist("x", "1", name="Noor"))
    assert has_all(Artist, 0)(Artist("x", "1"))


def test_every_column_has_a_type_and_a_meaning() -> None:
    for cls in RECORDS:
        for column in columns(cls):
            assert column.sql_type in ("VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR[]")
            assert len(column.text) > 2, (cls, column)
        assert [c.name for c in columns(cls)][:2] == ["source", "id"]


def test_kinds_and_plurals_are_unique() -> None:
    assert (
        len({cls.kind for cls in RECORDS}) == len({cls.plural for cls in RECORDS}) == len(RECORDS)
    )
    assert {"name", "isrc", "duration_ms"} <= core_fields(Track)


def test_the_dictionary_names_every_column() -> None:
    text = dictionary()
    assert all(f"| {c.name} |" in text for cls in RECORDS for c in columns(cls))


def test_dates_keep_their_precision() -> None:
    assert release_date("1999") == ("1999", "year")
    assert release_date("1999-06") == ("1999-06", "month")
    assert release_date("1999-06-07") == ("1999-06-07", "day")
    assert release_date("1999-00-00") == ("1999", "year")
    assert release_date("0000-00-00") == (None, None)
    assert release_date("soon") == ("soon", None)
    assert release_date(None) == (None, None)


@given(st.text(max_size=20))
def test_a_date_never_invents_digits(text: str) -> None:
    date, _ = release_date(text)
    assert date is None or text.startswith(date)


def test_identifiers_are_normalised_and_invalid_ones_kept() -> None:
    assert isrc("us-um7-24-09273") == "USUM72409273"
    assert isrc("not one") == "not one"
    assert isrc("") is None
    assert upc("602475093060") == "602475093060"
    assert upc("2475093060") == "002475093060"
    assert upc("00602475093060") == "00602475093060"
    assert upc("12 34") == "12 34"


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert isrc(isrc(text)) == isrc(text)
    assert upc(upc(text)) == upc(text)
