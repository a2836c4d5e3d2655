"""Dumps with odd cells: each costs itself, is counted with an example, and leaves no trace."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.config import Settings
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.records.values.figures import decimal_number, whole_number
from phonofilm.records.values.sql import MACROS
from phonofilm.records.values.texts import is_unknown
from phonofilm.records.values.traits import Figure, Id, IdList
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sources import get_bulk
from phonofilm.sources.bulk.cells import Cell
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.counts import Loaded
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

RARE = ("blank", "zero", "a comma", "five digits", "blanks around", "quoted")
TABLES = get_bulk("imdb").tables
IDS = get_bulk("imdb").manifest.id_patterns
ODD: dict[str, bytes] = {
    "null": rb"\N",
    "empty": b"",
    "blank": b"  ",
    "nan": b"nan",
    "infinity": b"inf",
    "negative": b"-5",
    "zero": b"0",
    "too long": b"99999999999999999999",
    "far too long": b"1" + b"0" * 400,
    "a word": b"abc",
    "a fraction": b"98.6",
    "a comma": b"7,8",
    "five digits": b"20155",
    "NUL": b"\0",
    "no UTF-8": b"\xff\xfe",
    "blanks around": b" 7 ",
    "quoted": b'"1"',
}


def means_something(cell: Cell, text: str) -> bool:
    """Tell what the readers of responses make of a cell."""
    if isinstance(cell.trait, Figure):
        number = whole_number(text) if cell.macro == "whole_number" else decimal_number(text)
        return number is not None and cell.trait.read(number).value is not None
    if isinstance(cell.trait, Id):
        return IDS.is_id(cell.trait.of, text)
    if isinstance(cell.trait, IdList):
        parts = [part.strip() for part in text.split(",")]
        return all(not part or IDS.is_id(cell.trait.of, part) for part in parts)
    return text.strip() in ("0", "1")


def is_odd(cell: Cell, text: str | None) -> bool:
    """Tell whether something that the source meant is dropped."""
    if text is None or is_unknown(text) or means_something(cell, text):
        return False
    zero = isinstance(cell.trait, Figure) and cell.trait.zero_unknown and decimal_number(text) == 0
    return not zero


def spoil(dumps: Path, value: bytes) -> Iterator[tuple[str, str]]:
    """Put a value into one row for each column of each table; yield table and column."""
    for table in TABLES.values():
        path = dumps / f"{table.name}.tsv.gz"
        lines = gzip.decompress(path.read_bytes()).split(b"\n")
        for index, column in enumerate(table.columns):
            cells = lines[2 + 3 * index].split(b"\t")
            cells[index] = value
            if column == "endYear":  # an odd end may come before any start
                cells[table.columns.index("startYear")] = rb"\N"
            lines[2 + 3 * index] = b"\t".join(cells)
            yield table.name, column
        path.write_bytes(gzip.compress(b"\n".join(lines), 1))


def loaded(folder: Workspace, dumps: Path, **options: str) -> Loaded:
    run(import_dumps(folder, Settings(), ImportOptions("imdb", str(dumps), **options)))
    return load(folder)


def rows(folder: Workspace, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in RARE else ()) for name in ODD]
)
def test_an_odd_cell_costs_itself_and_is_counted(name: str, folder, tmp_path: Path) -> None:
    write(FilmWorld(80), tmp_path / "dumps")
    spoilt = list(spoil(tmp_path / "dumps", ODD[name]))
    text = None if name == "null" else ODD[name].decode("utf-8", "replace")
    result = loaded(folder, tmp_path / "dumps")
    odd = quarantined = 0
    for table, column in spoilt:
        cell = TABLES[table].cells.get(column)
        if cell is None:
            continue
        if column in TABLES[table].needed:
            quarantined += text is None or not means_something(cell, text)
        else:
            odd += is_odd(cell, text)
    kinds = ("odd_value", "odd_id")
    counted = {k: n for k, n in result.findings.items() if k in kinds or k.startswith("no_number")}
    assert sum(counted.values()) == odd
    assert result.quarantined == quarantined
    assert set(result.findings) == set(result.examples)
    assert bool(result.findings.get("odd_text")) == (name == "no UTF-8")
    assert bool(result.findings.get("rewritten_dump")) == (name in ("empty", "blank"))
    [(titles,)] = rows(folder, "SELECT count(*) FROM titles")
    assert titles == 80 - (quarantined > 0)
    [(shown,)] = rows(folder, "SELECT count(*) FROM quarantine")
    assert shown == quarantined
    for table in ("titles", "ratings"):
        export(folder, table, "jsonl", tmp_path / f"{table}.jsonl")
        for line in (tmp_path / f"{table}.jsonl").read_text(encoding="utf-8").splitlines():
            assert json.loads(line, parse_constant=pytest.fail)


RATINGS = "tconst\taverageRating\tnumVotes"
BASICS = "\t".join(TABLES["title.basics"].columns)


def dump(where: Path, table: str, header: str, *lines: str) -> None:
    where.mkdir(exist_ok=True)
    (where / f"{table}.tsv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def test_figures_that_are_none_are_null_and_named(folder, tmp_path: Path) -> None:
    figures = ["nan\t-3", "inf\t9223372036854775808", "11.5\t1e3", "7,8\t12", "8.5\t99"]
    lines = [f"tt000000{number}\t{figure}" for number, figure in enumerate(figures, 1)]
    dump(tmp_path / "d", "title.ratings", RATINGS, *lines)
    result = loaded(folder, tmp_path / "d")
    assert rows(folder, "SELECT rating, votes FROM ratings ORDER BY id") == [
        (None, None),
        (None, None),
        (None, 1000),
        (None, 12),
        (8.5, 99),
    ]
    assert result.findings == {"no_number_in_averageRating": 1, "odd_value": 5}
    assert result.examples["no_number_in_averageRating"] == "title.ratings.averageRating: 7,8"
    assert rows(folder, "SELECT avg(rating), max(rating) FROM ratings") == [(8.5, 8.5)]


def test_years_and_minutes_lie_in_their_range(folder, tmp_path: Path) -> None:
    cells = ["2020\t-1\t\\N\t-5", "0\t20155\t\\N\t0", "1\t1999\t2001\t98.6", "0\t2001\t\\N\t134"]
    lines = [f"tt000000{n}\tmovie\tA\tA\t{cell}\tDrama" for n, cell in enumerate(cells, 1)]
    dump(tmp_path / "d", "title.basics", BASICS, *lines)
    result = loaded(folder, tmp_path / "d")
    sql = "SELECT is_adult, start_year, end_year, runtime_ms FROM titles ORDER BY id"
    assert rows(folder, sql) == [
        (None, None, None, None),
        (False, None, None, None),
        (True, 1999, 2001, None),
        (False, 2001, None, 8_040_000),
    ]
    assert result.findings == {"odd_value": 5}


def test_no_title_ends_before_it_began(folder, tmp_path: Path) -> None:
    years = ["2010\t2005", "2010\t2010", "\\N\t2005", "2010\t\\N"]
    lines = [f"tt000000{n}\ttvSeries\tA\tA\t0\t{y}\t90\tDrama" for n, y in enumerate(years, 1)]
    dump(tmp_path / "d", "title.basics", BASICS, *lines)
    result = loaded(folder, tmp_path / "d")
    assert rows(folder, "SELECT start_year, end_year FROM titles ORDER BY id") == [
        (2010, None),
        (2010, 2010),
        (None, 2005),
        (2010, None),
    ]
    assert result.findings == {"odd_value": 1}
    assert result.examples == {"odd_value": "title.basics.endYear: 2005"}


def test_a_row_without_a_key_stands_in_the_quarantine(folder, tmp_path: Path) -> None:
    dump(tmp_path / "d", "title.ratings", RATINGS, "\\N\t7.5\t10", "tt0000001\t7.5\t10")
    result = loaded(folder, tmp_path / "d")
    assert (result.quarantined, result.findings) == (1, {"row_without_key": 1})
    [(reason, excerpt)] = rows(folder, "SELECT reason, excerpt FROM quarantine")
    assert reason.startswith("no tconst")
    assert "\\N\t7.5\t10" in str(excerpt)


def test_empty_elements_of_lists_say_nothing(folder, tmp_path: Path) -> None:
    titles = ["\\N", "", "Drama,", ",,Comedy", " Drama , Animation "]
    lines = [f"tt000000{n}\tmovie\tA\tA\t0\t1999\t\\N\t90\t{g}" for n, g in enumerate(titles, 1)]
    dump(tmp_path / "d", "title.basics", BASICS, *lines)
    crew = ["nm0000001,\t", "\t,nm0000002", ",\t\\N", "nm0000003, nm0000004\tabc"]
    lines = [f"tt000000{n}\t{people}" for n, people in enumerate(crew, 1)]
    dump(tmp_path / "d", "title.crew", "tconst\tdirectors\twriters", *lines)
    result = loaded(folder, tmp_path / "d")
    genres = rows(folder, "SELECT title_id, genre FROM title_genres ORDER BY ALL")
    assert genres == [
        ("tt0000003", "Drama"),
        ("tt0000004", "Comedy"),
        ("tt0000005", "Animation"),
        ("tt0000005", "Drama"),
    ]
    people = rows(folder, "SELECT person_id, role FROM credits ORDER BY ALL")
    assert people == [
        ("nm0000001", "director"),
        ("nm0000002", "writer"),
        ("nm0000003", "director"),
        ("nm0000004", "director"),
    ]
    assert result.findings == {"odd_id": 1, "rewritten_dump": 2}


def test_blanks_in_genres_do_not_hide_anime(folder, tmp_path: Path) -> None:
    line = "tt0000001\tmovie\tA\t千と千尋\t0\t1999\t\\N\t90\tDrama, Animation"
    dump(tmp_path / "d", "title.basics", BASICS, line)
    akas = "\t".join(TABLES["title.akas"].columns)
    dump(tmp_path / "d", "title.akas", akas)
    dump(tmp_path / "d", "title.episode", "\t".join(TABLES["title.episode"].columns))
    assert loaded(folder, tmp_path / "d", only="anime").inserted["titles"] == 1


def test_a_dump_that_another_program_wrote_is_named(folder, tmp_path: Path) -> None:
    line = 'tt0000001\tmovie\t"""Weird"" Al"\tA\t0\t1999\t\t90\tDrama'
    dump(tmp_path / "d", "title.basics", BASICS, line)
    result = loaded(folder, tmp_path / "d")
    assert result.findings == {"rewritten_dump": 1}
    assert result.examples["rewritten_dump"] == r"title.basics.endYear: empty instead of \N"


TEXTS = st.text("0123456789.-e nafi,", max_size=6) | st.sampled_from(
    [value.decode("utf-8", "replace") for value in ODD.values()]
)


@pytest.fixture(scope="module")
def typed() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that reads values as dumps are read."""
    with duckdb.connect() as connection:
        for macro in MACROS:
            connection.execute(macro)
        yield connection


@pytest.mark.parametrize("table", TABLES)
@given(st.lists(TEXTS, min_size=20, max_size=20))
def test_dumps_read_cells_as_responses_are_read(
    typed: duckdb.DuckDBPyConnection, table: str, texts: list[str]
) -> None:
    patterns = get_bulk("imdb").manifest.ids.patterns
    for column, cell in TABLES[table].cells.items():
        sql = f"SELECT coalesce({cell.is_sound(column, patterns)}, false)"
        others = "".join(f", NULL AS {name}" for name in TABLES[table].columns if name != column)
        sql += f" FROM (SELECT unnest(?) AS {column}{others})"
        sound = [is_sound for (is_sound,) in typed.execute(sql, [texts]).fetchall()]
        assert sound == [means_something(cell, text) for text in texts], column
