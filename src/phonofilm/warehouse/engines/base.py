"""What an engine does: holds the tables, merges batches, all in transactions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from phonofilm.records import Record
from phonofilm.warehouse.batches import Batches


class Merged(NamedTuple):
    """Rows of one kind after a merge; `unchanged` may have been seen again."""

    inserted: int
    updated: int
    unchanged: int


class Warehouse(Protocol):
    """One database. `batches` is where batches for it are made; `touched` when a merge wrote."""

    batches: Batches
    touched: bool

    def transaction(self) -> AbstractContextManager[None]: ...
    def is_empty(self, cls: type[Record]) -> bool: ...
    def merge(self, cls: type[Record]) -> Merged: ...
    def forget(
        self, cls: type[Record], source: str, answers: Sequence[str], before: int
    ) -> int: ...
    def loaded(self) -> set[str]: ...
    def remember(self, paths: Sequence[str], now: datetime) -> None: ...
    def quarantine(self, rows: Sequence[Sequence[Any]]) -> None: ...
    def keep_run(self, source: str, run: str, started: datetime, result: str) -> None: ...
    def purge(self, instant: datetime) -> dict[str, int]: ...
    def adopt(self, book: Path, tables: Sequence[str]) -> None: ...
    def settle(self) -> None: ...
    def close(self) -> None: ...
