"""A file that grows next to its target until it is whole, with the version that it is of."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Validators(msgspec.Struct):
    """How a server identifies the version of a file (RFC 9110, 8.8)."""

    etag: str = ""
    last_modified: str = ""


class PartialFile:
    """The files next to a target while it grows: body, validators, and those of a whole one."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.body = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self._finished = target.with_name(f"{target.name}.fetched.json")

    @property
    def size(self) -> int:
        """Bytes received so far."""
        return self.body.stat().st_size if self.body.exists() else 0

    def validators(self) -> Validators | None:
        """Return the validators of a file that was begun, or None."""
        return _read_validators(self._note)

    def finished(self) -> Validators | None:
        """Return the validators of a whole file from a run that stopped later, or None."""
        return _read_validators(self._finished) if self.target.exists() else None

    def begin(self, validators: Validators) -> None:
        """Note the version of a file whose body starts now."""
        self._note.write_bytes(msgspec.json.encode(validators))

    def finish(self) -> None:
        """Rename the whole body to the target."""
        self.body.replace(self.target)
        self._note.replace(self._finished)

    def drop(self) -> None:
        """Remove the body."""
        self.body.unlink(missing_ok=True)


def _read_validators(path: Path) -> Validators | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Validators)
    except (OSError, msgspec.DecodeError):
        return None
