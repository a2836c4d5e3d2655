"""Requests, runs, logs, files and settings of one source, in SQLite (WAL)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from phonofilm.crawl.frontier.base import FAILED, RequestRecord
from phonofilm.crawl.frontier.schema import prepare
from phonofilm.errors import OriginError, StoreError, storage_error
from phonofilm.media.base import FetchedFile

_INSERT_REQUEST = (
    "INSERT INTO call (seq, endpoint, answered_at, status, verdict, queue, gain, met, run)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class FrontierDatabase:
    """Part of a frontier that knows no nodes. Settings and logs are written at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inserts: dict[str, list[tuple[Any, ...]]] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            prepare(self._db, path)
            self._last_request = self._number("SELECT coalesce(max(seq), 0) FROM call")
        except sqlite3.Error as error:
            raise storage_error(path, error) from error

    def _number(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])

    def _insert(self, sql: str, values: tuple[Any, ...]) -> None:
        """Queue an insert for the next commit.

        Inserts come before updates, which may be of the same rows.
        """
        self._inserts.setdefault(sql, []).append(values)

    def record_request(self, record: RequestRecord) -> int:
        """Record a request; return its number, counted over all runs."""
        self._last_request += 1
        self._insert(_INSERT_REQUEST, (self._last_request, *record))
        return self._last_request

    def record_file(self, run: str) -> int:
        """Record a file download, which counts towards no budget; return its request number."""
        return self.record_request(
            RequestRecord(
                endpoint="media",
                answered_at=0,
                status=200,
                verdict="file",
                queue="",
                gain=0.0,
                discovered="",
                run=run,
            )
        )

    def save_media(self, url: str, file: FetchedFile) -> None:
        """Save a fetched or refused media file."""
        self._insert("INSERT OR REPLACE INTO media VALUES (?, ?, ?, ?, ?, ?)", (url, *file))

    def media(self) -> dict[str, FetchedFile]:
        """Return the fetched and refused media files by address."""
        rows = self._db.execute("SELECT url, path, sha256, bytes, content_type, owners FROM media")
        return {url: FetchedFile(*columns) for url, *columns in rows}

    def answered_requests(self) -> Iterator[tuple[str, float, str]]:
        """Yield queue, gain and discovered nodes (JSON) of answered requests, oldest first."""
        return iter(
            self._db.execute(
                "SELECT queue, gain, met FROM call WHERE verdict = 'answer' AND queue <> ''"
                " AND seq > ? ORDER BY seq",
                (int(self.meta("gains_after") or 0),),
            )
        )

    def forget_gains(self) -> None:
        """Leave the requests so far out of `answered_requests`, at once."""
        self.set_meta("gains_after", str(self._last_request))

    def requests_since(self, instant: float) -> list[tuple[float, str]]:
        """Return Unix seconds and endpoint of the requests made after an instant."""
        rows = self._db.execute(
            "SELECT answered_at, endpoint FROM call WHERE answered_at > ? ORDER BY seq",
            (int(instant * 1e6),),
        )
        return [(at / 1e6, endpoint) for at, endpoint in rows]

    def answered_endpoints(self) -> set[str]:
        """Return the endpoints that answered at least once: these are not absent."""
        rows = self._db.execute("SELECT DISTINCT endpoint FROM call WHERE verdict = 'answer'")
        return {row[0] for row in rows}

    def absent(self) -> frozenset[str]:
        """Return the endpoints that are absent at this access level."""
        return frozenset(row[0] for row in self._db.execute("SELECT endpoint FROM absent"))

    def mark_absent(self, endpoint: str, since: int, status: int) -> None:
        """Mark an endpoint as absent since an instant (Unix seconds): it costs no request again."""
        self._insert("INSERT OR IGNORE INTO absent VALUES (?, ?, ?)", (endpoint, since, status))

    def mark_present(self, endpoint: str) -> None:
        """Mark an endpoint as not absent, at once."""
        self._db.execute("DELETE FROM absent WHERE endpoint = ?", (endpoint,))

    def expire_absent(self, before: int) -> None:
        """Forget the endpoints that were marked as absent before an instant, at once."""
        self._db.execute("DELETE FROM absent WHERE since < ?", (before,))

    def meta(self, key: str) -> str | None:
        """Return a stored setting, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str | None) -> None:
        """Store a setting at once; None deletes it."""
        if value is None:
            self._db.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def restore_parking(
        self, parking: Mapping[str, str | None], spent: Iterable[tuple[float, str]]
    ) -> None:
        """Copy the parking and the last day's requests of an older frontier, at once."""
        self.set_meta("parked_until", parking.get("parked_until"))
        self.set_meta("parked_at", parking.get("parked_at"))
        self.set_meta("parked_origin", parking.get("parked_origin") or parking.get("origin"))
        self._db.executemany(
            "INSERT INTO call (endpoint, answered_at, status, verdict, queue, gain, met, run)"
            " VALUES (?, ?, 0, 'before', '', 0, '', 'before')",
            [(endpoint, int(instant * 1e6)) for instant, endpoint in spent],
        )

    def bind_origin(self, origin: str, access: str) -> None:
        """Bind the frontier to one origin; OriginError when it holds another.

        Another access level is another view of the same origin: absent endpoints may be there.
        """
        last_origin = self.meta("origin")
        if last_origin not in (None, origin):
            raise OriginError(
                f"This data folder holds {self.path.stem} from {last_origin}, not from {origin}.",
                expected=str(last_origin),
                actual=origin,
                saved="Nothing was touched.",
                next_step="Name another folder with --data, or forget this one's with --fresh.",
            )
        self.set_meta("origin", origin)
        if self.meta("access") not in (None, access):
            self._db.execute("DELETE FROM absent")
        self.set_meta("access", access)

    def new_log(self, number_min: int = 1) -> int:
        """Begin another log, at once; return its number, which is new and at least so great.

        The landing may hold logs with numbers of a frontier that was deleted.
        """
        number = max(number_min, self._number("SELECT coalesce(max(id), 0) + 1 FROM log"))
        self._db.execute("INSERT INTO log (id, committed) VALUES (?, 0)", (number,))
        return number

    def unsealed_logs(self) -> dict[int, int]:
        """Return the committed bytes of the logs that are not segments yet, by number."""
        return dict(self._db.execute("SELECT id, committed FROM log WHERE sealed = 0 ORDER BY id"))

    def mark_sealed(self, log: int) -> None:
        """Mark a log as sealed into segments, at once."""
        self._db.execute("UPDATE log SET sealed = 1 WHERE id = ?", (log,))

    def reopen_lost(self, log: int, size: int) -> int:
        """Reopen the tasks whose lines lie past the landed bytes of their log; return how many.

        A power cut may leave a log shorter than its committed offset, and a log that was sealed
        without this frontier may have been cut before it.
        """
        reopened = self._db.execute(
            f"UPDATE task SET state = {FAILED} WHERE log = ? AND log_offset >= ?", (log, size)
        )
        self._db.execute("UPDATE log SET committed = min(committed, ?) WHERE id = ?", (size, log))
        return int(reopened.rowcount)

    def save_run(self, run: str, started: float, result: str) -> None:
        """Save how a run ended, at once."""
        self._db.execute("INSERT OR REPLACE INTO run VALUES (?, ?, ?)", (run, started, result))

    def runs(self) -> list[tuple[str, float, str]]:
        """Return id, start (Unix seconds) and result (JSON) of all ended runs, oldest first."""
        return self._db.execute("SELECT id, started, result FROM run ORDER BY started").fetchall()

    def request_counts(self, run: str | None = None) -> list[tuple[str, int, int]]:
        """Count the requests of one run or of all, by endpoint and status."""
        where, values = ("WHERE run = ?", (run,)) if run else ("", ())
        return self._db.execute(
            f"SELECT endpoint, status, count(*) FROM call {where} GROUP BY 1, 2 ORDER BY 1, 2",
            values,
        ).fetchall()

    def gain_by_queue(self) -> list[tuple[str, int, float, float]]:
        """Return name, answered requests, total gain and mean of the last hundred, by queue.

        Gain counts a full record as 1 and a mention as 0.5.
        """
        return self._db.execute(
            "SELECT queue, count(*), sum(gain), avg(gain) FILTER (WHERE later <= 100) FROM"
            " (SELECT queue, gain,"
            "  row_number() OVER (PARTITION BY queue ORDER BY seq DESC) AS later"
            "  FROM call WHERE verdict = 'answer' AND queue <> '')"
            " GROUP BY queue ORDER BY 3 DESC"
        ).fetchall()

    def close(self) -> None:
        """Close the database; what was not committed is dropped."""
        try:
            self._db.close()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} could not be closed: {error}.") from error
