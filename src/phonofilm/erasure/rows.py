"""Erase the rows of a person from every warehouse of a data folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from phonofilm.errors import StoreError
from phonofilm.privacy.erased import ErasedPeople, redact_run_result
from phonofilm.privacy.people import PersonData
from phonofilm.sql import literal
from phonofilm.warehouse.engines.base import Warehouse
from phonofilm.warehouse.engines.every import every_warehouse
from phonofilm.warehouse.schema.identity_tables import delete_entity_ids, delete_orphans
from phonofilm.workspace import Workspace


def erase_rows(
    workspace: Workspace, person: PersonData, erased: ErasedPeople
) -> tuple[Counter[str], list[StoreError]]:
    """Delete the person's rows from every warehouse and redact texts that mention them.

    Returns the number of deleted rows by table, and an error for each database that could not be
    reached.
    """
    rows: Counter[str] = Counter()
    unreachable: list[StoreError] = []
    for warehouse in every_warehouse(workspace, unreachable):
        with warehouse.transaction():
            rows.update(_delete_rows(warehouse, person))
            _redact_comments(warehouse, person, erased)
            _redact_lists(warehouse, person)
            _redact_runs(warehouse, person)
        warehouse.checkpoint()
        warehouse.vacuum()
    return rows, unreachable


def _delete_rows(warehouse: Warehouse, person: PersonData) -> dict[str, int]:
    """Delete the person's rows, and the links and entities of their records.

    Returns the number of deleted rows by table.
    """
    source = _of_source(person)
    deleted = {
        table: warehouse.execute(f"DELETE FROM store.{table} WHERE {source} AND ({condition})")
        for table, condition in _conditions(person).items()
    }
    for statement in (*delete_orphans(), *delete_entity_ids(person.record_names)):
        warehouse.execute(statement)
    return deleted


def _conditions(person: PersonData) -> dict[str, str]:
    """Return the SQL condition of the person's rows, by table."""
    ids, tracks = _values(person.ids), _values(person.tracks)
    playlists = _values(person.playlists)
    subject = f"""((of_kind = 'artist' AND of_id IN {ids})
        OR (of_kind = 'track' AND of_id IN {tracks})
        OR (of_kind = 'playlist' AND of_id IN {playlists}))"""
    return {
        "comment": f"user_id IN {ids} OR track_id IN {tracks}",
        "playlist_entry": f"playlist_id IN {playlists} OR track_id IN {tracks}",
        "playlist": f"id IN {playlists}",
        "features": f"id IN {tracks}",
        "track": f"id IN {tracks}",
        "tag": subject,
        "external_id": subject,
        "media": subject,
        "web_profile": f"artist_id IN {ids}",
        "artist_genre": f"artist_id IN {ids}",
        "artist_relation": f"artist_id IN {ids} OR related_id IN {ids}",
        "artist": f"id IN {ids}",
        "chart_entry": f"track_id IN {tracks}",
        "list_page": f"""(of_kind = 'playlist_entry' AND of_id IN {playlists})
            OR (of_kind = 'web_profile' AND of_id IN {ids})
            OR (of_kind = 'artist_relation' AND of_id IN {ids})""",
        "observation": f"""(kind = 'artist' AND id IN {ids}) OR (kind = 'track' AND id IN {tracks})
            OR (kind = 'playlist' AND id IN {playlists})""",
        "quarantine": "true",  # a body that did not parse cannot be searched for a person
    }


def _redact_comments(warehouse: Warehouse, person: PersonData, erased: ErasedPeople) -> None:
    """Replace mentions of the person in comments of other people."""
    source = _of_source(person)
    mentions = {f"@{name.lower()}" for name in person.names | erased.names}
    condition = " OR ".join(
        f"position({literal(mention)} IN lower(body)) > 0" for mention in sorted(mentions)
    )
    comments = warehouse.rows(
        f"SELECT id, body FROM store.comment WHERE {source} AND ({condition or 'false'})"
    )
    for id_, body in comments:
        redacted_body = erased.redact_mentions(body)
        if redacted_body != body:
            warehouse.execute(
                f"UPDATE store.comment SET body = {literal(redacted_body)}"
                f" WHERE {source} AND id = {literal(id_)}"
            )


def _redact_lists(warehouse: Warehouse, person: PersonData) -> None:
    """Replace ids of the person in lists of others by empty texts, so that places stay."""
    erased = person.ids | person.tracks
    pages = warehouse.rows(
        f"""SELECT source, of_kind, of_id, position, order_key, member_ids, items
        FROM store.list_page WHERE {_of_source(person)}"""
    )
    for source, of_kind, of_id, position, order_key, member_ids, items in pages:
        if erased.isdisjoint(items):
            continue
        members = _array("" if erased & {*id_.split(":")} else id_ for id_ in member_ids)
        left = _array("" if item in erased else item for item in items)
        warehouse.execute(
            f"""UPDATE store.list_page SET member_ids = {members}, items = {left}
            WHERE source = {literal(source)} AND of_kind = {literal(of_kind)}
            AND of_id = {literal(of_id)} AND position = {position} AND order_key = {order_key}"""
        )


def _array(values: Iterable[str | None]) -> str:
    """Return an array of texts as SQL of every engine."""
    texts = ("NULL" if value is None else literal(value) for value in values)
    return f"CAST(ARRAY[{', '.join(texts)}] AS VARCHAR[])"


def _redact_runs(warehouse: Warehouse, person: PersonData) -> None:
    """Replace findings of runs in which a name or an id of the person stands."""
    texts = (*person.names, *person.tracks, *person.ids)
    source = _of_source(person)
    for id_, result in warehouse.rows(f"SELECT id, result FROM store.run WHERE {source}"):
        redacted_result = redact_run_result(result, texts) if result else result
        if redacted_result != result:
            warehouse.execute(
                f"UPDATE store.run SET result = {literal(redacted_result)}"
                f" WHERE id = {literal(id_)}"
            )


def _of_source(person: PersonData) -> str:
    return f"source = {literal(person.source)}"


def _values(values: Iterable[str]) -> str:
    """Return a list of literals for IN; one that matches no row when there are none."""
    return f"({', '.join(map(literal, sorted(values))) or 'NULL'})"
