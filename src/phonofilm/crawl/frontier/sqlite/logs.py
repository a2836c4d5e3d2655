"""Logs of the landing in a frontier file, with the offset up to which it holds their responses."""

from __future__ import annotations

from phonofilm.crawl.frontier.levels import FULL_MASK
from phonofilm.crawl.frontier.sqlite.database import FrontierDatabase
from phonofilm.crawl.frontier.values import FAILED

_UNSEALED = "SELECT id, committed FROM log WHERE sealed = 0 ORDER BY id"


class SqliteLogs:
    """Logs of one source."""

    def __init__(self, database: FrontierDatabase) -> None:
        self._database = database

    def begin(self, number_min: int = 1) -> int:
        """Begin another log; return its number, which is new and at least so great.

        The landing may hold logs with numbers of a frontier that was deleted.
        """
        last = self._database.number("SELECT coalesce(max(id), 0) + 1 FROM log")
        number = max(number_min, last)
        self._database.execute("INSERT INTO log (id, committed) VALUES (?, 0)", (number,))
        return number

    def unsealed(self) -> dict[int, int]:
        """Return the committed bytes of the logs that are not segments yet, by number."""
        return dict(self._database.rows(_UNSEALED))

    def mark_sealed(self, log: int) -> None:
        """Mark a log as sealed into segments."""
        self._database.execute("UPDATE log SET sealed = 1 WHERE id = ?", (log,))

    def reopen_lost(self, log: int, size: int) -> set[int]:
        """Reopen the tasks whose lines lie past the landed bytes of their log.

        Returns their nodes, which are not full any more. A power cut may leave a log shorter than
        its committed offset, and a log that was sealed without this frontier may have been cut
        before it.
        """
        database, lost = self._database, "log = ? AND log_offset >= ?"
        with database.transaction():
            rows = database.rows(f"SELECT node FROM task WHERE node > 0 AND {lost}", (log, size))
            nodes = {row[0] for row in rows}
            database.executemany(
                f"UPDATE node SET flags = flags & ~{FULL_MASK} WHERE seq = ?",
                [(node,) for node in nodes],
            )
            database.execute(f"UPDATE task SET state = {FAILED} WHERE {lost}", (log, size))
            database.execute(
                "UPDATE log SET committed = min(committed, ?) WHERE id = ?", (size, log)
            )
        return nodes
