"""Decisions of people about uncertain links, in an append-only file that every rebuild obeys."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from phonofilm.errors import StoreError, UsageError, storage_error
from phonofilm.workspace import Workspace


class Decision(msgspec.Struct):
    """Two records (`source:id`) are the same entity or not; the newest of a pair counts."""

    kind: str
    one: str
    other: str
    same: bool
    at: str


def _file(workspace: Workspace) -> Path:
    return workspace.root / "identity" / "decisions.jsonl"


def decide(workspace: Workspace, kind: str, one: str, other: str, same: bool) -> Decision:
    """Write a decision; it is on disk when this function returns."""
    first, second = sorted((one, other))
    if first == second:
        raise UsageError(f"{first} is itself.")
    decision = Decision(kind, first, second, same, datetime.now(UTC).isoformat(timespec="seconds"))
    path = _file(workspace)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            if file.tell() and not _ends_with_newline(path):  # a power cut left half a line
                file.write(b"\n")
            file.write(msgspec.json.encode(decision) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_error(path, error) from error
    return decision


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def decisions(workspace: Workspace, kind: str = "") -> list[Decision]:
    """Return the decisions that count, of one kind or of all, newest last.

    A line that a power cut left incomplete is skipped. StoreError for any other invalid line.
    """
    path = _file(workspace)
    if not path.is_file():
        return []
    newest: dict[tuple[str, str, str], Decision] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line:
            continue
        try:
            decision = msgspec.json.decode(line, type=Decision)
        except msgspec.DecodeError as error:
            if "truncated" in str(error):
                continue
            raise StoreError(
                f"{path}, line {number}, is no decision: {error}.",
                saved="Nothing was changed.",
                next_step="Correct or remove that line; the others are read as they are.",
            ) from None
        pair = (decision.kind, decision.one, decision.other)
        newest.pop(pair, None)
        newest[pair] = decision
    return [decision for decision in newest.values() if kind in ("", decision.kind)]
