"""Records: absent, null and value; tables derive from them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.api import Crate
from phonofilm.config import Settings
from phonofilm.crawl.scope.selection import Selection, select
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
    kinds,
)
from phonofilm.records.values.codes import isrc, upc
from phonofilm.records.values.dates import release_date, year_of
from phonofilm.warehouse.schema.dictionary import data_dictionary


def test_a_record_knows_absent_from_null_from_a_value() -> None:
    artist = Artist("x", "1", name="Noor", popularity=None)
    mask = field_mask_of(Artist)(artist)
    assert mask & bit_of(Artist, "name")
    assert mask & bit_of(Artist, "popularity")
    assert not mask & bit_of(Artist, "genres")
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


def test_masks_of_fields_fit_a_column_and_numbers_of_kinds_a_byte() -> None:
    assert all(len(cls.__struct_fields__) < 63 for cls in RECORDS)
    assert len(kinds.NODE_KINDS) < 256


def test_kinds_and_plurals_are_unique() -> None:
    assert (
        len({cls.kind for cls in RECORDS}) == len({cls.plural for cls in RECORDS}) == len(RECORDS)
    )
    assert {"name", "isrc", "duration_ms"} <= core_fields(Track)


# What frontier files of version 3 hold; a number that moved would mix up the nodes in them.
STORED_NUMBERS = (
    "root artist album track features playlist genre category artist_query album_query track_query"
    " playlist_query word slice title title_query imdb_id isrc address track_code comment"
    " web_profile artist_link track_link playlist_link label chart chart_entry"
)


def test_the_stored_numbers_of_node_kinds_never_change() -> None:
    stored = STORED_NUMBERS.split()
    assert list(kinds.NODE_KINDS[: len(stored)]) == stored
    numbers = [kind.number for kind in kinds.KINDS if kind.number is not None]
    assert sorted(numbers) == list(range(len(numbers)))


def test_a_kind_is_named_as_its_record_class_names_it() -> None:
    assert len({kind.name for kind in kinds.KINDS}) == len(kinds.KINDS)
    for kind in kinds.KINDS:
        assert kind.record is None or kind.record.kind == kind.name
        assert set(kind.parents) | set(kind.implies) <= kinds.BY_NAME.keys()
        assert set(kind.implies) <= set(kinds.WANTED)


def test_wanted_kinds_are_nodes_and_come_after_the_kinds_that_list_them() -> None:
    assert set(kinds.PARENTS_FIRST) == set(kinds.WANTED) <= set(kinds.NODE_KINDS)
    for position, name in enumerate(kinds.PARENTS_FIRST):
        listed_by = set(kinds.BY_NAME[name].parents) & set(kinds.WANTED)
        assert listed_by <= set(kinds.PARENTS_FIRST[:position])


def test_the_python_api_has_an_attribute_for_every_table() -> None:
    crate = Crate("nowhere", Settings())
    for name in (*(cls.plural for cls in RECORDS), "films"):
        assert name in dir(crate)
        assert getattr(crate, name).name == name


@pytest.mark.parametrize(
    ("source", "link", "wants"),
    [
        ("deezer", "https://www.deezer.com/artist/27", {"artist", "album", "track"}),
        ("deezer", "https://www.deezer.com/playlist/908622995", {"playlist", "track"}),
        ("soundcloud", "https://soundcloud.com/noor/sets/first", {"playlist", "track"}),
        ("reccobeats", "USUM72409273", {"track", "features"}),
        ("wikidata", "tt0133093", {"title"}),
    ],
)
def test_a_link_implies_the_kinds_that_its_source_has(source: str, link: str, wants: set) -> None:
    assert set(select(source, Selection([link], "", [], "", []), {})[0]) == wants


def test_the_dictionary_names_every_column() -> None:
    text = data_dictionary()
    assert all(f"| {c.name} |" in text for cls in RECORDS for c in columns(cls))


def test_dates_keep_their_precision() -> None:
    assert release_date("1999") == ("1999", "year")
    assert release_date("1999-06") == ("1999-06", "month")
    assert release_date("1999-06-07") == ("1999-06-07", "day")
    assert release_date("1999-00-00") == ("1999", "year")
    assert release_date("0000-00-00") == (None, None)
    assert release_date("soon") == (None, None)
    assert release_date(None) == (None, None)


@given(st.text(max_size=20))
def test_the_year_of_a_text_is_its_first_four_digits_or_none(text: str) -> None:
    assert year_of(text) in (None, int(text[:4]) if re.match(r"[0-9]{4}", text) else None)
    assert year_of(f"1999-{text}") == 1999
    assert year_of(None) is None


@given(st.text("0129-/.? TZ", max_size=20))
def test_a_date_never_invents_digits(text: str) -> None:
    date, _ = release_date(text)
    digits = re.sub(r"\D", "", text)
    assert date is None or all(part.lstrip("0") in digits for part in date.split("-"))


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert isrc(isrc(text)) == isrc(text)
    assert upc(upc(text)) == upc(text)
