"""Everything that can go wrong, for people: what happened, what is saved, what to do next.

    PhonofilmError                     exit
     ├── UsageError                    2    the command or its arguments cannot be carried out
     │    └── OriginError              2    the folder holds another world than the one named
     ├── ConfigurationError            3    settings, credentials or terms are missing or wrong
     │    ├── TermsError               3    a source's terms were not accepted
     │    └── CredentialsError         3    a source refuses the key
     ├── ParkedError                   4    a quota is spent; the minute of return is known
     ├── ShapeError                    5    a source changed the shape of its answers
     ├── StoreError                    6    a disk, a database or a server fails
     │    ├── LockedError              6    somebody else is writing to this folder
     │    └── NewerDataError           6    the folder was written by a newer version
     └── BotWallError                  7    a source asks for a browser; it is left alone

Exit code 1 is a bug of ours, 130 an interruption with the state saved.
"""

from __future__ import annotations

from pathlib import Path

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


class UsageError(PhonofilmError):
    """The command or its arguments cannot be carried out as given."""

    exit_code = 2


class OriginError(UsageError):
    """A data folder holds one origin per source; this is another one."""


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
    """A source changed the shape of its answers."""

    exit_code = 5


class StoreError(PhonofilmError):
    """A disk, a database or a server fails."""

    exit_code = 6


class LockedError(StoreError):
    """Somebody else is writing to this folder."""


class NewerDataError(StoreError):
    """The folder was written by a newer version."""


class BotWallError(PhonofilmError):
    """A source asks for a browser; no solver, no disguise: the host is left alone."""

    exit_code = 7


def exit_code_of(status: str) -> int:
    """Return the exit code of a run that ended without an error: 4 parked, 130 interrupted."""
    return {"parked": ParkedError.exit_code, "interrupted": INTERRUPTED}.get(status, 0)


def storage_error(path: Path, error: Exception) -> StoreError:
    """Describe a failure of the disk that holds `path`."""
    return StoreError(
        f"The disk of {path.parent} fails: {error}.",
        saved="Every answer up to the last commit is safe; only the calls in flight are lost.",
        next_step="Make room (or repair the disk) and run the same command again.",
    )
