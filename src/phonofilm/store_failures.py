"""Turn what disks and databases raise into StoreError, in one place for every stage.

A stage turns what it expects into an error with a better sentence. The rest of the failures of a
disk (full, read-only, without permission, over a limit, gone) ends here: exit code 6 and a
sentence, never a traceback.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator

from phonofilm.errors import StoreError

_SQLITE = (sqlite3.OperationalError, sqlite3.DatabaseError)
# Errors of SQLite that are mistakes in our statements.
_SQLITE_BUGS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.NotSupportedError)
# Names of classes, because importing the drivers takes longer than most verbs. DuckDB reports a
# full disk as any of these, depending on what it was writing (1.5.5, November 2026).
_DRIVERS = {
    "duckdb": ("IOException", "FatalException", "TransactionException", "OutOfMemoryException"),
    "psycopg": ("OperationalError", "InterfaceError"),
}


@contextlib.contextmanager
def store_failures() -> Iterator[None]:
    """Raise StoreError for each failure of a disk or database in the block."""
    try:
        yield
    except BrokenPipeError:  # the reader of the output went away
        raise
    except Exception as error:
        if not is_store_failure(error):
            raise
        raise _store_error(error) from error


def is_store_failure(error: BaseException) -> bool:
    """Tell whether an exception says that a disk or a database fails, not that we do."""
    if isinstance(error, OSError):
        return True
    if isinstance(error, _SQLITE):
        return not isinstance(error, _SQLITE_BUGS)
    return any(
        isinstance(error, getattr(sys.modules.get(module), name, ()))
        for module, names in _DRIVERS.items()
        for name in names
    )


def _store_error(error: Exception) -> StoreError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    path = getattr(error, "filename", None)
    if isinstance(error, OSError) and error.strerror:
        reason = f"{error.strerror} ({path})" if path else error.strerror
    return StoreError(
        f"Cannot read or write the data: {reason}.",
        saved="Everything up to the last commit is safe.",
        next_step="Make room (or repair the disk) and run the same command again.",
    )
