"""Errors for people: what happened, what is saved, and what to do next.

    PhonofilmError                     exit
     ├── UsageError                    2    the command or its arguments cannot be carried out
     │    └── OriginError              2    the folder holds another world than the one named
     ├── ConfigurationError            3    settings, credentials or terms are missing or wrong
     │    ├── TermsError               3    a source's terms were not accepted
     │    └── CredentialsError         3    a source refuses the key
     ├── ParkedError                   4    a quota is spent; the minute of return is known
     ├── ShapeError                    5    a source changed the shape of its responses
     ├── StoreError                    6    a disk, a database or a server fails
     │    ├── UnavailableError         6    a source gives no usable response
     │    ├── LockedError              6    another process is writing to this folder
     │    └── NewerDataError           6    the folder was written by a newer version
     └── BotWallError                  7    a source asks for a browser; it is left alone

Exit code 1 is a bug of ours, 130 an interruption with the state saved. An error that is raised with
a fact (the holder of a lock, an endpoint) carries it as an attribute, too, for programs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

INTERRUPTED = 130
"""Exit code after a signal: 128 and the number of SIGINT, as shells have it."""


class PhonofilmError(Exception):
    """Base of the tree. `happened` is one sentence; `saved` and `next_step` complete it."""

    exit_code = 1

    def __init__(self, happened: str, *, saved: str = "", next_step: str = "") -> None:
        super().__init__(happened)
        self.happened = happened
        self.saved = saved
        self.next_step = next_step

    def with_saved(self, saved: str, next_step: str = "") -> Self:
        """Complete this error where more is known of what is saved, and return it.

        For a caller that raises an error of a lower floor again; an empty `next_step` leaves the
        one that the error has.
        """
        self.saved = saved
        self.next_step = next_step or self.next_step
        return self


class UsageError(PhonofilmError):
    """The command or its arguments cannot be carried out as given."""

    exit_code = 2


class OriginError(UsageError):
    """The data folder holds `expected`, and the command named `actual`."""

    def __init__(
        self, happened: str, *, expected: str, actual: str, saved: str = "", next_step: str = ""
    ) -> None:
        super().__init__(happened, saved=saved, next_step=next_step)
        self.expected = expected
        self.actual = actual


class ConfigurationError(PhonofilmError):
    """Settings are missing or wrong."""

    exit_code = 3


class TermsError(ConfigurationError):
    """A source stays off until its terms are accepted."""


class CredentialsError(ConfigurationError):
    """A source refuses the key it was given."""


class ParkedError(PhonofilmError):
    """A source is parked until `resume_at` (Unix seconds)."""

    exit_code = 4

    def __init__(
        self, happened: str, *, resume_at: float, saved: str = "", next_step: str = ""
    ) -> None:
        super().__init__(happened, saved=saved, next_step=next_step)
        self.resume_at = resume_at


class ShapeError(PhonofilmError):
    """A source changed the shape of its responses or dumps.

    `endpoint` is that of a response, `table` that of a dump; the other one is empty, and both are
    where the shape of the whole source is meant.
    """

    exit_code = 5

    def __init__(
        self,
        happened: str,
        *,
        endpoint: str = "",
        table: str = "",
        saved: str = "",
        next_step: str = "",
    ) -> None:
        super().__init__(happened, saved=saved, next_step=next_step)
        self.endpoint = endpoint
        self.table = table


class StoreError(PhonofilmError):
    """A disk, a database or a server fails."""

    exit_code = 6


class UnavailableError(StoreError):
    """A source gave no usable response for longer than is waited.

    `requests` and `elapsed_seconds` are those of the run that it ended.
    """

    requests = 0
    elapsed_seconds = 0.0


class LockedError(StoreError):
    """Another process is writing to this folder; `holder` says which, since when, doing what."""

    def __init__(self, happened: str, *, holder: str, saved: str = "", next_step: str = "") -> None:
        super().__init__(happened, saved=saved, next_step=next_step)
        self.holder = holder


class NewerDataError(StoreError):
    """The folder was written by a newer version, in the format number `written`."""

    def __init__(
        self, happened: str, *, written: int, saved: str = "", next_step: str = ""
    ) -> None:
        super().__init__(happened, saved=saved, next_step=next_step)
        self.written = written


class BotWallError(PhonofilmError):
    """A source asks for a browser; no solver, no disguise: the host is left alone."""

    exit_code = 7


def exit_code_of(status: str) -> int:
    """Return the exit code of a run that ended without an error: 4 parked, 130 interrupted."""
    return {"parked": ParkedError.exit_code, "interrupted": INTERRUPTED}.get(status, 0)


def output_error(path: Path, error: OSError) -> PhonofilmError:
    """Describe why a file that a person named cannot be written: a wrong name, or a disk."""
    if isinstance(error, IsADirectoryError | NotADirectoryError | PermissionError):
        return UsageError(f"Cannot write {path}: {error.strerror}.", next_step="Name another file.")
    return StoreError(
        f"Cannot write {path}: {error.strerror or error}.",
        saved="A file that was there before is as it was.",
        next_step="Make room, or name a file on another disk.",
    )


def storage_error(path: Path, error: Exception) -> StoreError:
    """Describe a failure of the disk that holds `path`."""
    return StoreError(
        f"The disk of {path.parent} fails: {error}.",
        saved="Every answer up to the last commit is safe; only the calls in flight are lost.",
        next_step="Make room (or repair the disk) and run the same command again.",
    )
