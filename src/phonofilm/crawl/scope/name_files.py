"""Files of names and ids: a list of lines, or a CSV as Exportify, TuneMyMusic and Kaggle have it.

A file is understood before a request is spent: a table without a known column is refused, because
its rows would be searched for as if they were names.
"""

from __future__ import annotations

import ast
import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

from phonofilm.errors import UsageError
from phonofilm.files import decode_text

# Columns with artists, as `_column_key` writes them; in a table of songs `name` is the song's.
_ARTIST_COLUMNS = (
    "artist name",
    "artist",
    "track artist",
    "album artist",
    "album artist name",
    "performer",
    "interpret",
    "künstler",
    "artiste",
    "artista",
    "name",
)
# Columns with ids or links, and the kind that a bare id of the column is; empty where none is said.
_ID_COLUMNS = {
    "imdb id": "",
    "imdb": "",
    "tconst": "",
    "track uri": "",
    "spotify uri": "",
    "uri": "",
    "url": "",
    "link": "",
    "id": "",
    "spotify id": "track",
    "track id": "track",
    "artist id": "artist",
    "album id": "album",
    "playlist id": "playlist",
    "artist uri": "",
    "album uri": "",
}
_DELIMITERS = ",;\t|"
_TABLE_SUFFIXES = (".csv", ".tsv")
_PLURAL = re.compile(r"\(s\)|(?<=\bartist)s\b|(?<=\bname)s\b|(?<=\bid)s\b|(?<=\buri)s\b")
# Several names in one cell: Kaggle writes `;`, Exportify `,` without a blank; "Tyler, The Creator"
# and "10,000 Maniacs" are one name.
_SEPARATORS = re.compile(r"\s*;\s*|(?<!\d),(?=\S)|,(?=[^\W\d])")


class NameList(NamedTuple):
    """Names or ids of a file, and the column that they stand in; empty for a list of lines."""

    names: list[str]
    column: str


class _Table(NamedTuple):
    """Rows of a CSV, and the keys of its columns."""

    header: list[str]
    rows: list[list[str]]
    delimiter: str

    def column_of(self, known: tuple[str, ...]) -> int | None:
        """Return the index of the first known column; None when the table has none."""
        keys = [_column_key(cell) for cell in self.header]
        return next((keys.index(name) for name in known if name in keys), None)

    def cell(self, row: list[str], index: int) -> str:
        """Return a cell; a table of one column has no delimiters but those inside names.

        UsageError for a row that has more cells than the header.
        """
        if len(self.header) == 1:
            return self.delimiter.join(row)
        if any(cell.strip() for cell in row[len(self.header) :]):
            raise UsageError(
                "Cannot read a row that has more cells than the header:"
                f" {self.delimiter.join(row)[:80]}.",
                next_step='Quote cells that hold the delimiter: "Tyler, The Creator".',
            )
        return row[index] if len(row) > index else ""

    def names(self, index: int) -> list[str]:
        """Return the names of a column, those of one cell apart where its title is a plural."""
        title = self.header[index]
        cells = [self.cell(row, index) for row in self.rows]
        if _column_key(title) == _column_words(title):
            return cells
        ids = self.column_of(("artist uri", "artist id"))
        counts = [self.cell(row, ids).count(",") if ids is not None else 0 for row in self.rows]
        return [n for cell, count in zip(cells, counts, strict=True) for n in _split(cell, count)]


def read_artist_names(path: Path) -> NameList:
    """Read names of artists from a list or a table. UsageError when it cannot be understood."""
    return _read(path, _ARTIST_COLUMNS, "name")


def read_ids(path: Path, kinds: tuple[str, ...] = ()) -> NameList:
    """Read ids or links from a list or a table; those of the wanted `kinds` first.

    A bare id whose column says its kind gets it as `track:ID`. UsageError as for names.
    """
    wanted = [f"{kind} {word}" for kind in kinds for word in ("uri", "id")]
    columns = tuple(dict.fromkeys((*(c for c in wanted if c in _ID_COLUMNS), *_ID_COLUMNS)))
    ids, column = _read(path, columns, "id")
    kind = _ID_COLUMNS.get(_column_key(column), "")
    if kind:
        ids = [id_ if re.search(r"[:/]", id_) else f"{kind}:{id_}" for id_ in ids]
    return NameList(ids, column)


def _read(path: Path, columns: tuple[str, ...], example: str) -> NameList:
    try:
        text = decode_text(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"Cannot read {path}: {error.strerror or error}.", next_step="Check its path."
        ) from None
    except ValueError as error:
        raise UsageError(
            f"Cannot read {path}: {error}.", next_step="Save it as UTF-8 (Excel: CSV UTF-8)."
        ) from None
    names = _names_in(path, text, columns)
    if not names.names:
        raise UsageError(
            f"Cannot use {path}: it names nothing.",
            next_step=f"Write one a line, or a CSV with a column `{example}`.",
        )
    return names


def _names_in(path: Path, text: str, columns: tuple[str, ...]) -> NameList:
    for delimiter in _DELIMITERS:
        table = _table(path, text, delimiter)
        index = table.column_of(columns)
        if index is not None:
            return NameList(_distinct(table.names(index)), table.header[index].strip())
    _refuse_table(path, text, columns)
    lines = re.split(r"\r\n|\r|\n", text)
    return NameList(_distinct([line for line in lines if f"{line.strip()} "[:2] != "# "]), "")


def _table(path: Path, text: str, delimiter: str) -> _Table:
    """Read a text as a CSV; empty when it is none, UsageError when its name says that it is one."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [row for row in lines if row]
    except csv.Error as error:
        if path.suffix.lower() not in _TABLE_SUFFIXES:
            return _Table([], [], delimiter)
        raise UsageError(
            f"Cannot read {path} as a CSV: {error}.", next_step="Check its quotes."
        ) from None
    return _Table(rows[0] if rows else [], rows[1:], delimiter)


def _split(cell: str, commas: int) -> list[str]:
    """Split a cell of several names: `['Ada', 'Bo']`, `Ada;Bo`, `Ada,Bo`, `Ada, Bo`.

    `commas` are those between the ids of the same artists: so many are between the names, too.
    """
    if cell.lstrip().startswith("["):
        try:
            values = ast.literal_eval(cell.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [cell]
        return [value for value in values if isinstance(value, str)]
    if commas and cell.count(",") == commas:
        return cell.split(",")
    return _SEPARATORS.split(cell)


def _refuse_table(path: Path, text: str, columns: tuple[str, ...]) -> None:
    """Refuse a file whose lines all have the same delimiters, and none of the known columns."""
    for delimiter in _DELIMITERS:
        table = _table(path, text, delimiter)
        width = len(table.header)
        is_table = table.rows and all(len(row) == width for row in table.rows)
        looks_so = path.suffix.lower() in _TABLE_SUFFIXES or not _is_prose(text, delimiter)
        if width > 1 and is_table and looks_so:
            names = ", ".join(cell.strip() or "(no name)" for cell in table.header)
            raise UsageError(
                f"Cannot use {path}: it is a table with the columns {names[:200]}.",
                next_step=f"Name the column `{columns[0]}`; known: {', '.join(columns)}.",
            )


def _is_prose(text: str, delimiter: str) -> bool:
    """Tell whether some delimiter of a text is followed by a blank, as in "Beatles, The"."""
    return delimiter == "," and re.search(r",\s", text) is not None


def _column_key(cell: str) -> str:
    """Return a column's name in small words and the singular: `artist name` of `Artist Name(s)`."""
    return _PLURAL.sub("", _column_words(cell).replace(" (s)", ""))


def _column_words(cell: str) -> str:
    return " ".join(re.findall(r"\(s\)|[^\W_]+", cell.casefold()))


def _distinct(names: list[str]) -> list[str]:
    return list(dict.fromkeys(stripped for name in names if (stripped := name.strip())))
