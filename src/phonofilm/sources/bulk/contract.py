"""The contract of a source that gives whole files: tables of text, and the records in them.

Records are read by SQL over the tables of a dump, each a relation of text columns under its own
name. Dumps have tens of millions of rows, and the database reads them without one Python object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from phonofilm.errors import UsageError
from phonofilm.records import Record
from phonofilm.sources.bulk.cells import Cell
from phonofilm.sources.manifest import Manifest


class DumpTable(NamedTuple):
    """One file of a dump: its columns in order, and the `key` columns, which no two rows share.

    `cells` say what columns of text mean. A row without a value in a `required` column (those of
    the key, unless others are named) says nothing and is quarantined.

    `packing`: tsv (plain or gzip), json or csv inside a tar (xz, zst, gz, bz2), or plain csv. All
    but tsv are converted to Parquet of these columns when they are imported, because only a few
    columns of an archive of hundreds of gigabytes are used. `types` are DuckDB types, VARCHAR by
    default. `files` are the possible file names, the first one being that at the source. `header`
    is the number of header lines; the names in several lines are joined by a dot.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    cells: Mapping[str, Cell] = {}
    required: tuple[str, ...] = ()
    packing: str = "tsv"
    types: Mapping[str, str] = {}
    files: tuple[str, ...] = ()
    header: int = 1

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a row says nothing."""
        return self.required or self.key

    @property
    def names(self) -> tuple[str, ...]:
        """Possible names of its file."""
        return self.files or (f"{self.name}.tsv.gz", f"{self.name}.tsv")

    def type_of(self, column: str) -> str:
        """Return a column's type."""
        return self.types.get(column, "VARCHAR")


class RecordQuery(NamedTuple):
    """SQL that reads the records of a class from tables; `fields` are the columns it fills.

    `key_sql` selects a number per row as `h`, equal for rows of one record. The numbers stand in
    the table `keys`, and those of several rows in `twice`; only when there are any is `unique_sql`
    used, which gives one row per record: looking for duplicates is far cheaper than sorting them
    out. With `corrected`, rows that only older dumps had were mistakes and are deleted.
    """

    cls: type[Record]
    tables: tuple[str, ...]
    sql: str
    fields: tuple[str, ...]
    unique_sql: str = ""
    key_sql: str = ""
    corrected: bool = False


class Rule(NamedTuple):
    """A rule of a partial import: its name, and SQL that selects the ids of the titles it keeps."""

    name: str
    sql: str


class BulkSource:
    """Base of a source that gives whole files: its tables, and the rows read from them.

    A source whose dumps can be imported in part overrides `rules`, which select the titles of a
    part (into a table `kept`), and `tables_of`, the tables that the rules read. `subset_filters`
    are then conditions, by table, for the rows of these titles, and `credited_sql` selects the
    people credited there. `clips` are folders of sound files next to the tables; their files are
    listed as a table of that name.
    """

    manifest: Manifest
    tables: Mapping[str, DumpTable] = {}
    record_queries: Sequence[RecordQuery] = ()
    subset_filters: Mapping[str, str] = {}
    credited_sql: str = ""
    clips: Sequence[str] = ()

    def rules(self, only: str, id_map: bool) -> list[Rule]:
        """Return the rules of a part, the strongest first; UsageError for an unknown part."""
        raise UsageError(
            f"These dumps have no part called {only!r}.", next_step="Leave --only out."
        )

    def tables_of(self, only: str) -> tuple[str, ...]:
        """Return the tables that the rules of a part read."""
        return ()

    def read_id_map(self, path: Path) -> list[str]:
        """Read ids of titles from a file that a person keeps; UsageError when there are none."""
        raise UsageError("These dumps need no map of ids.", next_step="Leave --id-map out.")
