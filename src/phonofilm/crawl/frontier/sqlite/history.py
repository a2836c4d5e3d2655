"""Requests and runs in a frontier file."""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.crawl.frontier.sqlite.database import FrontierDatabase

_ANSWERED = (
    "SELECT queue, gain, met FROM call WHERE verdict = 'answer' AND queue <> '' AND seq > ?"
    " ORDER BY seq"
)
_SINCE = (
    "SELECT answered_at, endpoint FROM call WHERE answered_at > ?"
    " UNION ALL SELECT at, endpoint FROM permit WHERE at > ?"
)
_GAIN_BY_QUEUE = (
    "SELECT queue, count(*), sum(gain), avg(gain) FILTER (WHERE later <= 100) FROM"
    " (SELECT queue, gain,"
    "  row_number() OVER (PARTITION BY queue ORDER BY seq DESC) AS later"
    "  FROM call WHERE verdict = 'answer' AND queue <> '')"
    " GROUP BY queue ORDER BY 3 DESC"
)


class SqliteHistory:
    """Requests and runs of one source."""

    def __init__(self, database: FrontierDatabase) -> None:
        self._database = database

    def answered_requests(self, after: int = 0) -> Iterator[tuple[str, float, str]]:
        """Yield queue, gain and discovered nodes of answered requests after a number, in order."""
        return self._database.rows(_ANSWERED, (after,))

    def answered_endpoints(self) -> set[str]:
        """Return the endpoints that answered at least once: these are not absent."""
        rows = self._database.rows("SELECT DISTINCT endpoint FROM call WHERE verdict = 'answer'")
        return {row[0] for row in rows}

    def requests_since(self, instant: float) -> list[tuple[float, str]]:
        """Return Unix seconds and endpoint of the requests after an instant, permits included."""
        rows = self._database.rows(_SINCE, (int(instant * 1e6),) * 2)
        return sorted((at / 1e6, endpoint) for at, endpoint in rows)

    def request_counts(self, run: str | None = None) -> list[tuple[str, int, int]]:
        """Count the requests of one run or of all, by endpoint and status."""
        where, values = ("WHERE run = ?", (run,)) if run else ("", ())
        sql = f"SELECT endpoint, status, count(*) FROM call {where} GROUP BY 1, 2 ORDER BY 1, 2"
        return list(self._database.rows(sql, values))

    def gain_by_queue(self) -> list[tuple[str, int, float, float]]:
        """Return name, answered requests, total gain and mean of the last hundred, by queue.

        Gain counts a full record as 1 and a mention as 0.5.
        """
        return list(self._database.rows(_GAIN_BY_QUEUE))

    def absent(self) -> dict[str, int]:
        """Return the absent endpoints with the instants since when (Unix seconds)."""
        return dict(self._database.rows("SELECT endpoint, since FROM absent"))

    def save_run(self, run: str, started: float, result: str) -> None:
        """Save how a run ended."""
        self._database.execute(
            "INSERT OR REPLACE INTO run VALUES (?, ?, ?)", (run, started, result)
        )

    def runs(self) -> list[tuple[str, float, str]]:
        """Return id, start (Unix seconds) and result (JSON) of all ended runs, oldest first."""
        return list(self._database.rows("SELECT id, started, result FROM run ORDER BY started"))
