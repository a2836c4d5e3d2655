"""What people decided about uncertain links; an append-only file that every rebuild obeys."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from phonofilm.errors import StoreError, UsageError, storage_error
from phonofilm.workspace import Workspace


class Decision(msgspec.Struct):
    """That two records (`source:id`) are one thing or are not; the newest of a pair stands."""

    kind: str
    one: str
    other: str
    same: bool
    at: str


def _file(folder: Workspace) -> Path:
    return folder.root / "identity" / "decisions.jsonl"


def decide(folder: Workspace, kind: str, one: str, other: str, same: bool) -> Decision:
    """Writes a decision down; it is on disk when this returns."""
    first, second = sorted((one, other))
    if first == second:
        raise UsageError(f"{first} is itself.")
    made = Decision(kind, first, second, same, datetime.now(UTC).isoformat(timespec="seconds"))
    path = _file(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            if file.tell() and not _ends_whole(path):  # a power cut left half a line
                file.write(b"\n")
            file.write(msgspec.json.encode(made) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_error(path, error) from error
    return made


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def decisions(folder: Workspace, kind: str = "") -> list[Decision]:
    """All that stand, of one kind or of all, the newest last.

    A line that a power cut left half is passed over; anything else that is no decision is told.
    """
    path = _file(folder)
    if not path.is_file():
        return []
    held: dict[tuple[str, str, str], Decision] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line:
            continue
        try:
            made = msgspec.json.decode(line, type=Decision)
        except msgspec.DecodeError as error:
            if "truncated" in str(error):
                continue
            raise StoreError(
                f"{path}, line {number}, is no decision: {error}.",
                saved="Nothing was changed.",
                next_step="Correct or remove that line; the others are read as they are.",
            ) from None
        held.pop((made.kind, made.one, made.other), None)
        held[made.kind, made.one, made.other] = made
    return [made for made in held.values() if kind in ("", made.kind)]
