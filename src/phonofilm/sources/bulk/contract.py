"""The contract of a source that gives whole files: tables of text, and the records in them.

A mapping is SQL over the dump's tables, each a relation of text columns under its own name: dumps
have tens of millions of rows, and the database reads them without a row ever becoming an object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from phonofilm.errors import UsageError
from phonofilm.records import Record
from phonofilm.sources.manifest import Manifest


class DumpTable(NamedTuple):
    """One file of a dump: its columns in order, those that name a row, and those of whole numbers.

    `packing`: tsv (plain or gzip), json or csv inside a tar (xz, zst, gz, bz2), or csv as it is.
    All but tsv are made into Parquet of the columns wanted when they come: of what an archive of
    hundreds of gigabytes holds, a few columns are read. `types` are DuckDB's, text where none is
    told. `files` are the names it may have, the first being that at the source. `header` counts
    lines of names; several are joined by a dot.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    packing: str = "tsv"
    types: Mapping[str, str] = {}
    files: tuple[str, ...] = ()
    header: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its file may have."""
        return self.files or (f"{self.name}.tsv.gz", f"{self.name}.tsv")

    def type_of(self, column: str) -> str:
        """Return a column's type."""
        return self.types.get(column, "VARCHAR")


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


class BulkSource:
    """Base of a source that gives whole files: its tables, and the rows read from them.

    A source whose dumps can be imported in part overrides `rules`, which say which titles a part
    keeps (into a table `kept`), and `needs`, the tables that these look at; then `narrowed` says
    which rows of each table belong to the titles, `credited` who is named there. `clips` are
    folders of sound beside the tables; what lies there is listed as a table of that name.
    """

    manifest: Manifest
    tables: Mapping[str, DumpTable] = {}
    readings: Sequence[Reading] = ()
    narrowed: Mapping[str, str] = {}
    credited: str = ""
    clips: Sequence[str] = ()

    def rules(self, only: str, id_map: bool) -> list[Rule]:
        """Return the rules of a part, the strongest first; UsageError for an unknown part."""
        raise UsageError(
            f"These dumps have no part called {only!r}.", next_step="Leave --only out."
        )

    def needs(self, only: str) -> tuple[str, ...]:
        """Return the tables that the rules of a part look at."""
        return ()

    def read_id_map(self, path: Path) -> list[str]:
        """Read ids of titles from a file that a person keeps; UsageError when there are none."""
        raise UsageError("These dumps need no map of ids.", next_step="Leave --id-map out.")
