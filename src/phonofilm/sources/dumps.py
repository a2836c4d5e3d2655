"""The contract of a source that gives whole files: tables of text, and the records in them.

A mapping is SQL over the dump's tables, each a relation of text columns under its own name: dumps
have tens of millions of rows, and the database reads them without a row ever becoming an object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from phonofilm.records import Record
from phonofilm.sources.manifest import Manifest


class DumpTable(NamedTuple):
    """One file of a dump: its columns in order, those that name a row, and those of whole numbers.

    `title` is the column that names the title (or person) a row belongs to, for partial imports.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    numbers: tuple[str, ...] = ()


class Reading(NamedTuple):
    """How rows of a kind are read from tables. `fields` are those that the dump tells.

    `keys` is SQL for a number per row that may stand there twice, as `h`; it is there as the table
    `keys`, and those of more than one row as `twice`. `once` gives the same rows with those made
    one, and is used when there are any: looking is far cheaper than making sure. `corrected`: what
    a newer dump does not tell any more was a mistake, not history.
    """

    cls: type[Record]
    needs: tuple[str, ...]
    sql: str
    fields: tuple[str, ...]
    once: str = ""
    keys: str = ""
    corrected: bool = False


class Rule(NamedTuple):
    """Why a title is kept in a partial import: its name, and SQL giving the ids it keeps."""

    name: str
    sql: str


class BulkSource(Protocol):
    """What an import needs to know of a source.

    `rules` say which titles a part keeps (into a table `kept`), `narrowed` which rows of each table
    belong to them, `credited` who is named there.
    """

    manifest: Manifest
    tables: Mapping[str, DumpTable]
    readings: Sequence[Reading]

    narrowed: Mapping[str, str]
    credited: str

    def rules(self, only: str, id_map: bool) -> list[Rule]: ...
    def needs(self, only: str) -> tuple[str, ...]: ...
