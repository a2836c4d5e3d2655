"""Helpers of the tests of warehouses: worlds that are imported, and rows with their field times."""

from __future__ import annotations

from pathlib import Path

from phonofilm.config import Settings
from phonofilm.imports.dumps import ImportOptions, import_dumps
from phonofilm.landing.envelope import Envelope
from phonofilm.landing.journal import Journal
from phonofilm.landing.segments import seal_log
from phonofilm.records import RECORDS
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.warehouse.schema.field_times import field_time
from phonofilm.warehouse.schema.tables import field_names
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace


def query(workspace: Workspace, sql: str) -> list[tuple]:
    """The rows of a query, as a reader gets them."""
    with open_snapshot(workspace) as connection:
        return connection.execute(sql).fetchall()


def land(folder: Workspace, *envelopes: Envelope) -> None:
    """Land responses in segments of their own."""
    folder.open()
    log = Journal(folder.logs / "test.ndjson")
    for envelope in envelopes:
        log.add(envelope)
    log.write()
    log.close()
    seal_log(log.path, folder.landing)
    log.path.unlink()


def all_rows(workspace: Workspace) -> dict[str, list[tuple]]:
    """All rows of a warehouse by table, with the time of each field however it is stored."""
    rows = {}
    with open_snapshot(workspace) as connection:
        for cls in RECORDS:
            names = field_names(cls)
            times = ", ".join(field_time("t", names, name) for name in names)
            rows[cls.plural] = connection.execute(
                f"SELECT * EXCLUDE (_told, _held, _at), [{times}] FROM store.{cls.kind} t"
                " ORDER BY ALL"
            ).fetchall()
        for table in ("observations", "quarantine"):
            rows[table] = connection.execute(f"FROM {table} ORDER BY ALL").fetchall()
    return rows


def import_films(workspace: Workspace, titles: int, files: Path, **options) -> None:
    """Import the dumps of a film world."""
    write(FilmWorld(titles), files)
    import_files(workspace, files, **options)


def import_files(workspace: Workspace, files: Path, **options) -> None:
    """Import the dumps of a folder."""
    run(import_dumps(workspace, Settings(), ImportOptions("imdb", str(files), **options)))
