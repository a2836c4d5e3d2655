"""Reopen what was answered before an instant: its tasks are open again, its nodes not full."""

from __future__ import annotations

import sqlite3

from phonofilm.crawl.frontier.base import PENDING
from phonofilm.crawl.frontier.database import FrontierDatabase
from phonofilm.crawl.frontier.index import KIND_NUMBER
from phonofilm.crawl.frontier.levels import FULL_MASK
from phonofilm.errors import storage_error
from phonofilm.records.kinds import WANTED

# The pages of one list are reopened together, because a list is whole at one time only.
_OLD_LISTS = f"""CREATE TEMP TABLE old_list AS SELECT DISTINCT endpoint, node FROM task
    WHERE state <> {PENDING} AND answered_at < ?"""
_REOPEN = "DELETE FROM task WHERE (endpoint, node) IN (SELECT endpoint, node FROM old_list)"


class ReopeningFrontier(FrontierDatabase):
    """A frontier file that no crawl has opened, whose old tasks are to be reopened."""

    def reopen_answered_before(self, instant_us: int) -> int:
        """Reopen the tasks answered before an instant (Unix microseconds), at once.

        Returns the number of lists and look-ups reopened. When there are any, no record counts as
        full any more: newer responses have to mark them again.
        """
        numbers = ", ".join(str(KIND_NUMBER[kind]) for kind in WANTED)
        run = self._db.execute
        try:
            run("BEGIN IMMEDIATE")
            run(_OLD_LISTS, (instant_us,))
            reopened = self._number("SELECT count(*) FROM old_list")
            if reopened:
                run(_REOPEN)
                run(f"UPDATE node SET flags = flags & ~{FULL_MASK} WHERE kind IN ({numbers})")
            run("DROP TABLE old_list")
            run("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                run("ROLLBACK")
            raise storage_error(self.path, error) from error
        return reopened
