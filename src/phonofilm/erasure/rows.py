"""Rows of a person, removed from every warehouse of a data folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from phonofilm.errors import PhonofilmError, StoreError
from phonofilm.privacy.people import ErasedPeople, PersonData, told_without
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.location import databases, open_warehouse, same_database
from phonofilm.workspace import Workspace


def erase_rows(
    folder: Workspace, theirs: PersonData, gone: ErasedPeople
) -> tuple[Counter[str], PhonofilmError | None]:
    """Rows removed by table, and why a database could not be reached, if one could not."""
    rows: Counter[str] = Counter()
    unreached: PhonofilmError | None = None
    others = [url for url in databases(folder) if not same_database(url, folder.database)]
    elsewhere = [folder.database, *others] if folder.database else others
    here = [""] if (folder.warehouse / "phonofilm.duckdb").exists() or not elsewhere else []
    for url in [*here, *elsewhere]:
        try:
            warehouse = open_warehouse(folder, url)
        except StoreError as error:
            unreached = error
            continue
        try:
            with warehouse.transaction():
                rows.update(_rows(warehouse, theirs, gone))
            warehouse.checkpoint()
            warehouse.vacuum()
        finally:
            warehouse.close()
    return rows, unreached


def _rows(warehouse: Warehouse, theirs: PersonData, gone: ErasedPeople) -> dict[str, int]:
    ids, tracks, lists = (_listed(held) for held in (theirs.ids, theirs.tracks, theirs.playlists))
    own = f"source = '{theirs.source}'"
    either = f"""((of_kind = 'artist' AND of_id IN {ids})
        OR (of_kind = 'track' AND of_id IN {tracks})
        OR (of_kind = 'playlist' AND of_id IN {lists}))"""
    where = {
        "comment": f"user_id IN {ids} OR track_id IN {tracks}",
        "playlist_entry": f"playlist_id IN {lists} OR track_id IN {tracks}",
        "playlist": f"id IN {lists}",
        "features": f"id IN {tracks}",
        "track": f"id IN {tracks}",
        "tag": either,
        "external_id": either,
        "media": either,
        "web_profile": f"artist_id IN {ids}",
        "artist_genre": f"artist_id IN {ids}",
        "artist_relation": f"artist_id IN {ids} OR related_id IN {ids}",
        "artist": f"id IN {ids}",
        "chart_entry": f"track_id IN {tracks}",
        "observation": f"""(kind = 'artist' AND id IN {ids}) OR (kind = 'track' AND id IN {tracks})
            OR (kind = 'playlist' AND id IN {lists})""",
        "quarantine": "true",  # what did not parse cannot be looked through
    }
    removed = {
        table: warehouse.execute(f"DELETE FROM store.{table} WHERE {own} AND ({condition})")
        for table, condition in where.items()
    }
    things = f"(kind = 'artist' AND id IN {ids}) OR (kind = 'recording' AND id IN {tracks})"
    warehouse.execute(f"DELETE FROM identity.members WHERE {own} AND ({things})")
    _unname(warehouse, own, theirs, gone)
    return removed


def _unname(warehouse: Warehouse, own: str, theirs: PersonData, gone: ErasedPeople) -> None:
    """Others' comments in which they are called, and what runs told of them."""
    called = " OR ".join(
        f"position({_quoted(text)} IN lower(body)) > 0"
        for text in sorted({f"@{name.lower()}" for name in theirs.names | gone.names})
    )
    said = warehouse.rows(
        f"SELECT id, body FROM store.comment WHERE {own} AND ({called or 'false'})"
    )
    for id_, body in said:
        if (kept := gone.unmentioned(body)) != body:
            warehouse.execute(
                f"UPDATE store.comment SET body = {_quoted(kept)}"
                f" WHERE {own} AND id = {_quoted(id_)}"
            )
    texts = (*theirs.names, *theirs.tracks, *theirs.ids)
    for id_, result in warehouse.rows(f"SELECT id, result FROM store.run WHERE {own}"):
        if result and (kept := told_without(result, texts)) != result:
            warehouse.execute(
                f"UPDATE store.run SET result = {_quoted(kept)} WHERE id = {_quoted(id_)}"
            )


def _listed(values: Iterable[str]) -> str:
    return f"({', '.join(map(_quoted, sorted(values))) or 'NULL'})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
