"""Reopen what is due: what was answered before an instant, and look-ups that would give more."""

from __future__ import annotations

from collections.abc import Iterable

from phonofilm.crawl.frontier.index import KIND_NUMBER
from phonofilm.crawl.frontier.levels import FULL_MASK
from phonofilm.crawl.frontier.sqlite.database import FrontierDatabase
from phonofilm.crawl.frontier.values import PENDING
from phonofilm.records.kinds import WANTED

# The pages of one list are reopened together, because a list is whole at one time only.
_OLD_LISTS = f"""CREATE TEMP TABLE old_list AS SELECT DISTINCT endpoint, node FROM task
    WHERE state <> {PENDING} AND answered_at < ?"""
_REOPEN = "DELETE FROM task WHERE (endpoint, node) IN (SELECT endpoint, node FROM old_list)"


def reopen_answered_before(database: FrontierDatabase, instant_us: int) -> int:
    """Reopen the tasks answered before an instant (Unix microseconds).

    Returns the number of lists and look-ups reopened. When there are any, no record counts as full
    any more: newer responses have to mark them again.
    """
    numbers = ", ".join(str(KIND_NUMBER[kind]) for kind in WANTED)
    with database.transaction():
        database.execute(_OLD_LISTS, (instant_us,))
        reopened = database.number("SELECT count(*) FROM old_list")
        if reopened:
            database.execute(_REOPEN)
            database.execute(
                f"UPDATE node SET flags = flags & ~{FULL_MASK} WHERE kind IN ({numbers})"
            )
        database.execute("DROP TABLE old_list")
    return reopened


def reopen_look_ups(database: FrontierDatabase, kind: str, endpoints: Iterable[str]) -> None:
    """Reopen the tasks of some endpoints about nodes of a kind that are not full."""
    nodes = f"SELECT seq FROM node WHERE kind = ? AND flags & {FULL_MASK} = 0"
    with database.transaction():
        for endpoint in endpoints:
            database.execute(
                f"DELETE FROM task WHERE endpoint = ? AND node IN ({nodes})",
                (endpoint, KIND_NUMBER[kind]),
            )
